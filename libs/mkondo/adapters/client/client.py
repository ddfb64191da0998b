"""Calls the M-Pesa OpenAPI with the real cryptography: encrypt the API key, get a session, pay, ask.

Works against this platform and against any other implementation. Read next: services/cli/pay.py.
"""

import asyncio
import base64
import secrets
from typing import Any

import httpx
import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from mkondo.adapters.client.trouble import CannotEncrypt, NoAnswer, NotTheApi
from mkondo.adapters.client.wire import UNANSWERED, trouble_with
from mkondo.openapi.operations import OPERATIONS

Body = dict[str, Any]

SECONDS_MAX, ALTOGETHER_SECONDS_MAX = 30.0, 60.0
"""For each part of an answer, and for the whole of one that comes drop by drop."""
CODE, SESSION = "output_ResponseCode", "output_SessionID"


def encrypt(text: str, public_key: str) -> str:
    """base64 of the RSA PKCS#1 v1.5 block that `Authorization: Bearer` takes (contract section 2)."""
    try:
        key = load_der_public_key(base64.b64decode(public_key))
    except (ValueError, UnsupportedAlgorithm) as trouble:
        raise CannotEncrypt("the public key is no key: it is base64 of DER, on one line, without armour") from trouble
    if not isinstance(key, RSAPublicKey):
        raise CannotEncrypt("the public key is not an RSA key")
    try:
        return base64.b64encode(key.encrypt(text.encode(), PKCS1v15())).decode()
    except ValueError as trouble:
        raise CannotEncrypt(f"a secret of {len(text)} characters can't be encrypted with this key") from trouble


class MpesaClient:
    """One application's view of one market. Use it as an async context; answers are (HTTP status, body).

    Raises NoAnswer, and NotTheApi for what no M-Pesa OpenAPI would answer."""

    def __init__(
        self, base_url: str, environment: str, market: str, public_key: str, api_key: str, origin: str = "*"
    ) -> None:
        self._address = base_url.rstrip("/")
        self._root = f"{self._address}/{environment}/ipg/v2/{market}"
        self._public_key, self._api_key, self._origin = public_key, api_key, origin
        self._http = httpx.AsyncClient(timeout=SECONDS_MAX, trust_env=False)
        self.session = ""

    async def __aenter__(self) -> "MpesaClient":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def open_session(self) -> tuple[int, Body]:
        """getSession; the session is kept for the calls that follow."""
        status, body = await self._call("GET", "getSession", self._api_key)
        session = body.get(SESSION)
        self.session = session if isinstance(session, str) else ""
        if status == 200 and not self.session:
            raise self._stranger(status)
        return status, body

    async def call(self, operation: str, fields: Body) -> tuple[int, Body]:
        """Any operation by its name, with the given `input_` fields; a missing conversation id is made."""
        row = OPERATIONS[operation]
        fields = {"input_ThirdPartyConversationID": secrets.token_hex(16), **fields}
        content = {"params": fields} if row.method == "GET" else {"json": fields}
        return await self._call(row.method, row.path.rstrip("/"), self.session, **content)

    async def _call(self, method: str, operation: str, secret: str, **content: Any) -> tuple[int, Body]:
        headers = {"Authorization": f"Bearer {encrypt(secret, self._public_key)}", "Origin": self._origin}
        try:
            async with asyncio.timeout(ALTOGETHER_SECONDS_MAX):
                answer = await self._http.request(method, f"{self._root}/{operation}/", headers=headers, **content)
        except TimeoutError:
            raise NoAnswer(f"{self._address} did not answer within {ALTOGETHER_SECONDS_MAX:g} s") from None
        except UNANSWERED as trouble:
            raise trouble_with(self._address, trouble, SECONDS_MAX) from trouble
        body = read_object(answer.content)
        if body is None or not isinstance(body.get(CODE), str):
            raise self._stranger(answer.status_code)
        return answer.status_code, body

    def _stranger(self, status: int) -> NotTheApi:
        return NotTheApi(f"{self._address} answers HTTP {status}, but not as the M-Pesa OpenAPI does")


def read_object(content: bytes) -> Body | None:
    """A JSON object, or None for everything else that may come."""
    try:
        found = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
