"""What a stranger sends is not looked at, and what nobody could write down passes for nobody."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from httpx import ASGITransport, AsyncClient, Response

from mkondo.adapters.http.intake import BODY_MAX
from services.portal.api.app import ROUTERS
from services.portal.api.bodies import Asked
from tests.unit.portal.test_access import OPERATOR, OWN, TOKENS, application

PATCH = "/sandbox/applications/demo"
JSON = {"content-type": "application/json"}


async def send(body: Any, token: str | None = OWN, path: str = PATCH, **headers: str) -> Response:
    bearer = {} if token is None else {"authorization": f"Bearer {token}"}
    async with AsyncClient(transport=ASGITransport(application()), base_url="http://mkondo") as client:
        return await client.request("PATCH", path, content=body, headers={**JSON, **bearer, **headers})


UNREADABLE = {
    "no JSON": b"{nonsense",
    "half a surrogate pair in a value": b'{"trusted_sources": ["\\ud800"]}',
    "half a surrogate pair in a key": b'{"switches": {"\\ud800": true}}',
    "no UTF-8": b'{"name": "\xff"}',
    "nested without end": b"[" * (BODY_MAX // 2),
    "no number": b'{"session_lifetime_minutes": NaN}',
    "two bodies": b"{} {}",
}


@pytest.mark.parametrize("body", UNREADABLE)
async def test_what_cannot_be_read_is_refused_in_the_apis_shape(body: str) -> None:
    answer = await send(UNREADABLE[body])
    assert answer.status_code == 422
    assert answer.json().keys() == {"error", "mend"}
    assert "no JSON" in answer.json()["error"]


@pytest.mark.parametrize("body", UNREADABLE)
async def test_a_stranger_hears_of_the_token_and_of_nothing_else(body: str) -> None:
    for path in (PATCH, "/nowhere", "/sandbox/applications/%00"):
        answer = await send(UNREADABLE[body], None, path)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


async def endless(taken: list[int]) -> AsyncIterator[bytes]:
    while True:
        taken.append(1024)
        yield b" " * 1024


@pytest.mark.parametrize("token", [None, OWN])
async def test_of_a_body_without_end_only_a_little_is_read(token: str | None) -> None:
    taken: list[int] = []
    answer = await send(endless(taken), token)
    assert answer.status_code == (401 if token is None else 413)
    assert BODY_MAX < sum(taken) < 2 * BODY_MAX


async def test_a_compressed_body_is_not_unpacked() -> None:
    assert (await send(b"\x1f\x8b", **{"content-encoding": "gzip"})).status_code == 415


@pytest.mark.parametrize("path", ["/sandbox/applications/%00", "/sandbox/applications/demo?application=%00"])
async def test_an_address_with_a_nul_names_nothing(path: str) -> None:
    assert (await send(b"{}", OPERATOR, path)).status_code == 422


async def test_the_token_of_no_application_is_nobodys() -> None:
    assert (await send(b"{}", TOKENS.issue("application/"))).status_code == 401


@pytest.mark.parametrize("change", ['{"session_lifetime_minutes": true}', '{"session_lifetime_minutes": "30"}'])
async def test_a_value_of_another_type_is_not_made_to_fit(change: str) -> None:
    assert (await send(change)).status_code == 422


async def test_a_bug_is_told_in_the_apis_shape_too() -> None:
    """The environments of this test have no store."""
    transport = ASGITransport(application(), raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://mkondo") as client:
        answer = await client.get("/sandbox/applications", headers={"authorization": f"Bearer {OPERATOR}"})
    assert (answer.status_code, answer.json().keys()) == (500, {"error", "mend"})


def test_every_body_is_taken_strictly() -> None:
    """A route whose body may hold what nobody reads would ignore a misspelt setting."""
    fields = [route.body_field for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    bodies = [field.field_info.annotation for field in fields if field is not None]
    assert len(bodies) >= 5
    assert all(isinstance(body, type) and issubclass(body, Asked) for body in bodies), bodies


@pytest.mark.parametrize("headers", [{"content-type": "text/plain"}, {}], ids=["of another type", "left out"])
async def test_a_body_that_is_not_there_is_missed_by_name(headers: dict[str, str]) -> None:
    answer = await send(b"{}" if headers else b"", **headers)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("the body: ")
    assert "Content-Type: application/json" in answer.json()["mend"]
