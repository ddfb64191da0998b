"""Pays with lipa-py 0.1.4, as its own documentation says. The demo's facts come in as JSON, answers go out as JSON.

Run in the SDK's own environment, which knows nothing of this platform. The SDK wants a PEM and has no query.
"""

import asyncio
import json
import sys
import textwrap

from lipa_py import MPesaClient, STKPushRequest

demo = json.load(sys.stdin)
PEM = "\n".join(("-----BEGIN PUBLIC KEY-----", *textwrap.wrap(demo["public_key"], 64), "-----END PUBLIC KEY-----", ""))


async def pay() -> None:
    async with MPesaClient(demo["api_key"], PEM, demo["service_provider_code"], environment="sandbox") as client:
        request = STKPushRequest(
            phone_number=demo["customer_msisdn"],
            amount=10.0,
            reference="T23434ZE5",
            third_party_conversation_id=demo["conversation_id"],
        )
        paid = await client.stk_push(request)
        print(json.dumps({"session": client._session_token, "paid": paid.model_dump()}))


asyncio.run(pay())
