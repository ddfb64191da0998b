"""The thirteen operations of the M-Pesa OpenAPI: one table that routes, checks, answers and documents.

Pure. Contract sections 1 and 4. Read next: profiles.py for the same calls on another wire; routing.py, parse.py,
render.py.
"""

import msgspec

from mkondo.openapi import fields as f
from mkondo.openapi.codes import OPENAPI, CodeTable
from mkondo.openapi.fields import Field
from mkondo.openapi.triggers import TEST_SHORTCODE


class Either(msgspec.Struct, frozen=True):
    """One of these fields must be there, or the code is answered."""

    names: tuple[str, ...]
    code: str


class Alias(msgspec.Struct, frozen=True):
    """Another way in, for applications that have this switch on (contract section 10.7; domain/application.py)."""

    method: str
    path: str
    switch: str


_REQUEST, _ECHO = "input_OriginalConversationID", "input_ThirdPartyConversationID"
_RESULT = (_REQUEST, "input_ResultCode", "input_ResultDesc", _ECHO)
_RESPONSE = (_REQUEST, "input_ResponseCode", "input_ResponseDesc", _ECHO)
"""Query direct debit's names for the same."""


class Operation(msgspec.Struct, frozen=True):
    """One row. `outputs` are the keys between ResponseDesc and the two conversation ids, in the order of section 12.

    `name` is also the product that an application switches on, getSession's apart, which needs none.
    Queries reuse a ThirdPartyConversationID freely, all others use it up, query direct debit too (section 12).
    """

    name: str
    label: str
    method: str
    path: str
    fields: tuple[Field, ...]
    outputs: tuple[str, ...] = ("output_TransactionID",)
    ok_status: int = 201
    ok_code: str = "INS-0"
    accepted_code: str = "INS-0"
    uses_up_id: bool = True
    either: Either | None = None
    aliases: tuple[Alias, ...] = ()
    conversation: bool = True
    """Whether its answers carry ConversationID and ThirdPartyConversationID: all but getSession's."""
    callback_outputs: tuple[str, ...] = (*_RESULT, "input_TransactionID")
    """The keys of the result that is pushed after an asynchronous acceptance, in the order of section 6."""
    ack_code: str = "0"
    """output_ResponseCode of the merchant's acknowledgement of such a result."""
    profile: str = ""
    """Whose wire it speaks (profiles.py). What follows differs between profiles only."""
    id_field: str = f.CONVERSATION.name
    """The parameter with the merchant's own id of the request."""
    echo: str = "output_ThirdPartyConversationID"
    """The key under which an answer repeats that id."""
    codes: CodeTable = OPENAPI
    repeats_error: bool = False
    """Whether every failure says its reason again as `output_error`: otherwise only those about who the caller is."""
    dated_ids: bool = False
    """Whether a ConversationID holds the day (mozambique/ids.py)."""
    test_shortcodes: tuple[str, ...] = (TEST_SHORTCODE,)
    """With one of these the sandbox's test values work (section 7)."""
    result_ok_code: str = "INS-0"
    """input_ResultCode of a success that is pushed after an asynchronous acceptance (section 6)."""
    result_echo: str = "input_ThirdPartyConversationID"
    """The key under which such a result repeats the merchant's id."""

    @property
    def may_be_asynchronous(self) -> bool:
        """Whether its result may be pushed later: section 6 has a callback for all but getSession."""
        return bool(self.callback_outputs)


def _optional(field: Field, code: str = "", test_grammar: str = "") -> Field:
    return msgspec.structs.replace(field, mandatory=False, code=code or field.code, test_grammar=test_grammar)


_C2B = (
    f.AMOUNT,
    f.CUSTOMER,
    f.COUNTRY,
    f.CURRENCY,
    f.SERVICE_PROVIDER,
    f.TRANSACTION_REFERENCE,
    f.CONVERSATION,
    f.PURCHASED_ITEMS,
)
_CUSTOMER_OR_TOKEN = (f.CUSTOMER.name, f.TOKEN.name)

