"""Digests and receipts of a running platform, as a merchant and an auditor use them: docs/proofs.md, done."""

import asyncio
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import asyncpg
import httpx

from mkondo.testing.platform import ROOT, RunningPlatform
from tests.system.merchant import Merchant
from tests.system.test_commands import mkondo

PAGE = (ROOT / "docs" / "proofs.md").read_text(encoding="utf-8")
PROGRAM = PAGE.partition("```python\n")[2].partition("```")[0]


def done(*arguments: str) -> str:
    said = mkondo(*arguments)
    assert said.returncode == 0, said
    return said.stdout


def paid(platform: RunningPlatform) -> dict[str, str]:
    answer: dict[str, str] = json.loads(done("pay", "c2b", "--amount", "7.50", "--data", str(platform.data), "--json"))
    return answer


def offline(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """In an empty folder: no platform, no data directory."""
    command = [sys.executable, "-m", "services.cli", "receipt", "check", *arguments]
    path = {"PYTHONPATH": f"{ROOT / 'libs'}:{ROOT}"}
    return subprocess.run(command, cwd=folder, env=path, capture_output=True, text=True, timeout=60)


def test_a_merchant_checks_a_receipt_with_the_public_key_and_nothing_else(
    platform: RunningPlatform, folder: Path
) -> None:
    data, payment = ("--data", str(platform.data)), paid(platform)
    reference = payment["output_TransactionID"]
    early = mkondo("receipt", "get", reference, *data)
    assert (early.returncode, "mkondo digest close" in early.stderr) == (1, True), early
    number = json.loads(done("digest", "close", "--json", *data))["number"]
    key = done("digest", "key", *data).strip()
    (folder / "platform.key").write_text(f"{key}\n")
    done("receipt", "get", reference, "-o", str(folder / "receipt.json"), *data)
    done("digest", "show", str(number), "-o", str(folder / "digest.json"), *data)

    for given in ((), ("--key", key), ("--key", "platform.key"), ("--digest", "digest.json")):
        checked = offline(folder, "receipt.json", *given)
        assert checked.returncode == 0, checked
        assert f"proven: payment {reference} completed" in checked.stdout
        assert "7.50 TZS" in checked.stdout
        assert ("claimed by the receipt itself" in checked.stdout) == (given == ())
    by_hand = subprocess.run(
        [sys.executable, "-c", PROGRAM, "receipt.json", key], cwd=folder, capture_output=True, text=True, timeout=60
    )
    assert by_hand.stdout == f"proven: {reference} in digest {number}\n", by_hand

    text = (folder / "receipt.json").read_text()
    (folder / "forged.json").write_text(text.replace('\\"minor\\":750', '\\"minor\\":850'))
    forged = offline(folder, "forged.json", "--key", key)
    assert (forged.returncode, forged.stderr.splitlines()) == (
        1,
        ["Error: not proven: batch: the event and its path do not give the batch's seal: one of them was changed"],
    )
    assert offline(folder, "receipt.json", "--key", "0" * 64).returncode == 1
    assert len(PROGRAM.splitlines()) <= 25


def test_an_applications_token_gets_its_own_receipt_byte_for_byte(platform: RunningPlatform) -> None:
    payment = paid(platform)
    done("digest", "close", "--data", str(platform.data))
    address = f"{platform.demo['http']}/api/v1/sandbox/receipts/{payment['output_ThirdPartyConversationID']}"
    token = platform.demo["tokens"]["application"]
    answer = httpx.get(address, headers={"Authorization": f"Bearer {token}"}, trust_env=False)
    said = mkondo("receipt", "get", payment["output_ConversationID"], "--data", str(platform.data))
    assert answer.status_code == 200, answer.text
    assert answer.text == said.stdout


async def test_whoever_has_a_payments_answer_is_never_told_that_it_has_not_ended(
    platform: RunningPlatform, merchant: Merchant
) -> None:
    """Fifty at once, completed and declined: each one's receipt is asked for right behind its answer."""
    poor = platform.demo["poor_customer_msisdn"]
    headers = {"Authorization": f"Bearer {platform.demo['tokens']['application']}"}
    async with httpx.AsyncClient(headers=headers, trust_env=False, timeout=40) as client:

        async def asked(number: int) -> tuple[str, str]:
            fields = merchant.c2b(**({"CustomerMSISDN": poor} if number % 2 else {}))
            code = (await merchant.pay(fields)).code
            name = fields["input_ThirdPartyConversationID"]
            answer = await client.get(f"{platform.demo['http']}/api/v1/sandbox/receipts/{name}")
            return code, answer.json()["error"].partition(":")[0]

        told = Counter(await asyncio.gather(*(asked(number) for number in range(50))))
    not_closed = "no digest covers this payment yet"
    assert told == {("INS-0", not_closed): 25, ("INS-2006", not_closed): 25}


def test_the_turn_of_the_sandboxs_day_closes_a_digest(folder: Path) -> None:
    with RunningPlatform(folder / "data") as platform:
        data = ("--data", str(platform.data))
        payment = paid(platform)
        done("clock", "advance", "1d", *data)
        digest = wait_for_digest(platform)
        assert "proven" in check(platform, folder, payment["output_TransactionID"])
        kept = folder / "kept.json"
        done("digest", "show", str(digest), "-o", str(kept), *data)
        assert mkondo("verify", "--digest", str(kept), *data).returncode == 0
        assert (platform.data / "keys" / "digest.pem").stat().st_mode & 0o777 == 0o600

        asyncio.run(rewrite(platform))
        found = mkondo("verify", "--digest", str(kept), *data)
        assert (found.returncode, "digest 1: " in found.stdout) == (1, True), found
        assert "it is not the one that you keep" in found.stdout


def check(platform: RunningPlatform, folder: Path, reference: str) -> str:
    done("receipt", "get", reference, "-o", str(folder / "receipt.json"), "--data", str(platform.data))
    return done("receipt", "check", str(folder / "receipt.json"))


def wait_for_digest(platform: RunningPlatform) -> int:
    """The number of the newest. The platform looks as soon as the clock is moved; each look of ours is a process."""
    for _ in range(30):
        digests = json.loads(done("digest", "list", "--json", "--data", str(platform.data)))
        if digests:
            return int(digests[-1]["number"])
    raise AssertionError("no digest was closed")


async def rewrite(platform: RunningPlatform) -> None:
    """The digest as somebody would write it who has the database: another day, and everything else as it was."""
    connection = await asyncpg.connect(platform.dsn("sandbox"))
    await connection.execute(
        "UPDATE digest SET body = convert_to(replace(convert_from(body, 'UTF8'), '\"day\":\"2', '\"day\":\"3'), 'UTF8')"
    )
    await connection.close()
