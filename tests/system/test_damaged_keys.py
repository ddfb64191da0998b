"""A key that can't be read is found when one environment is already prepared: what has begun must end in order."""

from pathlib import Path

import pytest

from mkondo.testing.platform import NotUp, RunningPlatform

DAMAGED = {
    "sandbox.pem": "holds no PEM private key",
    "openapi.pem": "holds no PEM private key",
    "digest.pem": "holds no PEM private key",
    "tokens.key": "holds no secret",
    "sealing.key": "holds no sealing keys",
}


@pytest.mark.parametrize("key", DAMAGED)
def test_a_damaged_key_is_named_in_one_line_and_nothing_stays_behind(folder: Path, key: str) -> None:
    keys = folder / "data" / "keys"
    keys.mkdir(parents=True)
    (keys / key).write_text("no key\n")
    platform = RunningPlatform(folder / "data")
    try:
        with pytest.raises(NotUp) as refused:
            platform.start()
        assert refused.value.status == 1
        assert f"keys/{key} {DAMAGED[key]}" in refused.value.said.splitlines()[-1]
        assert "Traceback" not in refused.value.said
        assert platform.postgres() == []
    finally:
        platform.end()
