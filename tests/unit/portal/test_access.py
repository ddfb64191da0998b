"""Default deny: no route of the management API, present or to come, is entered without a token and a role that may."""

import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.routing import APIRoute
from httpx import ASGITransport, AsyncClient, Response

from mkondo.adapters.keys.tokens import Tokens, load_or_create_tokens
from mkondo.contracts.records import encode_record
from mkondo.domain.application import Application, Configuration
from mkondo.domain.ids import ApplicationId
from services.portal.api.app import ROUTERS, management_api

TOKENS = Tokens(b"s" * 32)
OPERATOR, OWN, OTHER = (TOKENS.issue(name) for name in ("operator", "application/demo", "application/other"))
TOKEN_OF = {
    "operator": TOKENS.issue("user/rehema/operator/"),
    "developer": TOKENS.issue("user/asha/developer/shop"),
    "organisation": TOKENS.issue("user/juma/organisation/shop"),
    "application": OWN,
}
"""The application `demo` is of the organisation `shop`, `other` of another one."""

EVERYBODY = {"operator", "developer", "organisation", "application"}
SEES = (EVERYBODY, {"operator", "developer", "organisation"})
CHANGES = ({"operator", "developer", "application"}, {"operator"})
MANAGES = ({"operator", "developer"}, {"operator"})
OPERATES = ({"operator"}, {"operator"})
NOBODY: set[str] = set()

WHO_MAY: dict[str, tuple[set[str], set[str]]] = {
    "GET /{environment}/applications": SEES,
    "POST /{environment}/applications": MANAGES,
    "GET /{environment}/applications/{application}": SEES,
    "PATCH /{environment}/applications/{application}": CHANGES,
    "DELETE /{environment}/applications/{application}": MANAGES,
    "POST /{environment}/applications/{application}/duplicate": MANAGES,
    "POST /{environment}/applications/{application}/keys": MANAGES,
    "POST /{environment}/applications/{application}/webhook-secret": MANAGES,
    "GET /{environment}/applications/{application}/history": SEES,
    "GET /{environment}/applications/{application}/limits": SEES,
    "GET /{environment}/organisations/{organisation}/products": OPERATES,
    "PUT /{environment}/organisations/{organisation}/products": OPERATES,
    "PATCH /{environment}/organisations/{organisation}/products": OPERATES,
    "GET /{environment}/handsets": (EVERYBODY, NOBODY),
    "GET /{environment}/handsets/{msisdn}": (EVERYBODY, NOBODY),
    "PUT /{environment}/handsets/{msisdn}": (CHANGES[0], NOBODY),
    "DELETE /{environment}/handsets/{msisdn}": (CHANGES[0], NOBODY),
    "POST /{environment}/handsets/{msisdn}/answers": (CHANGES[0], NOBODY),
    "GET /{environment}/customers/{msisdn}": (EVERYBODY, NOBODY),
    "PUT /{environment}/customers/{msisdn}/status": (CHANGES[0], NOBODY),
    "GET /{environment}/mandates": (EVERYBODY, NOBODY),
    "GET /{environment}/mandates/{mandate_id}": (EVERYBODY, NOBODY),
    "POST /{environment}/mandates/{mandate_id}/answers": (CHANGES[0], NOBODY),
    "GET /{environment}/deliveries": SEES,
    "GET /{environment}/deliveries/{delivery}": SEES,
    "GET /{environment}/digests": SEES,
    "POST /{environment}/digests": OPERATES,
    "GET /{environment}/digests/key": SEES,
    "GET /{environment}/digests/{number}": SEES,
    "GET /{environment}/receipts/{reference}": SEES,
    "GET /{environment}/events": SEES,
    "POST /{environment}/deliveries/{delivery}/replay": CHANGES,
    "POST /{environment}/deliveries/replay": CHANGES,
    "GET /{environment}/results": SEES,
    "GET /{environment}/endpoints": SEES,
    "POST /{environment}/endpoints/enable": CHANGES,
    "GET /{environment}/clock": (OPERATES[0], NOBODY),
    "POST /{environment}/clock/advance": (OPERATES[0], NOBODY),
}
"""Route -> roles that enter it in the sandbox, and in live. A new route needs a line here."""

ENVIRONMENTS = ("sandbox", "openapi")
ABOUT_ONE = [route for route in WHO_MAY if not re.search("organisations|clock|digests|applications$", route)]
"""Routes that are about one application."""


