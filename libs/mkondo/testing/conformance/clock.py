"""What every Clock adapter promises (ports/clock.py). A test module subclasses it and gives the fixture `clock`."""

from mkondo.ports.clock import Clock

YEAR_2024_MS = 1_704_067_200_000


class ClockConformance:
    def test_an_instant_is_whole_milliseconds_since_1970(self, clock: Clock) -> None:
        assert isinstance(clock.now(), int)
        assert clock.now() > YEAR_2024_MS

    def test_now_does_not_go_back(self, clock: Clock) -> None:
        instants = [clock.now() for _ in range(10_000)]
        assert instants == sorted(instants)

    async def test_waiting_lets_time_pass(self, clock: Clock) -> None:
        before = clock.now()
        await clock.wait(0.02)
        assert clock.now() - before >= 19
