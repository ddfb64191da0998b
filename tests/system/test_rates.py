"""Rates and proxies of a whole platform, as its options set them. Time is real: see tests/unit/http for exactness."""

import time
from collections.abc import Iterator

import httpx
import pytest

from mkondo.testing.platform import RunningPlatform
from tests.system.conftest import temporary_folder
from tests.system.mozambique import headers

PER_ADDRESS, PER_APPLICATION = 20, 10
OPTIONS = ("--rate-per-address", str(PER_ADDRESS), "--trusted-proxies", "192.0.2.1,127.0.0.0/8")
ENVIRONMENT = {"MKONDO_RATE_PER_APPLICATION": str(PER_APPLICATION)}
GET_SESSION = "/sandbox/ipg/v2/vodacomTZN/getSession/"
STORM = 200


@pytest.fixture(scope="module")
def limited() -> Iterator[RunningPlatform]:
    with (
        temporary_folder() as folder,
        RunningPlatform(folder / "data", *OPTIONS, environment=ENVIRONMENT) as platform,
    ):
        yield platform
        platform.stop()


@pytest.fixture
def client(limited: RunningPlatform) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=limited.addresses["http"], trust_env=False, timeout=30) as client:
        yield client


def refused(client: httpx.Client, of: str) -> float:
    lines = client.get("/metrics").text.splitlines()
    name = f'mkondo_rate_limited_total{{rate="{of}"}} '
    return next(float(line.removeprefix(name)) for line in lines if line.startswith(name))


def test_an_address_that_storms_is_held_to_its_rate_and_the_next_one_is_not(client: httpx.Client) -> None:
    mine, other, before = {"X-Forwarded-For": "196.1.2.3"}, {"X-Forwarded-For": "196.1.2.4"}, refused(client, "address")
    began = time.monotonic()
    answers = [client.get(GET_SESSION, headers=mine) for _ in range(STORM)]
    seconds = time.monotonic() - began
    too_many = [answer for answer in answers if answer.status_code == 429]
    taken = STORM - len(too_many)
    assert PER_ADDRESS <= taken <= PER_ADDRESS * (seconds + 1)
    assert {answer.status_code for answer in answers} == {400, 429}
    assert {answer.json()["output_ResponseDesc"] for answer in too_many} == {
        "Too many requests from this address. Please try again."
    }
    assert refused(client, "address") - before == len(too_many)
    assert client.get(GET_SESSION, headers=other).status_code == 400


def test_the_management_api_is_held_to_the_same(client: httpx.Client) -> None:
    mine = {"X-Forwarded-For": "196.1.2.5"}
    answers = [client.get("/api/v1/sandbox/applications", headers=mine) for _ in range(STORM)]
    assert {answer.status_code for answer in answers} == {401, 429}
    assert client.get("/health/live", headers=mine).status_code == 200


def test_an_application_is_held_to_its_rate_from_wherever_it_calls(
    limited: RunningPlatform, client: httpx.Client
) -> None:
    bearer, before = headers(limited), refused(client, "application")
    began = time.monotonic()
    answers = [
        client.get(GET_SESSION, headers=bearer | {"X-Forwarded-For": f"196.1.3.{number}"}) for number in range(STORM)
    ]
    seconds = time.monotonic() - began
    too_many = [answer for answer in answers if answer.status_code == 429]
    assert PER_APPLICATION <= STORM - len(too_many) <= PER_APPLICATION * (seconds + 1)
    assert {answer.json()["output_ResponseDesc"] for answer in too_many} == {
        "Too many requests of this application. Please try again."
    }
    assert refused(client, "application") - before == len(too_many)