_ROWS = (
    Operation(
        name="get_session",
        label="Generate session key",
        method="GET",
        path="getSession/",
        fields=(),
        outputs=("output_SessionID",),
        ok_status=200,
        uses_up_id=False,
        conversation=False,
        callback_outputs=(),
    ),
    Operation(
        name="c2b_single_stage",
        label="C2B single stage",
        method="POST",
        path="c2bPayment/singleStage/",
        fields=(*_C2B, f.RESPONSE_URL),
    ),
    Operation(
        name="c2b_multi_stage",
        label="C2B multi stage",
        method="POST",
        path="c2bPayment/multiStage/",
        fields=(*_C2B, f.API_VERSION, f.RESPONSE_URL),
        outputs=("output_TransactionID", "output_VoucherCode"),
    ),
    Operation(
        name="update_transaction_status",
        label="Update transaction status",
        method="PUT",
        path="updateTransactionStatus/",
        fields=(
            f.DECISION,
            f.VOUCHER,
            f.COUNTRY,
            f.UPDATED_TRANSACTION,
            f.SERVICE_PROVIDER,
            f.CONVERSATION,
            f.API_VERSION,
            f.RESPONSE_URL,
        ),
        ok_code="INS-GAR-0",
        accepted_code="INS-A-0",
        ack_code="INS-GAR-0",
    ),
    Operation(
        name="b2c_payment",
        label="B2C single payment",
        method="POST",
        path="b2cPayment/",
        fields=(*_C2B[:-1], f.PAYMENT_ITEMS, f.RESPONSE_URL),
        aliases=(Alias("POST", "b2cPayment/singleStage/", "b2c_single_stage_path"),),
    ),
    Operation(
        name="b2b_payment",
        label="B2B single payment",
        method="POST",
        path="b2bPayment/",
        fields=(
            f.AMOUNT,
            f.RECEIVER_PARTY,
            f.PRIMARY_PARTY,
            f.COUNTRY,
            f.CURRENCY,
            f.TRANSACTION_REFERENCE,
            f.CONVERSATION,
            f.PURCHASED_ITEMS,
            f.RESPONSE_URL,
        ),
    ),
    Operation(
        name="reversal",
        label="Reversal",
        method="PUT",
        path="reversal/",
        fields=(
            f.REVERSED_TRANSACTION,
            f.COUNTRY,
            f.SERVICE_PROVIDER,
            f.CONVERSATION,
            f.REVERSAL_AMOUNT,
            f.RESPONSE_URL,
        ),
        aliases=(Alias("POST", "reversal/", "reversal_by_post"),),
    ),
    Operation(
        name="query_transaction_status",
        label="Query transaction status",
        method="GET",
        path="queryTransactionStatus/",
        fields=(f.QUERY_REFERENCE, f.COUNTRY, f.SERVICE_PROVIDER, f.CONVERSATION, f.RESPONSE_URL),
        outputs=("output_ResponseTransactionStatus", "output_OriginalTransactionID", "output_Reversed"),
        callback_outputs=(*_RESULT, "input_TransactionID", "input_OriginalTransactionID", "input_Reversed"),
        ok_status=200,
        uses_up_id=False,
        aliases=(Alias("POST", "queryTransactionStatus/", "query_by_post"),),
    ),
    Operation(
        name="query_beneficiary_name",
        label="Query beneficiary name",
        method="GET",
        path="queryBeneficiaryName/",
        fields=(f.CUSTOMER, f.COUNTRY, f.SERVICE_PROVIDER, f.CONVERSATION, f.KYC_QUERY_TYPE, f.RESPONSE_URL),
        outputs=("output_CustomerFirstName", "output_CustomerLastName"),
        callback_outputs=(*_RESULT, "input_CustomerFirstName", "input_CustomerLastName"),
        ok_status=200,
        uses_up_id=False,
    ),
    Operation(
        name="direct_debit_creation",
        label="Direct debit create",
        method="POST",
        path="directDebitCreation/",
        fields=(
            f.CUSTOMER,
            f.COUNTRY,
            f.SERVICE_PROVIDER,
            f.NEW_MANDATE_REFERENCE,
            f.CONVERSATION,
            f.AGREED,
            f.FIRST_PAYMENT,
            f.FREQUENCY,
            f.START_DAY,
            f.END_DAY,
            f.EXPIRY,
            f.RESPONSE_URL,
        ),
        outputs=("output_TransactionReference", "output_MsisdnToken", "output_MandateID"),
        callback_outputs=(*_RESULT, "input_TransactionReference", "input_MsisdnToken", "input_MandateID"),
    ),
    Operation(
        name="direct_debit_payment",
        label="Direct debit payment",
        method="POST",
        path="directDebitPayment/",
        fields=(
            f.TOKEN,
            # section 12: besides customers' numbers, the sandbox takes its own test values of 20 digits
            _optional(f.CUSTOMER, test_grammar=r"[0-9]{20}"),
            f.COUNTRY,
            f.SERVICE_PROVIDER,
            f.NEW_MANDATE_REFERENCE,
            f.CONVERSATION,
            f.AMOUNT,
            f.CURRENCY,
            f.MANDATE,
            f.RESPONSE_URL,
        ),
        outputs=("output_TransactionID", "output_MsisdnToken"),
        callback_outputs=(*_RESULT, "input_TransactionID", "input_MsisdnToken"),
        either=Either(_CUSTOMER_OR_TOKEN, "INS-20"),
    ),
    Operation(
        name="query_direct_debit",
        label="Query direct debit",
        method="GET",
        path="queryDirectDebit/",
        fields=(
            f.QUERY_BALANCE,
            f.BALANCE_AMOUNT,
            f.COUNTRY,
            _optional(f.CUSTOMER),
            _optional(f.TOKEN, code="INS-56"),
            f.SERVICE_PROVIDER,
            f.CONVERSATION,
            f.MANDATE_REFERENCE,
            f.MANDATE,
            f.CURRENCY,
            f.RESPONSE_URL,
        ),
        outputs=(
            "output_TransactionReference",
            "output_SufficientBalance",
            "output_MsisdnToken",
            "output_MandateID",
            "output_MandateStatus",
            "output_AccountStatus",
            "output_FirstPaymentDate",
            "output_Frequency",
            "output_PaymentDayFrom",
            "output_PaymentDayTo",
            "output_ExpiryDate",
        ),
        callback_outputs=(
            *_RESPONSE,
            "input_TransactionReference",
            "input_SufficientBalance",
            "input_MsisdnToken",
            "input_MandateID",
            "input_MandateStatus",
            "input_AccountStatus",
            "input_FirstPaymentDate",
            "input_Frequency",
            "input_PaymentDayFrom",
            "input_PaymentDayTo",
            "input_ExpiryDate",
        ),
        ack_code="INS-0",
        ok_status=200,
        either=Either(_CUSTOMER_OR_TOKEN, "INS-57"),
    ),
    Operation(
        name="direct_debit_cancel",
        label="Cancel direct debit",
        method="PUT",
        path="directDebitCancel/",
        fields=(
            f.TOKEN,
            _optional(f.CUSTOMER),
            f.COUNTRY,
            f.SERVICE_PROVIDER,
            f.MANDATE_REFERENCE,
            f.CONVERSATION,
            f.MANDATE,
            f.RESPONSE_URL,
        ),
        outputs=("output_TransactionReference", "output_MsisdnToken"),
        callback_outputs=(*_RESULT, "input_TransactionReference", "input_MsisdnToken"),
        either=Either(_CUSTOMER_OR_TOKEN, "INS-20"),
    ),
)

OPERATIONS: dict[str, Operation] = {row.name: row for row in _ROWS}
