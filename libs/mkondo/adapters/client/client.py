"""Calls the M-Pesa OpenAPI with the real cryptography: encrypt the API key, get a session, pay, ask.

Works against this platform and against any other implementation. Read next: services/cli/pay.py.
"""

import base64
import secrets
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from mkondo.openapi.operations import OPERATIONS

Body = dict[str, Any]


def encrypt(text: str, public_key: str) -> str:
    """base64 of the RSA PKCS#1 v1.5 block that `Authorization: Bearer` takes (contract section 2)."""
    key = load_der_public_key(base64.b64decode(public_key))
    if not isinstance(key, RSAPublicKey):
        raise TypeError("the platform's public key is not an RSA key")
    return base64.b64encode(key.encrypt(text.encode(), PKCS1v15())).decode()


class MpesaClient:
    """One application's view of one market. Use it as an async context; answers are (HTTP status, body)."""

    def __init__(
        self, base_url: str, environment: str, market: str, public_key: str, api_key: str, origin: str = "*"
    ) -> None:
        self._root = f"{base_url.rstrip('/')}/{environment}/ipg/v2/{market}"
        self._public_key, self._api_key, self._origin = public_key, api_key, origin
        self._http = httpx.AsyncClient(timeout=30.0, trust_env=False)
        self.session = ""

    async def __aenter__(self) -> "MpesaClient":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def open_session(self) -> tuple[int, Body]:
        """getSession; the session is kept for the calls that follow."""
        status, body = await self._call("GET", "getSession", self._api_key)
        self.session = str(body.get("output_SessionID", ""))
        return status, body

    async def call(self, operation: str, fields: Body) -> tuple[int, Body]:
        """Any operation by its name, with the given `input_` fields; a missing conversation id is made."""
        row = OPERATIONS[operation]
        fields = {"input_ThirdPartyConversationID": secrets.token_hex(16), **fields}
        content = {"params": fields} if row.method == "GET" else {"json": fields}
        return await self._call(row.method, row.path.rstrip("/"), self.session, **content)

    async def _call(self, method: str, operation: str, secret: str, **content: Any) -> tuple[int, Body]:
        headers = {"Authorization": f"Bearer {encrypt(secret, self._public_key)}", "Origin": self._origin}
        answer = await self._http.request(method, f"{self._root}/{operation}/", headers=headers, **content)
        body: Body = answer.json()
        return answer.status_code, body
