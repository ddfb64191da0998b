"""What every Sealing adapter promises (ports/sealing.py). A test module subclasses it, with a fixture `sealing`."""

import pytest

from mkondo.ports.sealing import CannotOpen, Sealing

TEXT, ABOUT = "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0", "webhook-secret/sandbox/demo"


class SealingConformance:
    def test_what_was_sealed_opens_and_does_not_show(self, sealing: Sealing) -> None:
        sealed = sealing.seal(TEXT, ABOUT)
        assert sealing.open(sealed, ABOUT) == TEXT
        assert TEXT not in sealed and TEXT.removeprefix("whsec_") not in sealed

    def test_about_something_else_it_does_not_open(self, sealing: Sealing) -> None:
        with pytest.raises(CannotOpen, match="something else"):
            sealing.open(sealing.seal(TEXT, ABOUT), f"{ABOUT}2")

    def test_the_same_text_sealed_twice_looks_different(self, sealing: Sealing) -> None:
        assert len({sealing.seal(TEXT, ABOUT) for _ in range(100)}) == 100

    def test_what_was_changed_by_one_character_does_not_open(self, sealing: Sealing) -> None:
        sealed = sealing.seal(TEXT, ABOUT)
        for place, letter in enumerate(sealed):
            with pytest.raises(CannotOpen) as told:
                sealing.open(f"{sealed[:place]}{'A' if letter != 'A' else 'B'}{sealed[place + 1 :]}", ABOUT)
            assert TEXT not in str(told.value)

    @pytest.mark.parametrize("text", ["", "v1", "v1.", "v1..", "v1.x.y", "é", "v1.k1.é", "whsec_c2VjcmV0"])
    def test_what_is_nothing_sealed_does_not_open(self, sealing: Sealing, text: str) -> None:
        with pytest.raises(CannotOpen):
            sealing.open(text, ABOUT)
