"""C2B in two steps, and the decision about it (contract sections 4 and 12, "Two-step"). Read next: reversals.py."""

from mkondo.kit.case import Answer, Call, Case, Grade, Need, Step
from mkondo.kit.contract import MULTI, STATUS, UPDATE
from mkondo.kit.phrases import Caller, call, case, fields, keys_of, refuses, step, succeeds

D, C, SOURCE, RULING = Grade.DOCUMENTED, Grade.CAPTURED, Grade.SOURCE, Grade.RULING

_HELD = step("held", call(MULTI))
_OF_HELD = fields(TransactionID="<held.output_TransactionID>", VoucherCode="<held.output_VoucherCode>")
_COMMIT = Call(UPDATE, _OF_HELD)
_GIVE_UP = Call(UPDATE, {**_OF_HELD, "input_CustomerMSISDN": "0"})
_COMMITTED, _GIVEN_UP = step("committed", _COMMIT), step("given", _GIVE_UP)


def _asked(status: str, *steps: Step) -> Case:
    slug = status.lower().replace(" ", "-")
    return case(f"two-step-{slug}", f"A two-step payment that is {status}",
                call(STATUS, QueryReference="<held.output_TransactionID>"),
                succeeds(STATUS, ResponseTransactionStatus=status, OriginalTransactionID="<held.output_TransactionID>",
                         Reversed="False"),
                "12", RULING, Need.COMPATIBLE, steps=steps)  # fmt: skip


def _decision_asked(reference: str, what: str) -> Case:
    slug = "decision-by-own-id" if reference.startswith("input") else "decision-by-conversation"
    return case(slug, f"A decision is found by its {what} and names the payment that it decided",
                call(STATUS, QueryReference=f"<committed.{reference}>"),
                succeeds(STATUS, ResponseTransactionStatus="Completed",
                         OriginalTransactionID="<held.output_TransactionID>", Reversed="False"),
                "12", RULING, Need.COMPATIBLE, steps=(_HELD, _COMMITTED))  # fmt: skip


_SHORT = keys_of(MULTI, without="output_VoucherCode")

CASES: tuple[Case, ...] = (
    case("once", "Funds are held, and the voucher code is six capitals and digits", call(MULTI),
         succeeds(MULTI), "12", RULING, Need.COMPATIBLE),
    case("framed", "The headers and the compact body that were captured", call(MULTI), succeeds(MULTI).framed(), "1", C,
         Need.COMPATIBLE),
    case("strict", "Without the switch the voucher code reaches the customer only", call(MULTI, Caller.STRICT),
         Answer(201, "INS-0", "Request processed successfully", _SHORT), "12", RULING),
    case("again", "The same ThirdPartyConversationID is refused",
         call(MULTI, ThirdPartyConversationID="<held.input_ThirdPartyConversationID>"),
         refuses(MULTI, "INS-10", TransactionID="N/A"), "5", D, steps=(_HELD,)),
    case("poor", "A customer who owns too little is told so in the first step",
         call(MULTI, CustomerMSISDN="<poor>", Amount="100.00"), refuses(MULTI, "INS-2006"), "5", D, Need.POOR_CUSTOMER),
    case("commit", "The right voucher code commits the payment", _COMMIT,
         succeeds(UPDATE, TransactionID="<held.output_TransactionID>"), "4", SOURCE, Need.COMPATIBLE, steps=(_HELD,)),
    case("give-up", "0 gives the payment up", _GIVE_UP, succeeds(UPDATE, TransactionID="<held.output_TransactionID>"),
         "4", SOURCE, Need.COMPATIBLE, steps=(_HELD,)),
    case("framed", "The headers and the compact body of a decision", _COMMIT, succeeds(UPDATE).framed(), "1", C,
         Need.COMPATIBLE, steps=(_HELD,)),
    case("wrong-code", "A wrong voucher code changes nothing", Call(UPDATE, {**_OF_HELD, "input_VoucherCode": "zzzz"}),
         refuses(UPDATE, "INS-6"), "12", RULING, steps=(step("held", call(MULTI)),), ),
    case("wrong-then-right", "After a wrong voucher code the right one still commits", _COMMIT, succeeds(UPDATE), "12",
         RULING, Need.COMPATIBLE,
         steps=(_HELD, step("wrong", Call(UPDATE, {**_OF_HELD, "input_VoucherCode": "zzzz"}), 401))),
    case("committed-twice", "What was committed can't be committed again", _COMMIT, refuses(UPDATE, "INS-6"), "12",
         RULING, Need.COMPATIBLE, steps=(_HELD, _COMMITTED)),
    case("commit-after-give-up", "What was given up can't be committed", _COMMIT, refuses(UPDATE, "INS-6"), "12",
         RULING, Need.COMPATIBLE, steps=(_HELD, _GIVEN_UP)),
    case("unknown", "A TransactionID that nobody has", call(UPDATE), refuses(UPDATE, "INS-18"), "12", RULING),
    case("again", "The same ThirdPartyConversationID is refused, whatever it decides",
         Call(UPDATE, {**_OF_HELD, "input_ThirdPartyConversationID": "<committed.input_ThirdPartyConversationID>"}),
         refuses(UPDATE, "INS-10", TransactionID="N/A"), "12", RULING, Need.COMPATIBLE, steps=(_HELD, _COMMITTED)),
    _asked("Pending", _HELD),
    _asked("Completed", _HELD, _COMMITTED),
    _asked("Cancelled", _HELD, _GIVEN_UP),
    _decision_asked("input_ThirdPartyConversationID", "ThirdPartyConversationID"),
    _decision_asked("output_ConversationID", "ConversationID"),
)  # fmt: skip
