"""Fault switches of the sandbox: what goes wrong on purpose, for which requests, and the same each time.

Pure. An application is given a seed and how many of a thousand requests each fault hits. Whether one is hit depends on
the seed, the fault and its ThirdPartyConversationID and on nothing else, so what went wrong once can be had again.
Read next: delivery_faults.py for results; services/payments_ingress/asking.py for answers.
"""

import msgspec

from mkondo.domain.ids import murmur2

PERMILLE = 1_000


class Faults(msgspec.Struct, frozen=True, omit_defaults=True):
    """How many of a thousand requests each fault hits, 0 to 1,000. The first two are about answers, and hit only what
    was decided and committed; the others about results that are pushed."""

    seed: int = 0
    answer_lost: int = 0
    """The connection is closed instead of answering."""
    gateway_timeout: int = 0
    """The answer is 408 INS-9, whatever came of the request; query and callback tell."""
    callback_late: int = 0
    """The first attempt is made 30 seconds after it could have been."""
    callback_twice: int = 0
    """A result that has arrived at the first attempt is sent once more."""
    callback_out_of_order: int = 0
    """Results of the five seconds after it overtake it."""
    callback_never: int = 0
    """It is not sent at all; a status query tells."""


NO_FAULTS = Faults()
FAULTS = tuple(name for name in Faults.__struct_fields__ if name != "seed")
ANSWER_LOST, GATEWAY_TIMEOUT, CALLBACK_LATE, CALLBACK_TWICE, CALLBACK_OUT_OF_ORDER, CALLBACK_NEVER = FAULTS


def hits(faults: Faults, third_party_conversation_id: str) -> tuple[str, ...]:
    """The faults that hit this request, in the order of FAULTS."""
    seed, name = faults.seed, third_party_conversation_id
    asked_for = ((fault, getattr(faults, fault)) for fault in FAULTS) if faults != NO_FAULTS else ()
    return tuple(fault for fault, permille in asked_for if permille and _lot(seed, fault, name) < permille)


def _lot(seed: int, fault: str, name: str) -> int:
    """0 to 999, each as likely as the others. Each fault draws for itself."""
    return murmur2(f"{seed}/{fault}/{name}".encode()) % PERMILLE
