"""The AES adapter keeps every promise of ports/sealing.py; its keys rotate, and a lost one is named."""

from pathlib import Path

import pytest

from mkondo.adapters.keys.rsa import UnusableKey
from mkondo.adapters.keys.sealing import AesSealing, load_or_create_sealing
from mkondo.ports.sealing import CannotOpen, Sealing
from mkondo.testing.conformance.sealing import ABOUT, TEXT, SealingConformance

OLD, NEW = {"k1": b"1" * 32}, {"k2": b"2" * 32}


class TestAesSealing(SealingConformance):
    @pytest.fixture
    def sealing(self) -> Sealing:
        return AesSealing(OLD)


def test_the_newest_key_seals_and_all_of_them_open() -> None:
    both, before = AesSealing(OLD | NEW), AesSealing(OLD).seal(TEXT, ABOUT)
    assert both.open(before, ABOUT) == TEXT
    after = both.seal(TEXT, ABOUT)
    assert after.startswith("v1.k2.") and AesSealing(NEW).open(after, ABOUT) == TEXT


def test_a_lost_key_is_named_with_what_to_do() -> None:
    with pytest.raises(CannotOpen, match="the key k1, which is not among the keys here: restore keys/sealing.key"):
        AesSealing(NEW).open(AesSealing(OLD).seal(TEXT, ABOUT), ABOUT)


def test_a_file_of_keys_is_made_once_and_read_by_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "sealing.key"
    sealed = load_or_create_sealing(file).seal(TEXT, ABOUT)
    assert file.stat().st_mode & 0o777 == 0o600
    assert load_or_create_sealing(file).open(sealed, ABOUT) == TEXT


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"k1", b"k1 AAAA", b"k1 not base64!", b"\xff\xfe", b"k.1 " + b"A" * 43 + b"="]
)
def test_a_damaged_file_is_refused_by_name_and_left_alone(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "sealing.key"
    file.write_bytes(content)
    with pytest.raises(UnusableKey, match=r"sealing\.key"):
        load_or_create_sealing(file)
    assert file.read_bytes() == content
