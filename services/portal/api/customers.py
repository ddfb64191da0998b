"""Customers of the sandbox: what they hold, and whether their account may be used. Read next: domain/account.py."""

import asyncio

from fastapi import APIRouter
from pydantic import BaseModel, Field

from mkondo.contracts.journal import Partition
from mkondo.contracts.views import decode_row
from mkondo.domain import ledger
from mkondo.domain.account import AccountStatus, OpenAccount, SetAccountStatus, wallet
from mkondo.domain.ids import ApplicationId, partition_of
from mkondo.domain.markets import CURRENCIES
from mkondo.domain.money import format_amount
from mkondo.domain.views.balances import BalanceRow
from mkondo.ports.errors import TryLater
from mkondo.runtime.parts import Parts
from services.portal.api.access import Own, Sandbox
from services.portal.api.bodies import Asked
from services.portal.api.configuring import application_of
from services.portal.api.errors import Refused
from services.portal.api.numbers import FullNumber

router = APIRouter(tags=["customers"])

SEEN_SECONDS_MAX = 5.0
LOOK_SECONDS = 0.02


class WalletView(BaseModel):
    """One wallet: settled balance, what is reserved of it, and its status."""

    currency: str
    posted: str
    held: str
    status: str


class CustomerView(BaseModel):
    """A customer's wallets; none before the first payment."""

    msisdn: str
    wallets: list[WalletView]


class StatusChange(Asked):
    """Only an active account can be debited anew; a payment that was reserved before can still be committed."""

    currency: str
    status: AccountStatus = Field(strict=False)
    """By its name: JSON has no type for it."""


@router.get("/{environment}/customers/{msisdn}")
async def show_customer(parts: Sandbox, application: Own, msisdn: str) -> CustomerView:
    """What the customer holds in this application's sandbox."""
    return await _customer(parts, application, msisdn)


@router.put("/{environment}/customers/{msisdn}/status")
async def set_status(parts: Sandbox, application: Own, msisdn: FullNumber, change: StatusChange) -> CustomerView:
    """Lock a customer's account, or let it be used again. It is opened first if nobody has paid with it yet."""
    market = CURRENCIES.get(change.currency)
    if market is None:
        raise Refused(422, "no such wallet", "Send a market's currency, such as TZS.")
    await application_of(parts, application)
    account = wallet(application, msisdn, change.currency)
    owner = Partition(ledger.NAME, partition_of(account))
    await parts.log.send_command(owner, OpenAccount(account, market.path, market.opening_balance_minor))
    await parts.log.send_command(owner, SetAccountStatus(account, change.status))
    try:
        async with asyncio.timeout(SEEN_SECONDS_MAX):
            while await _status(parts, account) != change.status.value:
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError:
        raise TryLater("the change was sent and is not to be seen yet") from None
    return await _customer(parts, application, msisdn)


async def _status(parts: Parts, account: str) -> str | None:
    found = await parts.views.read("balances", [account])
    row = decode_row("balances", found[account]) if account in found else None
    return row.status if isinstance(row, BalanceRow) else None


async def _customer(parts: Parts, application: ApplicationId, msisdn: str) -> CustomerView:
    accounts = [wallet(application, msisdn, currency) for currency in CURRENCIES]
    found = await parts.views.read("balances", accounts)
    rows = [decode_row("balances", found[account]) for account in accounts if account in found]
    wallets = [
        WalletView(
            currency=row.currency,
            posted=format_amount(row.posted, CURRENCIES[row.currency].decimals),
            held=format_amount(row.held, CURRENCIES[row.currency].decimals),
            status=row.status,
        )
        for row in rows
        if isinstance(row, BalanceRow)
    ]
    return CustomerView(msisdn=msisdn, wallets=wallets)
