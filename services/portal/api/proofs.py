"""Digests and receipts: what the platform signs for, and the proof of one payment. Read next: runtime/digests.py.

Both are canonical JSON, a line, answered byte for byte as they are to be kept: every byte of them counts.
"""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from mkondo.contracts.digest import NotWhole, StoredDigest, body_of, format_digest, id_of, key_id
from mkondo.contracts.journal import StoredReference
from mkondo.contracts.records import decode_event
from mkondo.domain.calendar import day_of, end_of
from mkondo.domain.facts import outcome_of
from mkondo.domain.ids import ApplicationId
from mkondo.domain.payment import Payment, PaymentAdmitted, PaymentCompleted, PaymentFailed
from mkondo.runtime.digests import OtherKey, Proofs, close_digest
from mkondo.runtime.facts import read_fact
from mkondo.runtime.parts import Parts
from mkondo.runtime.receipts import NotClosed, NotEnded, receipt_of
from services.portal.api.access import Environment, Operator, Reader, own_application
from services.portal.api.bodies import Asked
from services.portal.api.errors import Refused
from services.portal.api.paging import Next, Number

router = APIRouter(tags=["proofs"])

MOST, NUMBER_MAX = 100, 2**63 - 1
_AUDIT = "Whoever operates this platform has to run `mkondo verify`."


class KeyView(BaseModel):
    """The public half of the key with which digests are signed now: Ed25519, 32 bytes as hex, and its short name."""

    id: str
    public_key: str


class DigestView(BaseModel):
    """One digest in short. `id` is the SHA-256 of its signed bytes, `previous` that of the digest before."""

    number: int
    id: str
    day: str
    closed_at: datetime
    root: str
    previous: str
    key: str


class Digests(BaseModel):
    """A page of them."""

    digests: list[DigestView]
    next: Next


class CloseDigest(Asked):
    """`new_key`: go on with the key that the platform has now, though the digest before was signed with another."""

    new_key: bool = False


@router.get("/{environment}/digests")
async def list_digests(
    parts: Environment,
    _: Reader,
    after: Number = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = MOST,
) -> Digests:
    """Those with a number above `after`, the oldest first."""
    found = await _proofs(parts).digests.page(int(after or 0), limit)
    behind = str(found[-1].number) if len(found) == limit else ""
    return Digests(digests=[_view(digest) for digest in found], next=behind)


@router.post("/{environment}/digests")
async def close_one(parts: Environment, _: Operator, by: CloseDigest) -> DigestView:
    """Close a digest now, over everything sealed since the last one. If that is nothing, it answers the last one."""
    try:
        digest = await close_digest(
            parts.environment, parts.store, _proofs(parts), parts.clock.now(), new_key=by.new_key
        )
    except OtherKey as trouble:
        raise Refused(409, str(trouble), "Restore the key, or say that the new one is meant.") from trouble
    except NotWhole as trouble:
        raise Refused(500, f"the digest before is damaged: {trouble}", _AUDIT) from trouble
    if digest is None:
        raise Refused(409, "nothing has been sealed yet", "Make a payment first.")
    return _view(digest)


@router.get("/{environment}/digests/key")
async def show_key(parts: Environment, _: Reader) -> KeyView:
    """Keep it: with it, receipts and digests are checked without this platform."""
    public_key = _proofs(parts).signer.public_key()
    return KeyView(id=key_id(public_key), public_key=public_key.hex())


@router.get("/{environment}/digests/{number}", response_class=Response)
async def show_digest(parts: Environment, _: Reader, number: int) -> Response:
    """The digest as a text to keep: its signed body, its signature, its public key, and the roots of its sources."""
    digest = await _proofs(parts).digests.get(number) if 0 < number <= NUMBER_MAX else None
    if digest is None:
        raise Refused(404, f"no digest {number}", "List them with GET …/digests.")
    try:
        return _as_it_is(format_digest(digest))
    except NotWhole as trouble:
        raise Refused(500, f"digest {number} is damaged: {trouble}", _AUDIT) from trouble


@router.get("/{environment}/receipts/{reference}", response_class=Response)
async def show_receipt(
    request: Request, parts: Environment, grant: Reader, reference: str, application: str = ""
) -> Response:
    """The receipt of a payment, by its TransactionID, ConversationID or ThirdPartyConversationID.

    An operator who names no application finds any payment, by one of the first two. 409: it can't be proven yet.
    """
    anybodys = grant.operates and not application
    own = None if anybodys else await own_application(request, grant, parts, application)
    payment = await _payment(parts, own, reference)
    if payment is None:
        raise Refused(404, f"no payment {reference!r}", "Use one of its three references, and its own application.")
    try:
        proofs = _proofs(parts)
        return _as_it_is(await receipt_of(payment.payment_id, parts.store, parts.views, proofs.digests, proofs.seals))
    except NotEnded as trouble:
        raise Refused(409, str(trouble), "Ask again when it has: its status is what a query says.") from trouble
    except NotClosed as trouble:
        raise Refused(409, *_when(parts, trouble)) from trouble
    except (NotWhole, LookupError) as trouble:
        raise Refused(500, str(trouble), _AUDIT) from trouble


async def _payment(parts: Parts, application: ApplicationId | None, reference: str) -> Payment | None:
    """Payments only: a request that moved no money has no receipt."""
    if application is not None:
        return _asked(await parts.facts.reference(application, reference))
    found = _asked(await parts.facts.transaction(reference))
    if found is not None or "\0" in reference:
        return found
    match await read_fact(parts.facts, outcome_of(reference)):
        case PaymentCompleted(payment=payment) | PaymentFailed(payment=payment):
            return payment
        case _:
            return None


def _asked(stored: StoredReference | None) -> Payment | None:
    match decode_event(stored.data) if stored is not None else None:
        case PaymentAdmitted(payment=payment) | PaymentFailed(payment=payment):
            return payment
        case _:
            return None


def _when(parts: Parts, trouble: NotClosed) -> tuple[str, str]:
    now = parts.clock.now()
    ends = datetime.fromtimestamp(end_of(day_of(now, "UTC"), "UTC") / 1000, UTC)
    return (
        f"{trouble}: it ended at {_text(trouble.ended_at)}, the day ends at {ends:%Y-%m-%dT%H:%M:%SZ}",
        "Ask again after that, by this environment's clock; an operator can close a digest now: `mkondo digest close`.",
    )


def _text(instant: int) -> str:
    return datetime.fromtimestamp(instant / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _proofs(parts: Parts) -> Proofs:
    if parts.proofs is None:
        raise Refused(503, "this process signs for nobody", "Ask one that `mkondo up` or `mkondo serve` has started.")
    return parts.proofs


def _view(digest: StoredDigest) -> DigestView:
    try:
        body = body_of(digest)
    except NotWhole as trouble:
        raise Refused(500, f"digest {digest.number} is damaged: {trouble}", _AUDIT) from trouble
    return DigestView(
        number=digest.number,
        id=id_of(digest.body),
        day=body.day,
        closed_at=datetime.fromtimestamp(body.closed_at / 1000, UTC),
        root=body.root,
        previous=body.previous,
        key=body.key,
    )


def _as_it_is(text: bytes) -> Response:
    return Response(text, media_type="application/json")
