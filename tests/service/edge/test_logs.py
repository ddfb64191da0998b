"""No key, session, token or full MSISDN in any log line, at any level, whatever goes wrong."""

import logging

import httpx
import pytest

from mkondo.domain.payment import RequestPayment
from tests.service.edge.world import API_KEY, Core, World, c2b

PATH = "/sandbox/ipg/v2/vodacomTZN/"
MSISDN = "255744553111"


async def test_no_secret_reaches_a_log(
    world: World, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    async def breaks(_: Core, __: RequestPayment) -> None:
        raise ZeroDivisionError("a bug")

    with caplog.at_level(logging.DEBUG):
        key = world.bearer(API_KEY)
        session = (await client.get(PATH + "getSession/", headers=key)).json()["output_SessionID"]
        token = world.bearer(session)
        await client.post(PATH + "c2bPayment/singleStage/", json=c2b(input_CustomerMSISDN=MSISDN), headers=token)
        world.core.answering = breaks
        await client.post(PATH + "c2bPayment/singleStage/", json=c2b(input_CustomerMSISDN=MSISDN), headers=token)
    ours = "\n".join(caplog.handler.format(record) for record in caplog.records if record.name.startswith("mkondo"))
    assert "a bug" in ours
    for secret in (API_KEY, session, MSISDN, key["Authorization"][7:], token["Authorization"][7:]):
        assert secret not in ours
