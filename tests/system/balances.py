"""What every account holds, read from the store past everything that is published."""

from mkondo.adapters.postgres.store import connect_store
from mkondo.contracts.journal import partitions_of
from mkondo.contracts.records import decode_record
from mkondo.domain import ledger
from mkondo.domain.account import Account


async def stored_balances(dsn: str, environment: str = "sandbox") -> dict[str, int]:
    """Posted minor units by account."""
    store = await connect_store(dsn, environment)
    try:
        found: dict[str, int] = {}
        for partition in partitions_of(ledger.NAME):
            for key, record in (await store.load_kind(partition, "account")).items():
                account = decode_record(key, record.data)
                assert isinstance(account, Account)
                found[account.account] = account.posted
        return found
    finally:
        await store.close()


def agrees(told: dict[str, int], stored: dict[str, int]) -> bool:
    """Whether the events tell the balance of every account that there is, and of no other. One that was never credited
    nor debited holds nothing."""
    return told.keys() <= stored.keys() and {account: told.get(account, 0) for account in stored} == stored
