"""Whoever follows the events goes on when what was in the way is over, with the cursor that it had."""

import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import islice
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from services.cli.errors import CannotDo
from services.cli.event_feed import Feed, Line
from tests.system.processes import WAIT_SECONDS, running
from tests.unit.cli.directories import owned

ATTEMPTS = 4
"""So many requests, and whoever made them waits between two."""
BUSY = 503, '{"error": "the store is out of reach", "mend": "Ask again."}'
FORBIDDEN = 403, '{"error": "for operators only", "mend": "Use an operator\'s token."}'


def event(number: int) -> tuple[int, str]:
    return 200, f'retry: 1000\n\nid: c{number}\ndata: {{"n": {number}}}\n\n'


@contextmanager
def platform(data: Path, *answers: tuple[int, str]) -> Iterator[list[str]]:
    """Gives these answers, one a request and each to its end, the last one again and again. Inside: behind which cursor
    was asked."""
    asked: list[str] = []
    left = list(answers)
    last = answers[-1]

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(parse_qs(urlsplit(self.path).query).get("after", [""])[0])
            status, body = left.pop(0) if left else last
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Nothing is said."""

    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        with owned(data, f"http://127.0.0.1:{server.server_port}"):
            yield asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("busy", [BUSY, (429, BUSY[1])], ids=["no store", "too many"])
def test_what_is_only_for_now_is_waited_for_with_the_same_cursor(
    tmp_path: Path, busy: tuple[int, str], capsys: pytest.CaptureFixture[str]
) -> None:
    with platform(tmp_path, event(1), busy, event(2)) as asked:
        told = list(islice(Feed(tmp_path, "sandbox").follow("c0"), 2))
    assert told == [Line(b'{"n": 1}', "c1"), Line(b'{"n": 2}', "c2")]
    assert asked == ["c0", "c1", "c1"]
    said = capsys.readouterr().err
    assert said.count(f"the platform answers HTTP {busy[0]}") == said.count("it is back") == 1, said


@pytest.mark.parametrize("answers", [(BUSY,), (event(1), FORBIDDEN)], ids=["busy at first", "refused later"])
def test_what_is_refused_ends_it_and_so_does_trouble_at_the_start(
    tmp_path: Path, answers: tuple[tuple[int, str], ...]
) -> None:
    with platform(tmp_path, *answers), pytest.raises(CannotDo):
        list(Feed(tmp_path, "sandbox").follow("c0"))


@pytest.mark.parametrize(
    ("command", "first"),
    [
        (("events", "tail", "--from-start", "--json"), event(1)),
        (("listen", "--forward-to", "http://127.0.0.1:9/"), (200, '{"results": [], "next": "7"}')),
    ],
    ids=["tail", "listen"],
)
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_who_waits_for_an_absent_platform_says_so_once_and_is_ended_at_once(
    tmp_path: Path, command: tuple[str, ...], first: tuple[int, str], sent: signal.Signals
) -> None:
    with platform(tmp_path, first, BUSY) as asked, open(tmp_path / "said", "wb") as said:
        arguments = ("-m", "services.cli", *command, "--data", str(tmp_path))
        with running(*arguments, stdout=subprocess.DEVNULL, stderr=said) as process:
            until = time.monotonic() + WAIT_SECONDS
            while len(asked) < ATTEMPTS:
                assert time.monotonic() < until
                with pytest.raises(subprocess.TimeoutExpired):
                    process.wait(0.05)
            process.send_signal(sent)
            assert process.wait(10) == 0
    assert (tmp_path / "said").read_text().count("the platform answers HTTP 503") == 1
