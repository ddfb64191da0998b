"""The place of a `mkondo listen`: one that was damaged is told, and how to miss nothing."""

from pathlib import Path

import pytest

from services.cli.errors import CannotDo
from services.cli.listen_place import Place


@pytest.mark.parametrize("text", [b"\xff\xfe\x00", b"x", b"-1", b"1\n2", "\u0663".encode(), b"9" * 19])
def test_a_damaged_place_is_told_in_a_line(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "listen").mkdir()
    (tmp_path / "listen" / "sandbox.demo").write_bytes(text)
    with Place(tmp_path, "sandbox", "demo") as place, pytest.raises(CannotDo, match=r"damaged.*--from-start"):
        place.read()
