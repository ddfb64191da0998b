"""Paths lead to operations as the contract spells and tolerates them, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkondo.domain.environments import ENVIRONMENTS
from mkondo.domain.markets import MARKETS
from mkondo.openapi.operations import OPERATIONS, Operation
from mkondo.openapi.routing import Match, Miss, match

BASE = "/sandbox/ipg/v2/vodacomTZN/"


def found(method: str, path: str) -> Match:
    answer = match(method, path)
    assert isinstance(answer, Match)
    return answer


def missed(method: str, path: str) -> Miss:
    answer = match(method, path)
    assert isinstance(answer, Miss)
    return answer


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.name)
@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("market", [*MARKETS, "vodacomXYZ"])
def test_the_documented_path_leads_to_its_operation(operation: Operation, environment: str, market: str) -> None:
    answer = found(operation.method, f"/{environment}/ipg/v2/{market}/{operation.path}")
    assert (answer.environment, answer.market, answer.operation) == (environment, market, operation)
    assert answer.strict_miss is None


@pytest.mark.parametrize(
    "path",
    ["/sandbox/ipg/v2/vodacomTZN/c2bPayment/singleStage", "//sandbox/ipg/v2/vodacomTZN/c2bPayment/singleStage/",
     "/sandbox/ipg/v2/vodacomTZN//c2bPayment///singleStage//", "sandbox/ipg/v2/vodacomTZN/c2bPayment/singleStage/"],
)  # fmt: skip
def test_slashes_too_many_or_missing_do_not_matter(path: str) -> None:
    assert found("POST", path) == found("POST", f"{BASE}c2bPayment/singleStage/")


@pytest.mark.parametrize(
    "path",
    ["", "/", "/sandbox", "/sandbox/ipg/v2/vodacomTZN/", "/Sandbox/ipg/v2/vodacomTZN/getSession/",
     "/sandbox/IPG/v2/vodacomTZN/getSession/", "/sandbox/ipg/v1/vodacomTZN/getSession/", f"{BASE}getsession/",
     f"{BASE}getSession/x/", f"{BASE}c2bPayment/", f"{BASE}singleStage/", f"{BASE}../getSession/",
     "/live/ipg/v2/vodacomTZN/getSession/", "/sandbox/ipg/v2/getSession/"],
)  # fmt: skip
def test_any_other_path_is_404_whatever_the_method(path: str) -> None:
    for method in ("GET", "POST", "OPTIONS", "BREW"):
        assert missed(method, path) == Miss(404)


@pytest.mark.parametrize(
    ("path", "allow"),
    [("getSession/", "GET, OPTIONS"), ("c2bPayment/singleStage/", "POST, OPTIONS"),
     ("queryTransactionStatus/", "GET, OPTIONS")],
)  # fmt: skip
def test_a_wrong_method_is_405_and_says_what_is_allowed(path: str, allow: str) -> None:
    for method in ("HEAD", "DELETE", "PATCH", "PUT", "get", ""):
        answer = missed(method, BASE + path)
        assert (answer.status, answer.allow) == (405, allow)
    assert (missed("OPTIONS", BASE + path).status, missed("OPTIONS", BASE + path).allow) == (204, allow)


def test_a_status_query_by_post_is_for_applications_with_that_switch_on() -> None:
    for path in (f"{BASE}queryTransactionStatus/", f"{BASE}queryTransactionStatus"):
        answer = found("POST", path)
        assert answer.operation.name == "query_transaction_status"
        assert answer.switch == "query_by_post" and answer.strict_miss == missed("PUT", path)


def test_a_payment_to_a_customer_in_a_single_stage_is_for_applications_with_that_switch_on() -> None:
    """One client sends it there (section 10.7); to a strict application there is no such path."""
    answer = found("POST", f"{BASE}b2cPayment/singleStage/")
    assert answer.operation.name == "b2c_payment"
    assert answer.switch == "b2c_single_stage_path" and answer.strict_miss == Miss(404)


@given(st.text(max_size=60), st.sampled_from(["GET", "POST", "OPTIONS"]))
def test_no_path_makes_it_raise(text: str, method: str) -> None:
    match(method, text)
    match(method, BASE + text)