BODIES: dict[str, Any] = {
    "POST /{environment}/applications": {"name": "Duka"},
    "POST /{environment}/applications/{application}/keys": {"overlap_seconds": 0},
    "POST /{environment}/applications/{application}/webhook-secret": {"overlap_seconds": 0},
    "POST /{environment}/deliveries/replay": {"from": "2026-11-26T00:00:00Z", "until": "2026-11-27T00:00:00Z"},
    "POST /{environment}/endpoints/enable": {"url": "https://merchant.example/"},
    "PUT /{environment}/handsets/{msisdn}": {"behaviour": "ask"},
    "POST /{environment}/handsets/{msisdn}/answers": {"action": "cancel"},
    "PUT /{environment}/customers/{msisdn}/status": {"currency": "TZS", "status": "Locked"},
    "POST /{environment}/mandates/{mandate_id}/answers": {"agreed": True},
    "POST /{environment}/clock/advance": {"seconds": 1},
}


class Facts:
    """Of two applications. Whoever looks at anything else breaks at once, which is not what is looked at here."""

    async def record(self, key: str) -> bytes | None:
        whose = {"application/demo": "shop", "application/other": "elsewhere"}
        if key not in whose:
            return None
        configuration = Configuration("Demo", "hash", {}, whose[key])
        return encode_record(Application(ApplicationId(key.partition("/")[2]), 1, configuration))


def application() -> Any:
    environments: Any = {name: SimpleNamespace(environment=name, facts=Facts()) for name in ENVIRONMENTS}
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


async def ask(route: str, token: str | None, environment: str = "sandbox", about: str = "demo") -> Response:
    method, path = route.split(" ")
    for name, value in (("environment", environment), ("application", about), ("msisdn", "255700000001")):
        path = path.replace(f"{{{name}}}", value)
    path = re.sub(r"\{.*?\}", "17", path)
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    query = "" if "applications" in path else f"?application={about}"
    return await _send(method, path + query, BODIES.get(route, {}), headers)


def entered(answer: Response) -> bool:
    """Whatever it came to there."""
    return answer.status_code not in (401, 403) and "only the sandbox has this" not in answer.text


def test_every_route_stands_in_the_table() -> None:
    assert set(routes()) == set(WHO_MAY)
    assert len(application().routes) == len(ROUTERS) + 1, "a route beside the routers and the document"


NOBODYS = (
    "auditor", "operator/", "operator/x", "application/", "application/demo/x", "user/asha", "user/asha/auditor/shop",
    "user/asha/developer/", "user/asha/organisation/", "user//developer/shop", "user/asha/developer/shop/x",
    "user/asha/application/demo", "user/asha/developer/a b", "user/a#1/developer/shop",
)  # fmt: skip


@pytest.mark.parametrize("route", WHO_MAY)
@pytest.mark.parametrize("environment", ENVIRONMENTS)
async def test_nobody_enters_without_a_token_that_is_this_deployments(route: str, environment: str) -> None:
    foreign = Tokens(b"t" * 32).issue("operator")
    forged = (OPERATOR[:-1], OPERATOR + "0", foreign, "." + OPERATOR.partition(".")[2])
    for token in (None, "", "x", *forged, *(TOKENS.issue(subject) for subject in NOBODYS)):
        assert (await ask(route, token, environment)).status_code == 401, token


@pytest.mark.parametrize("route", WHO_MAY)
@pytest.mark.parametrize("environment", ENVIRONMENTS)
async def test_each_role_enters_what_the_table_says_and_nothing_else(route: str, environment: str) -> None:
    answers = {role: await ask(route, token, environment) for role, token in TOKEN_OF.items()}
    assert {role for role, answer in answers.items() if entered(answer)} == WHO_MAY[route][environment == "openapi"]
    assert entered(await ask(route, OPERATOR, environment)) == entered(answers["operator"]), "the operator of old"


@pytest.mark.parametrize("route", ABOUT_ONE)
@pytest.mark.parametrize("environment", ENVIRONMENTS)
async def test_a_foreign_application_is_refused_as_one_that_is_not_there(route: str, environment: str) -> None:
    for role, token in TOKEN_OF.items():
        foreign, missing = [await ask(route, token, environment, about) for about in ("other", "missing")]
        if role != "operator":
            assert not entered(foreign)
            assert (foreign.status_code, foreign.content) == (missing.status_code, missing.content), role
    assert not entered(await ask(route, OTHER, environment)), "another application's token"


async def test_a_developer_makes_applications_of_the_own_organisation_only() -> None:
    headers = {"Authorization": f"Bearer {TOKEN_OF['developer']}"}
    answer = await _send("POST", "/sandbox/applications", {"name": "x", "organisation": "elsewhere"}, headers)
    assert answer.status_code == 403


@pytest.mark.parametrize("route", WHO_MAY)
async def test_what_only_the_sandbox_has_is_not_there_in_live_for_its_operator_either(route: str) -> None:
    answer = await ask(route, OPERATOR, "openapi")
    only_sandbox = WHO_MAY[route][1] == NOBODY
    assert (answer.status_code == 404) == only_sandbox, answer.text


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
