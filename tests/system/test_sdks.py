"""Public client SDKs, their files untouched and no root: only the variables that `mkondo env` prints lead them here."""

import json
import os
import secrets
import shlex
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mkondo.domain.markets import MARKETS
from mkondo.testing.platform import ROOT, RunningPlatform
from tests.suites import node
from tests.system.environments import SDKS, fingerprint, node_sdk, python_sdk
from tests.system.merchant import Merchant

pytestmark = pytest.mark.timeout(300)
SECONDS = 60

Pay = Callable[..., dict[str, Any]]


@pytest.fixture
def pay(platform: RunningPlatform) -> Pay:
    """Runs a command in a bare environment after `eval "$(mkondo env)"`, the demo's facts on its standard input."""
    mkondo = shlex.join([sys.executable, "-m", "services.cli", "env", "--data", str(platform.data)])

    def run(*command: str) -> dict[str, Any]:
        today = datetime.now(ZoneInfo(MARKETS[platform.demo["market"]].time_zone))
        demo = platform.demo | {"conversation_id": secrets.token_hex(16), "today": f"{today:%Y%m%d}"}
        script = f'cd {shlex.quote(str(ROOT))} && eval "$({mkondo})" && cd / && exec {shlex.join(command)}'
        done = subprocess.run(
            ["bash", "-c", script],
            input=json.dumps(demo),
            env={"PATH": os.environ["PATH"], "HOME": str(platform.data), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        answers: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        assert len(answers["session"]) == 32
        assert answers["paid"]["output_ResponseCode"] == "INS-0", answers
        assert answers["paid"]["output_ThirdPartyConversationID"] == demo["conversation_id"]
        return answers

    return run


def check_found(answers: dict[str, Any]) -> None:
    """The SDK's own query knows the SDK's own payment."""
    found = answers["found"]
    assert (found["output_ResponseCode"], found["output_ResponseTransactionStatus"]) == ("INS-0", "Completed")
    assert found["output_OriginalTransactionID"] == answers["paid"]["output_TransactionID"]


def check_codes(answers: dict[str, Any], expected: dict[str, str]) -> None:
    """Each call of the SDK, by its name in the script, and the reason code that it was answered."""
    assert {name: answers[name]["output_ResponseCode"] for name in expected} == expected


async def check_known(merchant: Merchant, answers: dict[str, Any]) -> None:
    """The platform knows the payment by the name that it gave it."""
    status = await merchant.status(answers["paid"]["output_TransactionID"])
    assert status.said("ResponseTransactionStatus") == "Completed"


async def test_python_pesa_makes_every_call_that_it_offers(pay: Pay, merchant: Merchant) -> None:
    python = python_sdk("python-pesa")
    (package,) = python.parent.parent.glob("lib/python3*/site-packages/pypesa")
    before = fingerprint(package)
    answers = pay(str(python), "-I", str(SDKS / "python_pesa_pays.py"))
    check_found(answers)
    for paid in (answers["paid"], answers["paid_customer"], answers["paid_organisation"]):
        await check_known(merchant, {"paid": paid})
    check_codes(answers, dict.fromkeys(("reversed", "created", "collected"), "INS-0"))
    await check_known(merchant, {"paid": answers["collected"]})
    assert fingerprint(package) == before


async def test_lipa_py_makes_every_call_that_it_offers(pay: Pay, merchant: Merchant) -> None:
    python = python_sdk("lipa-py")
    (package,) = python.parent.parent.glob("lib/python3*/site-packages/lipa_py")
    before = fingerprint(package)
    answers = pay(str(python), "-I", str(SDKS / "lipa_py_pays.py"))
    await check_known(merchant, answers)
    assert fingerprint(package) == before


@pytest.mark.node
@pytest.mark.skipif(not os.environ.get("CI") and node() is not None, reason=f"needs {node()}")
async def test_pesa_js_makes_every_call_that_it_offers(pay: Pay, merchant: Merchant) -> None:
    package: Path = node_sdk() / "node_modules" / "@openpesa" / "pesa-js"
    before = fingerprint(package)
    answers = pay("node", str(SDKS / "pesa_js_pays.cjs"), str(package))
    check_found(answers)
    await check_known(merchant, answers)
    check_codes(answers, dict.fromkeys(("created", "collected"), "INS-0"))
    check_codes(answers, dict.fromkeys(("paid_customer", "paid_organisation", "reversed"), "INS-20"))
    assert fingerprint(package) == before
