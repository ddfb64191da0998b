"""An endpoint: one address of one application, as its results have fared there lately.

Pure. A record is there only while an address fails, so addresses that work cost nothing. It goes by the whole address:
many merchants share an origin (a gateway of functions, a hosting company), and a 410 is said of a resource, not of its
host (RFC 9110). Read next: deliveries.py, the decider.
"""

import hashlib

import msgspec

from mkondo.domain.decider import Rejection, ReplyTo, record_key
from mkondo.domain.delivery import HOUR_MS
from mkondo.domain.ids import ApplicationId, Instant, RecordKey

GONE = 410
LONG_FAILURE_MS = 72 * HOUR_MS
"""An endpoint at which nothing has arrived for so long is disabled when the next delivery is given up."""

REASON_GONE = "the endpoint answered 410 Gone"
REASON_LONG = "every attempt failed for 72 hours and more"


class Endpoint(msgspec.Struct, frozen=True, omit_defaults=True):
    """Record `endpoint/HASH`, in the partition of its application. `failing_since`: nothing has arrived since then.
    `disabled`: why nothing is pushed there any more, in words; empty while it is."""

    application: ApplicationId
    url: str
    failing_since: Instant = Instant(0)
    disabled: str = ""


class EnableEndpoint(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """Push results to this address again: `by` says who wants it."""

    application: ApplicationId
    url: str
    by: str
    reply_to: ReplyTo | None = None


class EndpointDisabled(msgspec.Struct, frozen=True, tag=True):
    """Nothing is pushed to this address any more, for this reason, until somebody enables it. What is to go there is
    given up at once, and can be replayed later."""

    application: ApplicationId
    url: str
    reason: str


class EndpointEnabled(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """Results are pushed there again; what was given up meanwhile is not, until it is replayed."""

    application: ApplicationId
    url: str
    by: str
    reply_to: ReplyTo | None = None


class EndpointUnchanged(Rejection, frozen=True, tag=True):
    """It was not disabled: nothing to do."""


def endpoint_name(application: str, url: str) -> str:
    """Of any length and spelling a key of one length."""
    return hashlib.sha256(f"{application} {url}".encode()).hexdigest()[:32]


def endpoint_key(application: str, url: str) -> RecordKey:
    return record_key("endpoint", endpoint_name(application, url))
