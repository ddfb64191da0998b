"""The stream of server-sent events, as `mkondo events tail` takes it apart."""

from services.cli.event_feed import Line, events_of, lines_of

ODD = "a\u2028b\u2029c\u0085d – ħ"
"""A merchant's endpoint can answer so, and its answer is in an event. Python takes three of these for ends of lines."""
STREAM = (
    f'retry: 1000\n\nid: c1\ndata: {{"answer":"{ODD}"}}\n\n: nothing new\nid: c2\n\nid: c3\ndata: {{}}\n\n'.encode()
)
WANTED = [Line(f'{{"answer":"{ODD}"}}'.encode(), "c1"), Line(b"", "c2"), Line(b"{}", "c3")]


def test_lines_end_where_the_platform_ends_them_and_nowhere_else() -> None:
    for cut in range(len(STREAM)):
        assert list(events_of(lines_of([STREAM[:cut], STREAM[cut:]]))) == WANTED


def test_what_was_cut_off_is_no_event() -> None:
    assert list(events_of(lines_of([STREAM[:-2]]))) == WANTED[:-1]
