"""The RSA adapter keeps every promise of ports/keys.py, with the key sizes that merchants meet."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mkondo.adapters.keys.rsa import RsaKeys, UnusableKey, load_or_create
from mkondo.ports.keys import Keys
from mkondo.testing.conformance.keys import API_KEY, KeysConformance, encrypt


@pytest.fixture(scope="module", params=[2048, 4096])
def key_file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("keys") / "sandbox.pem"
    load_or_create(path, bits=request.param)
    return path


class TestRsaKeys(KeysConformance):
    @pytest.fixture
    async def keys(self, key_file: Path) -> AsyncIterator[Keys]:
        keys = RsaKeys(load_or_create(key_file))
        yield keys
        keys.close()


async def test_a_key_file_is_made_once_and_read_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "data" / "sandbox.pem"
    first, second = RsaKeys(load_or_create(path)), RsaKeys(load_or_create(path))
    assert path.stat().st_mode & 0o777 == 0o600
    assert await second.decrypt(encrypt(first, API_KEY)) == API_KEY
    first.close()
    second.close()


@pytest.mark.parametrize(
    "content", [b"", b"not a key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_damaged_key_file_is_refused_by_name_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "sandbox.pem"
    path.write_bytes(content)
    with pytest.raises(UnusableKey, match=r"sandbox\.pem"):
        load_or_create(path)
    assert path.read_bytes() == content
