"""The sandbox's virtual handset: register a test number, see what it shows, answer as its customer would.

A screen is a view, and a view follows: what is over by the facts is shown no longer, whether the view knows it or not.
Read next: domain/handset.py, which says what each act means.
"""

import asyncio
from collections.abc import Sequence
from typing import Literal

from fastapi import APIRouter
from msgspec.structs import replace
from pydantic import BaseModel, Field

from mkondo.contracts.journal import Partition
from mkondo.contracts.views import decode_row
from mkondo.domain import ledger
from mkondo.domain.account import wallet
from mkondo.domain.application import Configuration
from mkondo.domain.facts import outcome_of, reservation_of
from mkondo.domain.handset import ANSWERS, APPROVE, ASK, SCRIPTS, command, entered
from mkondo.domain.ids import AccountId, ApplicationId, PaymentId, partition_of
from mkondo.domain.markets import CURRENCIES
from mkondo.domain.money import format_amount
from mkondo.domain.views.handsets import HandsetRow, Shown
from mkondo.runtime.parts import Parts
from services.portal.api.access import Granted, Own, Sandbox
from services.portal.api.bodies import Asked
from services.portal.api.configuring import application_of, change_application
from services.portal.api.errors import Refused
from services.portal.api.numbers import FullNumber
from services.portal.api.paging import LOOKED_AT_MAX, Limit, Next, chosen

router = APIRouter(tags=["handsets"])

TEST_NUMBERS_MAX = 1_000
"""Of one application: all of them are written with every change of it, and read with every payment."""


class Registration(Asked):
    """What the handset does when it is asked: `ask` waits for a person, the others act by themselves."""

    behaviour: str = Field(ASK, json_schema_extra={"enum": list(SCRIPTS)})


class ShownView(BaseModel):
    """A payment on the screen; `voucher_code` once its funds are reserved."""

    payment_id: str
    transaction_id: str
    amount: str
    currency: str
    shortcode: str
    reference: str
    description: str
    expires_at_ms: int
    voucher_code: str = ""


class HandsetView(BaseModel):
    """One handset. `prompts` wait for an answer; `vouchers` are codes to be told to the merchant."""

    msisdn: str
    registered: bool
    behaviour: str = ""
    prompts: list[ShownView] = []
    vouchers: list[ShownView] = []


class Handsets(BaseModel):
    """A page of them. What they show is not looked up."""

    handsets: list[HandsetView]
    next: Next


class Act(Asked):
    """What the customer does. `payment_id` may be left out when one payment waits."""

    action: Literal["approve", "cancel", "ignore", "off"]
    pin: str = Field("", max_length=12, description="With approve: the sandbox's PIN is 1234, any other is wrong.")
    payment_id: str = ""


class Acted(BaseModel):
    """What was passed on."""

    payment_id: str
    action: str


@router.get("/{environment}/handsets")
async def list_handsets(
    parts: Sandbox,
    application: Own,
    after: str = "",
    limit: Limit = LOOKED_AT_MAX,
) -> Handsets:
    """The registered test numbers of an application, in the order of the numbers as text."""
    numbers = (await application_of(parts, application)).configuration.test_msisdns
    behind = sorted(number for number in numbers if number > after)
    found, place = chosen([(number, number) for number in behind], limit, is_all=True)
    shown = [HandsetView(msisdn=number, registered=True, behaviour=numbers[number]) for number in found]
    return Handsets(handsets=shown, next=place)


@router.put("/{environment}/handsets/{msisdn}")
async def register_handset(
    parts: Sandbox, application: Own, msisdn: FullNumber, wanted: Registration, grant: Granted
) -> HandsetView:
    """Register a test number, or say how it behaves from now on: a C2B payment then waits for its approval."""
    if wanted.behaviour not in SCRIPTS:
        raise Refused(422, f"no behaviour {wanted.behaviour[:80]!r}", f"Use one of {', '.join(SCRIPTS)}.")

    await change_application(parts, application, lambda now: registered(now, msisdn, wanted.behaviour), by=grant.name)
    return await _handset(parts, application, msisdn)


def registered(now: Configuration, msisdn: str, behaviour: str) -> Configuration:
    """Refused when there are too many numbers already: one that is registered may still behave otherwise."""
    wanted = {**now.test_msisdns, msisdn: behaviour}
    if msisdn not in now.test_msisdns and len(wanted) > TEST_NUMBERS_MAX:
        mend = "Take one that is done with out of the test: DELETE …/handsets/{msisdn}."
        raise Refused(422, f"{TEST_NUMBERS_MAX:,} test numbers are registered already", mend)
    return replace(now, test_msisdns=wanted)


