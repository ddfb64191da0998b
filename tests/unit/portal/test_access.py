"""Default deny: no route of the management API, present or to come, is entered without a token and a role that may."""

import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.routing import APIRoute
from httpx import ASGITransport, AsyncClient, Response

from mkondo.adapters.keys.tokens import Tokens, load_or_create_tokens
from services.portal.api.app import ROUTERS, management_api

TOKENS = Tokens(b"s" * 32)
OPERATOR, OWN, OTHER = (TOKENS.issue(name) for name in ("operator", "application/demo", "application/other"))
EVERYBODY = {"operator", "own"}

WHO_MAY: dict[str, set[str]] = {
    "GET /{environment}/applications": {"operator"},
    "GET /{environment}/applications/{application}": EVERYBODY,
    "PATCH /{environment}/applications/{application}": EVERYBODY,
    "GET /{environment}/handsets": EVERYBODY,
    "GET /{environment}/handsets/{msisdn}": EVERYBODY,
    "PUT /{environment}/handsets/{msisdn}": EVERYBODY,
    "DELETE /{environment}/handsets/{msisdn}": EVERYBODY,
    "POST /{environment}/handsets/{msisdn}/answers": EVERYBODY,
    "GET /{environment}/customers/{msisdn}": EVERYBODY,
    "PUT /{environment}/customers/{msisdn}/status": EVERYBODY,
    "GET /{environment}/mandates": EVERYBODY,
    "GET /{environment}/mandates/{mandate_id}": EVERYBODY,
    "POST /{environment}/mandates/{mandate_id}/answers": EVERYBODY,
    "GET /{environment}/deliveries": EVERYBODY,
    "GET /{environment}/deliveries/{delivery}": EVERYBODY,
    "GET /{environment}/clock": {"operator"},
    "POST /{environment}/clock/advance": {"operator"},
}
"""Route -> roles in the sandbox. A new route needs a line here; in live every route is the operator's or nobody's."""

IN_LIVE_TOO = {
    "GET /{environment}/applications",
    "GET /{environment}/applications/{application}",
    "PATCH /{environment}/applications/{application}",
    "GET /{environment}/deliveries",
    "GET /{environment}/deliveries/{delivery}",
}
"""Anything else, a new route too, is of the sandbox alone: in live nobody answers for a customer or moves the clock."""

BODIES: dict[str, Any] = {
    "PUT /{environment}/handsets/{msisdn}": {"behaviour": "ask"},
    "POST /{environment}/handsets/{msisdn}/answers": {"action": "cancel"},
    "PUT /{environment}/customers/{msisdn}/status": {"currency": "TZS", "status": "Locked"},
    "POST /{environment}/mandates/{mandate_id}/answers": {"agreed": True},
    "POST /{environment}/clock/advance": {"seconds": 1},
}


def application() -> Any:
    """Its environments have no parts: a route that is entered breaks at once, which is not what is looked at here."""
    environments: Any = {name: SimpleNamespace(environment=name) for name in ("sandbox", "openapi")}
    return management_api(environments, TOKENS)


def routes() -> Iterator[str]:
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute), route
            yield from (f"{method} {route.path}" for method in route.methods or ())


async def get(path: str, **headers: str) -> Response:
    return await _send("GET", path, None, headers)


async def _send(method: str, path: str, body: Any, headers: dict[str, str]) -> Response:
    transport = ASGITransport(application(), raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://mkondo") as client:
        return await client.request(method, path, json=body, headers=headers)


async def ask(route: str, token: str | None, environment: str = "sandbox") -> int:
    method, path = route.split(" ")
    for name, value in (("environment", environment), ("application", "demo"), ("msisdn", "255700000001")):
        path = path.replace(f"{{{name}}}", value)
    path = re.sub(r"\{.*?\}", "17", path)
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    query = "" if "applications" in path else "?application=demo"
    return (await _send(method, path + query, BODIES.get(route, {}), headers)).status_code


def test_every_route_stands_in_the_table() -> None:
    assert set(routes()) == set(WHO_MAY)
    assert len(application().routes) == len(ROUTERS) + 1, "a route beside the routers and the document"


@pytest.mark.parametrize("route", WHO_MAY)
@pytest.mark.parametrize("environment", ["sandbox", "openapi"])
async def test_nobody_enters_without_a_token_that_is_this_deployments(route: str, environment: str) -> None:
    foreign = Tokens(b"t" * 32).issue("operator")
    unknown = TOKENS.issue("auditor")
    for token in (None, "", "x", OPERATOR[:-1], OPERATOR + "0", foreign, unknown, "." + OPERATOR.partition(".")[2]):
        assert await ask(route, token, environment) == 401, token


@pytest.mark.parametrize("route", WHO_MAY)
async def test_in_the_sandbox_each_role_enters_what_it_may(route: str) -> None:
    answers = {"operator": await ask(route, OPERATOR), "own": await ask(route, OWN)}
    assert {role for role, status in answers.items() if status not in (401, 403)} == WHO_MAY[route]
    assert await ask(route, OTHER) == 403, "another application's token"


@pytest.mark.parametrize("route", WHO_MAY)
async def test_in_live_an_application_enters_nothing(route: str) -> None:
    assert await ask(route, OWN, "openapi") in (403, 404)


@pytest.mark.parametrize("route", WHO_MAY)
async def test_what_only_the_sandbox_has_is_not_there_in_live_for_its_operator_either(route: str) -> None:
    answer = await ask(route, OPERATOR, "openapi")
    assert (answer == 404) == (route not in IN_LIVE_TOO), answer


async def test_the_document_is_served_to_anybody_and_names_every_route() -> None:
    said = (await get("/openapi.json")).json()
    assert set(said["paths"]) == {route.split(" ")[1] for route in WHO_MAY}


async def test_an_unknown_environment_says_which_there_are() -> None:
    answer = await get("/production/applications", Authorization=f"Bearer {OPERATOR}")
    assert (answer.status_code, set(answer.json())) == (404, {"error", "mend"})


def test_a_token_is_its_subjects_and_nobody_elses() -> None:
    assert TOKENS.subject_of(OWN) == "application/demo"
    forged = TOKENS.issue("application/other").partition(".")[0] + "." + OWN.partition(".")[2]
    assert TOKENS.subject_of(forged) is None
    for nonsense in ("", ".", "é.é", "a" * 10_000, OWN.partition(".")[0]):
        assert TOKENS.subject_of(nonsense) is None


def test_the_secret_is_made_once_and_for_its_owner_only(tmp_path: Any) -> None:
    file = tmp_path / "keys" / "tokens.key"
    first = load_or_create_tokens(file).issue("operator")
    assert load_or_create_tokens(file).issue("operator") == first
    assert file.stat().st_mode & 0o777 == 0o600
