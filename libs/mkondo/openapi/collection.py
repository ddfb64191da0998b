"""A Postman collection (format 2.1) of the thirteen operations, made from the operations table: a story to be run.

Pure. `python -m mkondo.openapi.collection > docs/m-pesa.postman_collection.json` renews the committed copy; a test
keeps it fresh, and newman runs it against a running platform. Read next: scripts.py, samples.py.
"""

import sys

import msgspec

from mkondo.domain.markets import MARKETS
from mkondo.openapi import samples, scripts
from mkondo.openapi.document import ABOUT
from mkondo.openapi.fields import RESPONSE_URL, Field, Kind
from mkondo.openapi.operations import OPERATIONS, Operation
from mkondo.openapi.outputs import output
from mkondo.openapi.samples import Said
from mkondo.openapi.schemas import Json

FORMAT = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_HOME = MARKETS["vodacomTZN"]
_USE = """
How to use it: fill in `api_key` and `public_key` among the collection's variables, then run the whole collection, or
send "Generate session key" and after it whatever you like. The other variables are those of the demo that `mkondo up`
makes; its `demo.json` has a value for each by the same name (`base_url` is its `http`).
"""


class Step(msgspec.Struct, frozen=True):
    """One request of the story: why it is there, which values differ from the usual, what later steps need of it.

    `sends` names optional fields too, which are left out otherwise; `keeps` maps an output to a collection variable.
    """

    operation: str
    why: str
    sends: dict[str, str] = {}
    keeps: dict[str, str] = {}
    checks: dict[str, str] = {}
    before: str = ""


STORY: tuple[Step, ...] = (
    Step("get_session", "Everything else needs a session key.", keeps={"output_SessionID": "session_id"}),
    Step("c2b_single_stage", "A customer pays; the PIN is asked for on the handset.",
         keeps={"output_TransactionID": "transaction_id"}),
    Step("query_transaction_status", "How does that payment stand?",
         sends={"input_QueryReference": "{{transaction_id}}"},
         checks={"output_ResponseTransactionStatus": "Completed",
                 "output_OriginalTransactionID": "{{transaction_id}}"}),
    Step("b2c_payment", "The shop pays a customer."),
    Step("b2b_payment", "The shop pays another organisation."),
    Step("c2b_multi_stage", "A customer's money is set aside; it is yours once you commit.",
         keeps={"output_TransactionID": "reserved_transaction_id", "output_VoucherCode": "voucher_code"}),
    Step("update_transaction_status", "Commit that payment with the voucher code, or give it up (0).",
         sends={"input_TransactionID": "{{reserved_transaction_id}}", "input_VoucherCode": "{{voucher_code}}"}),
    Step("reversal", "Give the first payment back: whole, as no input_ReversalAmount is sent.",
         sends={"input_TransactionID": "{{transaction_id}}"}),
    Step("query_beneficiary_name", "Who is behind a number?"),
    Step("direct_debit_creation", "The customer agrees to be debited on demand.",
         sends={"input_ThirdPartyReference": "{{mandate_reference}}", "input_Frequency": "08"},
         keeps={"output_MsisdnToken": "msisdn_token", "output_MandateID": "mandate_id"},
         before=scripts.BEFORE_MANDATE),
    Step("direct_debit_payment", "Collect under that mandate; the token stands for the customer's number.",
         sends={"input_ThirdPartyReference": "{{mandate_reference}}", "input_MsisdnToken": "{{msisdn_token}}",
                "input_MandateID": "{{mandate_id}}"},
         checks={"output_MsisdnToken": "{{msisdn_token}}"}),
    Step("query_direct_debit", "How does the mandate stand, and does the balance cover the next payment?",
         sends={"input_ThirdPartyReference": "{{mandate_reference}}", "input_CustomerMSISDN": "{{customer_msisdn}}",
                "input_BalanceAmount": "200", "input_MandateID": "{{mandate_id}}"},
         checks={"output_MandateID": "{{mandate_id}}", "output_MandateStatus": "Active"}),
    Step("direct_debit_cancel", "The customer has had enough.",
         sends={"input_ThirdPartyReference": "{{mandate_reference}}", "input_MsisdnToken": "{{msisdn_token}}"}),
)  # fmt: skip

VARIABLES: dict[str, tuple[str, str]] = {
    "base_url": ("http://127.0.0.1:8080", "Where the platform answers."),
    "environment": ("sandbox", "sandbox, or openapi for live."),
    "market": (_HOME.path, f"One of {', '.join(MARKETS)}."),
    "country": (_HOME.country, "The market's country."),
    "currency": (_HOME.currency, "The market's currency."),
    "api_key": ("", "The application's API key: 32 characters."),
    "public_key": ("", "The platform's public key: base64 of its DER form, with or without PEM armour."),
    "origin": ("*", "One of the application's trusted sources."),
    "service_provider_code": ("000000", "Your shortcode; 000000 in the sandbox."),
    "second_service_provider_code": ("ORG002", "The organisation that is paid."),
    "customer_msisdn": ("255700000001", "A customer of the market."),
    **dict.fromkeys(
        (
            variable
            for step in STORY
            for variable in (*step.keeps.values(), *(["mandate_reference"] * bool(step.before)))
        ),
        ("", "Set by the requests themselves."),
    ),
}
_VALUES = {
    "input_Country": "{{country}}",
    "input_Currency": "{{currency}}",
    "input_ServiceProviderCode": "{{service_provider_code}}",
    "input_PrimaryPartyCode": "{{service_provider_code}}",
    "input_ReceiverPartyCode": "{{second_service_provider_code}}",
    "input_TransactionReference": "{{reference}}",
    "input_ThirdPartyConversationID": "{{conversation_id}}",
}


