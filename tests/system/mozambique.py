"""A merchant of the Mozambique gateway: one bearer for everything, and what brings each call to each of its codes.

Read next: test_mozambique.py.
"""

import secrets
import ssl
from collections.abc import Mapping
from typing import Any, NamedTuple

import httpx

from mkondo.adapters.client.client import encrypt
from mkondo.openapi.mozambique.hosts import PORTS
from mkondo.openapi.mozambique.operations import OPERATIONS
from mkondo.testing.platform import RunningPlatform

Fields = dict[str, Any]
ORIGIN = "developer.mpesa.vm.co.mz"
LIVE_CUSTOMER, RECEIVER = "258840000001", "979797"
NO_BEARER = {"Origin": ORIGIN}


class Answer(NamedTuple):
    status: int
    body: Fields

    @property
    def code(self) -> str:
        return self.said("ResponseCode")

    def said(self, name: str) -> str:
        return str(self.body[f"output_{name}"])


def headers(platform: RunningPlatform, environment: str = "sandbox", key: str = "api_key") -> dict[str, str]:
    """The bearer is encrypted here and reused by whoever holds it."""
    found = platform.demo if environment == "sandbox" else platform.demo["live"]
    return {"Authorization": f"Bearer {encrypt(found[key], found['public_key'])}", "Origin": ORIGIN}


def trusting(platform: RunningPlatform, **options: Any) -> httpx.AsyncClient:
    """A client that trusts the platform's own authority and nobody else's."""
    context = ssl.create_default_context(cafile=platform.demo["ca_file"])
    return httpx.AsyncClient(verify=context, trust_env=False, timeout=30, **options)


def fields(operation: str, **different: Any) -> Fields:
    """Good parameters, with a new ThirdPartyReference."""
    good = {
        "TransactionReference": f"T{secrets.token_hex(5)}",
        "CustomerMSISDN": "258843330333",
        "Amount": "10",
        "ThirdPartyReference": secrets.token_hex(8),
        "ServiceProviderCode": "171717",
        "PrimaryPartyCode": "171717",
        "ReceiverPartyCode": RECEIVER,
        "TransactionID": "0000000000001",
        "SecurityCredential": "Mpesa2019",
        "InitiatorIdentifier": "MPesa2018",
        "QueryReference": "000000000001",
    } | different
    known = {field.name for field in OPERATIONS[operation].fields}
    return {name: value for short, value in good.items() if (name := f"input_{short}") in known}


async def call(
    client: httpx.AsyncClient, base: str, bearer: Mapping[str, str], operation: str, sent: Fields | None = None
) -> Answer:
    row = OPERATIONS[operation]
    sent = fields(operation) if sent is None else sent
    content: Fields = {"params": sent} if row.method == "GET" else {"json": sent}
    response = await client.request(row.method, f"{base}/ipg/v1x/{row.path}", headers=dict(bearer), **content)
    return Answer(response.status_code, response.json())


def own_port(platform: RunningPlatform, operation: str) -> str:
    return f"https://127.0.0.1:{platform.addresses['mozambique'][operation]}"


def public(host: str, operation: str) -> str:
    """As the portal documents it: the host and the API's own port."""
    return f"https://{host}:{PORTS[operation]}"


class Case(NamedTuple):
    """One way to one code. `field` is the parameter that is `value`; without one, see `how`."""

    operation: str
    code: str
    field: str = ""
    value: str = ""
    how: str = ""


_CUSTOMER, _RECEIVER, _TRANSACTION, _QUERY = (
    "CustomerMSISDN",
    "ReceiverPartyCode",
    "TransactionID",
    "QueryReference",
)
_PAID_OUT = {"INS-1": 2, "INS-6": 3, "INS-9": 4, "INS-15": 5, "INS-2006": 6, "INS-16": 7}
_SCRIPTED: dict[str, tuple[str, int, Mapping[str, int]]] = {
    "c2b_single_stage": (_CUSTOMER, 12, {"INS-9": 2, "INS-6": 4, "INS-1": 5, "INS-15": 7, "INS-2006": 8, "INS-16": 9}),
    "b2c_payment": (_CUSTOMER, 12, _PAID_OUT),
    "b2b_payment": (_RECEIVER, 6, _PAID_OUT),
    "reversal": (
        _TRANSACTION,
        13,
        {"INS-1": 2, "INS-6": 3, "INS-15": 4, "INS-2006": 5, "INS-26": 6, "INS-16": 7},
    ),
    "query_transaction_status": (_QUERY, 12, {"INS-1": 2, "INS-6": 3, "INS-16": 7}),
}
"""Test values: field, length, and the number for each code."""

_BAD_FIELDS: dict[str, tuple[tuple[str, str], ...]] = {
    "INS-13": (("ServiceProviderCode", "17"), ("PrimaryPartyCode", "a-b-c")),
    "INS-14": ((_QUERY, "a-b"), (_QUERY, "000000000000000000002")),
    "INS-15": (("Amount", "0"), ("ReversalAmount", "10.005")),
    "INS-17": (("TransactionReference", "x" * 21),),
    "INS-18": ((_TRANSACTION, "a b"),),
    "INS-19": (("ThirdPartyReference", "a-b"),),
    "INS-20": (("ThirdPartyReference", ""),),
    "INS-23": ((_QUERY, "nothing"),),
    "INS-24": (("InitiatorIdentifier", "Somebody"),),
    "INS-25": (("SecurityCredential", "secret"),),
    "INS-997": ((_TRANSACTION, "nothing"),),
    "INS-2051": ((_CUSTOMER, "841234567"), (_CUSTOMER, "84123456789"), (_CUSTOMER, "+258841234567")),
}

NOT_BY_HTTP: dict[str, str] = {
    "INS-5": "a customer says no on a handset: test_mozambique_settings.py",
    "INS-998": "an application that may not be used there: test_mozambique_settings.py",
}
"""Codes that settings of the application bring about, and where they are tried."""

NOT_BY_CALL: dict[tuple[str, str], str] = {
    ("INS-1", "query_beneficiary_name"): "only by a bug, which tests/service/edge/test_mozambique.py plants",
    ("INS-16", "query_beneficiary_name"): "only by a store out of reach: tests/service/edge/test_mozambique.py",
    ("INS-9", "reversal"): "no test value; only silence: tests/service/edge/test_mozambique.py",
    ("INS-9", "query_transaction_status"): "only when the server stops meanwhile: the front is the same for all",
    ("INS-9", "query_beneficiary_name"): "only when the server stops meanwhile: the front is the same for all",
} | {
    ("INS-26", operation): "the demo's products are all on: test_mozambique_settings.py turns them off"
    for operation in OPERATIONS
    if operation != "reversal"
}
"""The same for single calls."""


def _cases() -> tuple[Case, ...]:
    found = [
        Case(operation, code, field, str(number).zfill(length))
        for operation, (field, length, numbers) in _SCRIPTED.items()
        for code, number in numbers.items()
    ]
    for operation, row in OPERATIONS.items():
        known = {field.name for field in row.fields}
        found += [
            Case(operation, code, field, value)
            for code, wrong in _BAD_FIELDS.items()
            for field, value in wrong
            if f"input_{field}" in known
        ]
        found += [Case(operation, code, how=how) for code, how in (("INS-0", "good"), ("INS-2", "no bearer"))]
        found.append(Case(operation, "INS-21", how="unreadable"))
        if row.uses_up_id:
            found.append(Case(operation, "INS-10", how="twice"))
    return (*found, Case("b2b_payment", "INS-2002", how="live"))


CASES = _cases()
