"""Whose data: what an application may name of another's, and of nobody's in live (contract section 12, "Whose data").

Read next: places.py.
"""

from mkondo.kit.case import ABSENT, Call, Case, Grade, Need, Step
from mkondo.kit.phrases import Caller, call, case, refuses, step, succeeds

C2B, B2B, REVERSAL = "c2b_single_stage", "b2b_payment", "reversal"
MULTI, UPDATE = "c2b_multi_stage", "update_transaction_status"
STATUS, NAME = "query_transaction_status", "query_beneficiary_name"
CREATE, COLLECT, ASK, CANCEL = (
    "direct_debit_creation",
    "direct_debit_payment",
    "query_direct_debit",
    "direct_debit_cancel",
)
RULING = Grade.RULING
_LIVE = Caller.LIVE
_NOBODY = "999799999999"
_PAID, _HELD = step("paid", call(C2B)), step("held", call(MULTI))
_MADE = step("made", call(CREATE))
_TOKEN, _MANDATE = "<made.output_MsisdnToken>", "<made.output_MandateID>"
_UNKNOWN_TOKEN = {ASK: "INS-56"}
"""Where a token that nobody gave the caller is not answered as one that does not match (section 5)."""


def _foreign(slug: str, title: str, asked: Call, code: str, made: Step, *needs: Need) -> Case:
    """The strict application names what the first one made."""
    stranger = Call(asked.operation, asked.fields, Caller.STRICT)
    return case(slug, title, stranger, refuses(asked.operation, code), "12", RULING, Need.TWO_APPLICATIONS,
                *needs, steps=(made,))  # fmt: skip


def _of_mandate(operation: str) -> tuple[Case, ...]:
    by_token = call(operation, CustomerMSISDN=ABSENT, MsisdnToken=_TOKEN)
    return (
        _foreign("foreign-mandate", "Another application's MandateID is nobody's",
                 call(operation, MandateID=_MANDATE), "INS-51", _MADE),
        _foreign("foreign-token", "Another application's token is nobody's", by_token,
                 _UNKNOWN_TOKEN.get(operation, "INS-50"), _MADE),
    )  # fmt: skip


def _live(slug: str, title: str, asked: Call, code: str) -> Case:
    return case(slug, title, asked, refuses(asked.operation, code), "12", RULING)


CASES: tuple[Case, ...] = (
    _foreign("foreign-hold", "Another application's two-step payment can't be decided, not even with its voucher",
             call(UPDATE, TransactionID="<held.output_TransactionID>", VoucherCode="<held.output_VoucherCode>"),
             "INS-18", _HELD, Need.COMPATIBLE),
    *(
        _foreign(f"foreign-{name}", f"Another application's {said} finds nothing",
                 call(STATUS, QueryReference=f"<paid.{key}>"), "INS-23", _PAID)
        for name, said, key in (
            ("conversation", "ConversationID", "output_ConversationID"),
            ("own-id", "ThirdPartyConversationID", "input_ThirdPartyConversationID"),
        )
    ),
    *(found for operation in (COLLECT, ASK, CANCEL) for found in _of_mandate(operation)),
    case("replaced", "Nothing is collected under the id of a mandate whose place another one took",
         call(COLLECT, MandateID=_MANDATE), refuses(COLLECT, "INS-6"), "12", RULING,
         steps=(_MADE, step("newer", call(CREATE)))),
    case("id-not-used-up", "An id that was refused for a field is still free",
         call(C2B, ThirdPartyConversationID="<refused.input_ThirdPartyConversationID>"), succeeds(C2B), "12", RULING,
         steps=(step("refused", call(C2B, Amount="0"), 400),)),
    _live("live-payer", "In live an organisation pays from its own shortcodes only",
          call(B2B, _LIVE, PrimaryPartyCode="<receiver>"), "INS-13"),
    _live("live-receiver", "In live no organisation is paid that nobody knows",
          call(B2B, _LIVE, ReceiverPartyCode="NOBODY1"), "INS-13"),
    _live("live-name", "In live a number that nobody has has no name",
          call(NAME, _LIVE, CustomerMSISDN=_NOBODY), "INS-2051"),
    _live("live-test-query", "In live a test value is a reference that nothing has",
          call(STATUS, _LIVE, QueryReference="000000000001"), "INS-23"),
    _live("live-test-reversal", "In live a test value is a payment that nobody made",
          call(REVERSAL, _LIVE, TransactionID="0000000000001"), "INS-18"),
    _live("live-test-collection", "In live a test value of twenty digits is no number",
          call(COLLECT, _LIVE, CustomerMSISDN="1".zfill(20)), "INS-2051"),
)  # fmt: skip
