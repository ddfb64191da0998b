"""What may be changed of an application, and what is refused in words."""

import pytest

from mkondo.domain.application import Configuration
from mkondo.domain.environments import LIVE, SANDBOX
from services.portal.api.changes import ApplicationChange, apply
from services.portal.api.errors import Refused


def change(url: str, environment: str) -> str:
    """The address that is in force then."""
    return apply(
        Configuration("Shop", "0" * 64, {}), ApplicationChange.model_validate({"response_url": url}), environment
    ).response_url


@pytest.mark.parametrize("url", ["http://merchant.example/", "HTTP://merchant.example/", "Http://merchant.example/"])
def test_in_live_results_are_pushed_over_https_however_the_scheme_is_spelt(url: str) -> None:
    with pytest.raises(Refused, match="https only"):
        change(url, LIVE)
    assert change(url, SANDBOX) == url


@pytest.mark.parametrize("environment", [SANDBOX, LIVE])
def test_an_address_without_a_password_is_taken_and_one_can_be_taken_away(environment: str) -> None:
    for url in ("https://merchant.example/", "HTTPS://merchant.example/", ""):
        assert change(url, environment) == url
    with pytest.raises(Refused, match="no address"):
        change("https://user:secret@merchant.example/", environment)
