"""Live customers are asked on their handsets, through the gateway that a deployment names, and their word decides."""

import base64
from pathlib import Path

import pytest

from mkondo.contracts.signature import read_secret
from mkondo.domain.handset import APPROVE, CANCEL, OFF, WRONG_PIN
from mkondo.testing.platform import NotUp, RunningPlatform, verify
from mkondo.testing.serving import serving
from mkondo.testing.ussd_gateway import ReferenceGateway
from tests.system.merchant import merchant_of

SECRET = "whsec_" + base64.b64encode(b"the gateway and we know this").decode()
ENDINGS = {
    APPROVE: (201, "INS-0", "Completed"),
    WRONG_PIN: (401, "INS-6", "Declined"),
    CANCEL: (401, "INS-6", "Cancelled"),
    OFF: (408, "INS-9", "Expired"),
}


async def test_the_customers_word_decides_a_live_payment_in_one_step_and_in_two(folder: Path) -> None:
    phones: dict[str, str] = {}
    gateway = ReferenceGateway([read_secret(SECRET)], phones)
    async with serving(gateway) as address:
        settings = {"MKONDO_USSD_URL": address, "MKONDO_USSD_SECRET": SECRET, "MKONDO_USSD_LOOPBACK_HTTP": "on"}
        with RunningPlatform(folder / "data", environment=settings) as platform:
            customer = platform.demo["live"]["customer_msisdn"]
            async with merchant_of(platform, environment="openapi") as live:
                for action, (status, code, word) in ENDINGS.items():
                    phones[customer] = action
                    answer = await live.pay(live.c2b())
                    assert (answer.status, answer.code) == (status, code), action
                    found = await live.status(answer.said("TransactionID"))
                    assert found.said("ResponseTransactionStatus") == word
                phones[customer] = APPROVE
                two_step = await live.ask("c2b_multi_stage", live.c2b(APIVersion="3.1"))
                assert two_step.status == 201
                assert (await live.pay_customer(live.b2c(Amount="1.00"))).status == 201
            assert len(gateway.shown) == len(ENDINGS) + 1, "only who pays is asked"
            assert len(gateway.shown[-1].voucher_code) == 6 and not gateway.shown[0].voucher_code
            async with merchant_of(platform) as sandbox:
                assert (await sandbox.pay()).status == 201
            assert len(gateway.shown) == len(ENDINGS) + 1, "the sandbox's customers are not real"
            assert verify(platform).returncode == 0


async def test_a_gateway_that_is_not_to_be_believed_lets_nothing_be_paid(folder: Path) -> None:
    another = "whsec_" + base64.b64encode(b"somebody else knows another").decode()
    gateway = ReferenceGateway([read_secret(another)])
    async with serving(gateway) as address:
        settings = {"MKONDO_USSD_URL": address, "MKONDO_USSD_SECRET": SECRET, "MKONDO_USSD_LOOPBACK_HTTP": "on"}
        short = ("--deadline-ms", "1500")
        with RunningPlatform(folder / "data", *short, environment=settings) as platform:
            async with merchant_of(platform, environment="openapi") as live:
                answer = await live.pay(live.c2b())
                assert (answer.status, answer.code) == (408, "INS-9")
            assert verify(platform).returncode == 0


@pytest.mark.parametrize("settings", [
    {"MKONDO_USSD_URL": "http://gateway.example/"},
    {"MKONDO_USSD_URL": "https://gateway.example/"},
    {"MKONDO_USSD_URL": "https://gateway.example/", "MKONDO_USSD_SECRET": "short"},
])  # fmt: skip
def test_a_wrong_setting_is_told_before_anything_starts(folder: Path, settings: dict[str, str]) -> None:
    with pytest.raises(NotUp, match="MKONDO_USSD_") as told:
        RunningPlatform(folder / "data", environment=settings).start()
    assert told.value.status == 1
