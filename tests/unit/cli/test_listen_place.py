"""How far a `mkondo listen` has come is kept for each application by itself, and by one listener at a time."""

from pathlib import Path

import pytest

from services.cli.errors import CannotDo
from services.cli.listen_place import Place


@pytest.mark.parametrize("other", ["shop", "demo.lock", "demo.2"])
def test_applications_are_listened_for_side_by_side_and_keep_a_place_each(tmp_path: Path, other: str) -> None:
    with Place(tmp_path, "sandbox", "demo") as first, Place(tmp_path, "sandbox", other) as second:
        first.write("7")
        second.write("9")
        assert (first.read(), second.read()) == ("7", "9")


def test_of_one_application_there_is_one_listener_until_it_ends(tmp_path: Path) -> None:
    with (
        Place(tmp_path, "sandbox", "demo"),
        pytest.raises(CannotDo, match="another `mkondo listen`"),
        Place(tmp_path, "sandbox", "demo"),
    ):
        pytest.fail("two of them would lose their place")
    with Place(tmp_path, "sandbox", "demo") as again:
        assert again.read() is None, "nobody has listened yet"


@pytest.mark.parametrize("text", [b"\xff\xfe\x00", b"x", b"-1", b"1\n2", "\u0663".encode(), b"9" * 19])
def test_a_damaged_place_is_told_in_a_line(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "listen").mkdir()
    (tmp_path / "listen" / "sandbox.demo").write_bytes(text)
    with Place(tmp_path, "sandbox", "demo") as place, pytest.raises(CannotDo, match=r"damaged.*--from-start"):
        place.read()
