"""An organisation's products: what its applications may use in each market, whatever they are configured for.

Pure. Admission keeps a copy in each of its partitions, so that no payment looks at another partition's records
(architecture rule 7): the key is pinned, and whoever changes an organisation tells every partition. Read next:
admission/.
"""

import msgspec

from mkondo.domain.decider import Record, Rejection, ReplyTo
from mkondo.domain.ids import PARTITIONS, pinned

Grants = dict[str, tuple[str, ...]]
"""Market path -> the products that are enabled there. A market that is not there has none."""


class ConfigureOrganisation(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """From now on these are its products, and nothing else. `key` is one of keys_of."""

    key: str
    grants: Grants
    by: str = ""
    reply_to: ReplyTo | None = None


class OrganisationChanged(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """The organisation's products are now these; `before` they were those, None: all."""

    key: str
    grants: Grants
    before: Grants | None = None
    by: str = ""
    reply_to: ReplyTo | None = None


class OrganisationUnchanged(Rejection, frozen=True, tag=True):
    """They are these already: asking twice is harmless."""


class OrganisationRejected(Rejection, frozen=True, tag=True):
    """They could not be changed here: nobody can decide it (rule 14)."""


class Organisation(msgspec.Struct, frozen=True):
    """Record `organisation/KEY`, in every partition of admission."""

    grants: Grants


def is_enabled(record: Record | None, product: str, market: str, *, sandbox: bool) -> bool:
    """Whether the organisation of this record has the product there. Of one that was never set up: in the sandbox all,
    in live none."""
    if isinstance(record, Organisation):
        return product in record.grants.get(market, ())
    return sandbox


def key_of(organisation: str, partition: int) -> str:
    """Its name in one partition of admission."""
    return pinned(organisation, partition)


def keys_of(organisation: str) -> tuple[str, ...]:
    """Its names in all of them."""
    return tuple(key_of(organisation, partition) for partition in range(PARTITIONS))
