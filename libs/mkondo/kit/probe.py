"""Whether anybody is there to be judged: one getSession, before the cases and whenever answers stay away.

Somebody who is there may be wrong in every way and is judged all the same. Read next: run.py.
"""

import asyncio

import msgspec

from mkondo.adapters.client.client import encrypt, read_object
from mkondo.adapters.client.trouble import NoAnswer, NotTheApi
from mkondo.adapters.client.wire import Received, Wire, trouble_with
from mkondo.kit.case import Bearer, Caller
from mkondo.kit.contract import SESSION
from mkondo.kit.fill import request
from mkondo.kit.phrases import call
from mkondo.kit.target import Target

SECONDS_MAX = 5.0
OUTPUT = "output_"


async def probe(target: Target, wire: Wire, seconds: float = SECONDS_MAX) -> None:
    """Returns when the target answers like an M-Pesa OpenAPI. Raises NoAnswer, NotTheApi."""
    received = await _ask(target, wire, seconds)
    said = read_object(received.body)
    if said is None or not any(key.startswith(OUTPUT) for key in said):
        raise NotTheApi(
            f"{target.base_url} answers getSession with HTTP {received.status}, but not as the M-Pesa OpenAPI does"
        )


async def _ask(target: Target, wire: Wire, seconds: float) -> Received:
    made = msgspec.structs.replace(call(SESSION, Caller.FIRST), bearer=Bearer.API_KEY)
    side = target.side(made)
    bearer = f"Bearer {encrypt(side.api_key, side.public_key)}"
    try:
        async with asyncio.timeout(seconds):
            return await wire.send(request(made, target, {}, lambda _: bearer).sent)
    except TimeoutError:
        raise NoAnswer(f"{target.base_url} did not answer within {seconds:g} s") from None
    except NoAnswer as trouble:
        cause = trouble.__cause__
        raise trouble_with(target.base_url, cause if isinstance(cause, Exception) else trouble, seconds) from trouble