@router.delete("/{environment}/handsets/{msisdn}")
async def forget_handset(parts: Sandbox, application: Own, msisdn: str, grant: Granted) -> HandsetView:
    """Take the number out of the test: payments of it are approved at once again."""

    def change(now: Configuration) -> Configuration:
        return replace(now, test_msisdns={name: it for name, it in now.test_msisdns.items() if name != msisdn})

    await change_application(parts, application, change, by=grant.name)
    return await _handset(parts, application, msisdn)


@router.get("/{environment}/handsets/{msisdn}")
async def show_handset(parts: Sandbox, application: Own, msisdn: str) -> HandsetView:
    """What it shows now."""
    return await _handset(parts, application, msisdn)


@router.post("/{environment}/handsets/{msisdn}/answers", status_code=202)
async def answer_handset(parts: Sandbox, application: Own, msisdn: str, act: Act) -> Acted:
    """Approve with a PIN, cancel, ignore, or be switched off. The payment ends as that says."""
    account, shown = await _waiting(parts, application, msisdn, act.payment_id)
    action = entered(act.pin) if act.action == APPROVE else act.action
    answer = ANSWERS[action]
    if answer is not None:
        told = command(PaymentId(shown.payment_id), account, answer)
        await parts.log.send_command(Partition(ledger.NAME, partition_of(account)), told)
    return Acted(payment_id=shown.payment_id, action=action)


async def _waiting(parts: Parts, application: ApplicationId, msisdn: str, payment_id: str) -> tuple[AccountId, Shown]:
    rows = await _rows(parts, application, msisdn)
    waiting = [(AccountId(row.account), shown) for row in rows for shown in row.prompts.values()]
    names = ", ".join(shown.payment_id for _, shown in waiting)
    if not waiting:
        raise Refused(404, "no payment waits on this handset", f"Register it with behaviour {ASK}, then pay.")
    if not payment_id and len(waiting) > 1:
        raise Refused(409, f"{len(waiting)} payments wait", f"Say which with payment_id: {names}.")
    for account, shown in waiting:
        if payment_id in ("", shown.payment_id):
            return account, shown
    raise Refused(404, f"no payment {payment_id[:80]!r} waits on this handset", f"These do, by payment_id: {names}.")


async def _handset(parts: Parts, application: ApplicationId, msisdn: str) -> HandsetView:
    behaviour = (await application_of(parts, application)).configuration.test_msisdns.get(msisdn)
    rows = await _rows(parts, application, msisdn)
    return HandsetView(
        msisdn=msisdn,
        registered=behaviour is not None,
        behaviour=behaviour or "",
        prompts=[_view(shown) for row in rows for shown in row.prompts.values()],
        vouchers=[_view(shown) for row in rows for shown in row.vouchers.values()],
    )


async def _rows(parts: Parts, application: ApplicationId, msisdn: str) -> list[HandsetRow]:
    accounts = [wallet(application, msisdn, currency) for currency in CURRENCIES]
    found = await parts.views.read("handsets", accounts)
    rows = [decode_row("handsets", found[account]) for account in accounts if account in found]
    return [await _as_it_stands(parts, row) for row in rows if isinstance(row, HandsetRow)]


async def _as_it_stands(parts: Parts, row: HandsetRow) -> HandsetRow:
    """Without the prompts that were answered, and the vouchers that were used, a moment ago."""
    prompts = await asyncio.gather(*(_has(parts, outcome_of(name), reservation_of(name)) for name in row.prompts))
    vouchers = await asyncio.gather(*(_has(parts, outcome_of(name)) for name in row.vouchers))
    return replace(row, prompts=_open(row.prompts, prompts), vouchers=_open(row.vouchers, vouchers))


async def _has(parts: Parts, *names: str) -> bool:
    """Whether any of these facts is known."""
    return any(await asyncio.gather(*(parts.facts.outcome(name) for name in names)))


def _open(shown: dict[str, Shown], over: Sequence[bool]) -> dict[str, Shown]:
    return {name: one for (name, one), ended in zip(shown.items(), over, strict=True) if not ended}


def _view(shown: Shown) -> ShownView:
    return ShownView(
        payment_id=shown.payment_id,
        transaction_id=shown.transaction_id,
        amount=format_amount(shown.minor, CURRENCIES[shown.currency].decimals),
        currency=shown.currency,
        shortcode=shown.shortcode,
        reference=shown.reference,
        description=shown.description,
        expires_at_ms=shown.expires_at,
        voucher_code=shown.voucher_code,
    )
