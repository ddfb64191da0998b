"""How a result reaches a merchant's address: the outside end of a delivery."""

from typing import Protocol

import msgspec

from mkondo.contracts.signature import Secret
from mkondo.domain.delivery import Receipt


class Callback(msgspec.Struct, frozen=True):
    """One attempt: the id that repeats carry too, where it goes, the bytes, and the acknowledgement that is expected
    (contract section 6): the code of its `output_ResponseCode`. It is signed with each of the secrets."""

    id: str
    url: str
    body: bytes
    ack_code: str
    secrets: tuple[Secret, ...] = ()


class CallbackSender(Protocol):
    """Promises, each a test of the conformance suite. `send` never raises for what the other side does or is called:

    - The body arrives as it is, by POST, as JSON, with the callback's id in `webhook-id`.
    - With secrets it carries a signature by each (Standard Webhooks), made now, by the real clock: receivers compare
      the timestamp with theirs, and know nothing of a sandbox's moved one. Without any there is no such header.
    - How long a 429 or 503 asks to wait (`Retry-After`, in seconds or as a date) is told.
    - Any 2xx is delivered, whatever the body; the acknowledgement is only noted. Anything else, redirects too, is not.
    - One whose body breaks off counts by its status all the same; the reason says so, and it acknowledges nothing. What
      is no HTTP from its first piece on is no answer.
    - A reason is one line of plain words, at most 200 characters, and quotes neither the URL nor the answer.
    - An endpoint that answers slowly, without end or never costs a bounded time and a bounded memory.
    - The first 1 KiB of the answer is kept.
    - An address that is not the internet's (private, loopback, link-local, in any spelling, also behind a name or a
      mapped IPv6 address) is not called, unless this sender was made to allow loopback; in live https only.
    """

    async def send(self, callback: Callback) -> Receipt: ...

    async def close(self) -> None: ...
