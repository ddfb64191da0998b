"""Requests that a stranger's tool makes of the published document, over a socket, against the embedded platform.

Good ones as the document describes them and bad ones that break it in some way: no server error but the contract's, no
body outside the document's schema, and balanced books. Hypothesis shows the smallest request that fails.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, TypeAlias
from uuid import UUID

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi import checks

from mkondo.adapters.client.client import encrypt
from mkondo.domain.markets import MARKETS
from mkondo.testing.platform import RunningPlatform, verify
from tests.fuzz.faults import MANDATORY
from tests.fuzz.shapes import SERVER_ERRORS

EXAMPLES = 140
"""Per operation and kind: thirteen operations and two kinds make more than 3,600 requests."""

AnyCase: TypeAlias = Case[Any]
CHECKS = [checks.status_code_conformance, checks.content_type_conformance, checks.response_schema_conformance]


class Stranger:
    """Knows the platform by its address and its document, and has a session. Counts what it is answered."""

    def __init__(self, platform: RunningPlatform) -> None:
        self.platform = platform
        self.address = platform.addresses["http"]
        self.connection = requests.Session()
        document = self.connection.get(f"{self.address}/docs/m-pesa-openapi.json").json()
        self.schema: BaseSchema = schemathesis.openapi.from_dict(document)
        self.api_key, self.session = self._bearer(platform.demo["api_key"]), ""
        self.session = self._bearer(self._open_session())
        self.counted: Counter[str] = Counter()

    def _bearer(self, secret: str) -> str:
        return f"Bearer {encrypt(secret, self.platform.demo['public_key'])}"

    def _open_session(self) -> str:
        said = self.connection.get(
            f"{self.address}/sandbox/ipg/v2/vodacomTZN/getSession/", headers={"Authorization": self.api_key}
        )
        return str(said.json()["output_SessionID"])

    def operation(self, name: str) -> APIOperation[Any, Any, Any, Any]:
        found = (result for result in self.schema.get_all_operations() if isinstance(result, Ok))
        return next(row.ok() for row in found if row.ok().definition.raw["operationId"] == name)

    def ask(self, name: str, case: AnyCase) -> str:
        """The code of the answer, whose status and body are the document's."""
        bearer = self.api_key if name == "get_session" else self.session
        answer = case.call(
            self.address, session=self.connection, headers={"Authorization": bearer, "Origin": "*"}, timeout=30
        )
        case.validate_response(answer, checks=CHECKS)
        code = str(answer.json()["output_ResponseCode"])
        assert answer.status_code < 500 or (code, answer.status_code) in SERVER_ERRORS
        self.counted[code] += 1
        return code


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stranger]:
    load_all_checks()
    with RunningPlatform(tmp_path_factory.mktemp("schemathesis") / "data") as platform:
        stranger = Stranger(platform)
        yield stranger
        stranger.connection.close()
        verified = verify(platform)
        assert verified.returncode == 0, verified
        assert "Traceback" not in platform.said()
        platform.stop()
        assert sum(stranger.counted.values()) >= 3_000
        print(stranger.counted)


OPERATIONS = pytest.mark.parametrize("name", ["get_session", *MANDATORY])
thorough = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
markets = st.sampled_from(sorted(MARKETS))


@OPERATIONS
def test_a_request_that_the_document_allows_gets_an_answer_that_it_describes(stranger: Stranger, name: str) -> None:
    asked: Counter[str] = Counter()

    @thorough
    @given(
        case=stranger.operation(name).as_strategy(generation_mode=GenerationMode.POSITIVE),
        market=markets,
        fresh=st.none() | st.uuids(),
    )
    def go(case: AnyCase, market: str, fresh: UUID | None) -> None:
        asked[stranger.ask(name, at_home(case, market, fresh))] += 1

    go()
    print(name, asked)


@OPERATIONS
def test_a_request_that_breaks_the_document_gets_an_answer_that_it_describes(stranger: Stranger, name: str) -> None:
    asked: Counter[str] = Counter()

    @thorough
    @given(case=stranger.operation(name).as_strategy(generation_mode=GenerationMode.NEGATIVE), market=markets)
    def go(case: AnyCase, market: str) -> None:
        case.path_parameters = {"environment": "sandbox", "market": market}
        asked[stranger.ask(name, case)] += 1

    go()
    print(name, asked)


def at_home(case: AnyCase, market: str, fresh: UUID | None) -> AnyCase:
    """In the market of its country and currency, which the document can't say of a path and a body together; half of
    them under a new id and with money that a customer has, so that they go all the way."""
    case.path_parameters = {"environment": "sandbox", "market": market}
    place = MARKETS[market]
    wanted = {"input_Country": place.country, "input_Currency": place.currency}
    if fresh is not None:
        wanted |= {"input_ThirdPartyConversationID": fresh.hex, "input_Amount": "1.00"}
    for fields in (case.body, case.query):
        if isinstance(fields, dict):
            fields |= {name: text for name, text in wanted.items() if name in fields}
    return case