def collection() -> Json:
    """The whole collection."""
    return {
        "info": {"name": "M-Pesa OpenAPI", "description": ABOUT + _USE, "schema": FORMAT},
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{bearer}}", "type": "string"}]},
        "event": [_event("prerequest", scripts.BEFORE_EACH)],
        "variable": [
            {"key": key, "value": value, "type": "string", "description": about}
            for key, (value, about) in VARIABLES.items()
        ],
        "item": [_item(step, OPERATIONS[step.operation]) for step in STORY],
    }


def _item(step: Step, operation: Operation) -> Json:
    events = [_event("prerequest", step.before)] if step.before else []
    return {
        "name": operation.label,
        "event": [*events, _event("test", _checks(step, operation))],
        "request": {**_request(step, operation), "description": f"{step.why}\n\n{_parameters(operation)}".strip()},
        "response": [
            _example(step, operation, status, each)
            for status, said in sorted(samples.answers(operation).items())
            for each in said
        ],
    }


def _event(listen: str, script: str) -> Json:
    return {"listen": listen, "script": {"type": "text/javascript", "exec": script.strip("\n").split("\n")}}


def _request(step: Step, operation: Operation) -> Json:
    values = _fields(step, operation)
    request: Json = {
        "method": operation.method,
        "header": [{"key": "Origin", "value": "{{origin}}"}, {"key": "Content-Type", "value": "application/json"}],
        "url": _url(operation, values if operation.method == "GET" else {}),
    }
    if operation.method != "GET":
        body = msgspec.json.format(msgspec.json.encode(values), indent=2).decode()
        request["body"] = {"mode": "raw", "raw": body, "options": {"raw": {"language": "json"}}}
    return request


def _fields(step: Step, operation: Operation) -> dict[str, str]:
    """What is mandatory, and the optional fields that the story needs."""
    return {
        field.name: step.sends.get(field.name) or _value(field)
        for field in operation.fields
        if field.mandatory or field.name in step.sends
    }


def _value(field: Field) -> str:
    return "{{customer_msisdn}}" if field.kind is Kind.MSISDN else _VALUES.get(field.name, field.example)


def _url(operation: Operation, query: dict[str, str]) -> Json:
    path = ["{{environment}}", "ipg", "v2", "{{market}}", *operation.path.split("/")]
    asked = "&".join(f"{key}={value}" for key, value in query.items())
    url: Json = {
        "raw": f"{{{{base_url}}}}/{'/'.join(path)}{f'?{asked}' if asked else ''}",
        "host": ["{{base_url}}"],
        "path": path,
    }
    return url | ({"query": [{"key": key, "value": value} for key, value in query.items()]} if query else {})


def _parameters(operation: Operation) -> str:
    """A list for the request's documentation."""
    return "\n".join(
        f"- `{field.name}`{'' if field.mandatory else ' (optional)'}: {field.meaning}"
        for field in operation.fields
        if field is not RESPONSE_URL
    )


def _checks(step: Step, operation: Operation) -> str:
    keys = samples.answer_keys(operation)
    expected: Json = {
        "label": operation.label,
        "status": operation.ok_status,
        "code": operation.ok_code,
        "keys": keys,
        "optional": [key for key in keys if output(key).optional],
    }
    parts = [scripts.AFTER_EACH % {"expected": msgspec.json.format(msgspec.json.encode(expected), indent=2).decode()}]
    parts += [scripts.ECHO] if operation.conversation else []
    parts += [scripts.CHECK % {"key": key, "value": value} for key, value in step.checks.items()]
    parts += [scripts.KEEP % {"variable": variable, "key": key} for key, variable in step.keeps.items()]
    return "".join(parts)


def _example(step: Step, operation: Operation, status: int, said: Said) -> Json:
    body = msgspec.json.encode(samples.answer(operation, status, said.code, said.text)).decode()
    return {
        "name": f"{status} {said.code} {said.text}",
        "originalRequest": _original(_request(step, operation)),
        "code": status,
        "_postman_previewlanguage": "json",
        "header": [{"key": "Content-Type", "value": "application/json"}],
        "body": body,
    }


def _original(request: Json) -> Json:
    """The request once more, as short as the format allows: there are hundreds of examples."""
    url = request["url"]
    assert isinstance(url, dict)
    return {key: url["raw"] if key == "url" else value for key, value in request.items() if key != "header"}


def as_text() -> str:
    """The collection as the file in docs holds it."""
    return msgspec.json.format(msgspec.json.encode(collection()), indent=2).decode() + "\n"


if __name__ == "__main__":
    sys.stdout.write(as_text())
