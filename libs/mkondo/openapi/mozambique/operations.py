"""The six calls of the Mozambique gateway: what differs from the operations of the M-Pesa OpenAPI that they stand for.

Pure. Contract section 9. There is no session: every call's bearer is the API key itself, and the path names neither
environment nor market. Read next: codes.py, hosts.py; services/payments_ingress/mozambique.py.
"""

from typing import Any

from mkondo.openapi import fields as f
from mkondo.openapi.mozambique import NAME
from mkondo.openapi.mozambique import fields as own
from mkondo.openapi.mozambique.codes import TABLE
from mkondo.openapi.operations import Operation
from mkondo.openapi.triggers import TEST_SHORTCODE as OPENAPI_SHORTCODE

_RESULT = ("input_OriginalConversationID", "input_ResultCode", "input_ResultDesc", "input_ThirdPartyReference")


def _row(
    name: str,
    label: str,
    method: str,
    path: str,
    outputs: tuple[str, ...] = ("output_TransactionID",),
    **more: Any,
) -> Operation:
    return Operation(
        name=name,
        label=label,
        method=method,
        path=path,
        outputs=outputs,
        # no table of its results is public: they are taken to say what its answers say
        callback_outputs=(*_RESULT, *(key.replace("output_", "input_") for key in outputs)),
        profile=NAME,
        id_field=own.REFERENCE.name,
        echo="output_ThirdPartyReference",
        codes=TABLE,
        repeats_error=True,  # some clients read the five keys, others `output_error`: both are always there
        dated_ids=True,
        test_shortcodes=(own.TEST_SHORTCODE, OPENAPI_SHORTCODE),
        result_ok_code="0",
        result_echo="input_ThirdPartyReference",
        **more,
    )


_CUSTOMER_PAYMENT = (
    f.TRANSACTION_REFERENCE,
    own.CUSTOMER,
    f.AMOUNT,
    own.REFERENCE,
    own.SERVICE_PROVIDER,
    f.RESPONSE_URL,
)

_ROWS = (
    _row("c2b_single_stage", "C2B", "POST", "c2bPayment/singleStage/", fields=_CUSTOMER_PAYMENT),
    _row("b2c_payment", "B2C", "POST", "b2cPayment/", fields=_CUSTOMER_PAYMENT),
    _row(
        "b2b_payment",
        "B2B",
        "POST",
        "b2bPayment/",
        fields=(
            f.TRANSACTION_REFERENCE,
            f.AMOUNT,
            own.REFERENCE,
            own.PRIMARY_PARTY,
            own.RECEIVER_PARTY,
            f.RESPONSE_URL,
        ),
    ),
    _row(
        "reversal",
        "Reversal",
        "PUT",
        "reversal/",
        fields=(
            f.REVERSED_TRANSACTION,
            own.CREDENTIAL,
            own.INITIATOR,
            own.REFERENCE,
            own.SERVICE_PROVIDER,
            f.REVERSAL_AMOUNT,
            f.RESPONSE_URL,
        ),
    ),
    _row(
        "query_transaction_status",
        "Query transaction status",
        "GET",
        "queryTransactionStatus/",
        fields=(own.REFERENCE, own.QUERY_REFERENCE, own.SERVICE_PROVIDER),
        outputs=("output_ResponseTransactionStatus", "output_OriginalTransactionID", "output_Reversed"),
        ok_status=200,
        uses_up_id=False,
    ),
    _row(
        "query_beneficiary_name",
        "Query customer name",
        "GET",
        "queryCustomerName/",
        fields=(own.CUSTOMER, own.REFERENCE, own.SERVICE_PROVIDER),
        outputs=("output_CustomerMSISDN", "output_FirstName", "output_SecondName"),
        ok_status=200,
        uses_up_id=False,
    ),
)

OPERATIONS: dict[str, Operation] = {row.name: row for row in _ROWS}
"""By product name."""

UNKNOWN = _row("", "", "", "", fields=())
"""The shape of an answer under this profile's paths where there is no operation."""
