"""Pieces of a data directory that are gone at the next start: what is made anew is said, and demo.json has it."""

import shutil
from pathlib import Path

import pytest

from mkondo.testing.platform import RunningPlatform, verify
from tests.system.merchant import merchant_of

pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize("environment", ["sandbox", "openapi"])
async def test_a_private_key_that_is_gone_is_made_anew_and_demo_json_has_its_public_half(
    folder: Path, environment: str
) -> None:
    with RunningPlatform(folder / "data") as platform:
        before = platform.demo
        platform.stop()
        (platform.data / "keys" / f"{environment}.pem").unlink()
        platform.start()
        after = platform.demo
        changed = {
            "sandbox": before["public_key"] != after["public_key"],
            "openapi": before["live"]["public_key"] != after["live"]["public_key"],
        }
        assert changed == {name: name == environment for name in changed}
        assert platform.said().count(f"keys/{environment}.pem is another one than before") == 1
        assert before["api_key"] == after["api_key"]
        async with merchant_of(platform) as merchant:
            assert (await merchant.pay()).status == 201


async def test_of_a_store_that_is_gone_the_demo_is_made_anew(folder: Path) -> None:
    with RunningPlatform(folder / "data") as platform:
        before = platform.demo
        platform.stop()
        shutil.rmtree(platform.data / "postgres")
        platform.start()
        after = platform.demo
        assert before["public_key"] == after["public_key"]
        assert not {before["api_key"], before["strict_api_key"]} & {after["api_key"], after["strict_api_key"]}
        assert platform.said().count("applications that the store has lost") == 1
        async with merchant_of(platform) as merchant:
            assert (await merchant.pay()).status == 201
        assert verify(platform).returncode == 0


def test_where_nothing_is_lost_nothing_is_said(folder: Path) -> None:
    with RunningPlatform(folder / "data") as platform:
        platform.stop()
        platform.start()
        assert "lost" not in platform.said() and "another one" not in platform.said()
