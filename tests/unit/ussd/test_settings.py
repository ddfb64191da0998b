"""The gateway's settings: what is wrong is named by its variable, at start."""

from pathlib import Path

import pytest

from mkondo.adapters.ussd.settings import BadSetting, UssdSettings, read_settings
from mkondo.contracts.signature import read_secret
from mkondo.domain.markets import MARKETS

SHARED = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
GOOD = {"MKONDO_USSD_URL": "https://ussd.example/prompts", "MKONDO_USSD_SECRET": SHARED}


def test_without_an_address_there_is_no_gateway() -> None:
    assert read_settings({}) is None
    assert read_settings({"MKONDO_USSD_SECRET": SHARED}) is None


def test_an_address_and_a_secret_are_enough() -> None:
    assert read_settings(GOOD) == UssdSettings(GOOD["MKONDO_USSD_URL"], (read_secret(SHARED),), tuple(MARKETS))


def test_the_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{SHARED}\n", encoding="ascii")
    read = read_settings({"MKONDO_USSD_URL": GOOD["MKONDO_USSD_URL"], "MKONDO_USSD_SECRET_FILE": str(file)})
    assert read == read_settings(GOOD)


def test_two_secrets_overlap_while_one_is_replaced() -> None:
    read = read_settings({**GOOD, "MKONDO_USSD_SECRET": f"{SHARED} {SHARED}"})
    assert read and len(read.secrets) == 2


def test_markets_may_be_named() -> None:
    read = read_settings({**GOOD, "MKONDO_USSD_MARKETS": "vodacomTZN, vodacomLES"})
    assert read and read.markets == ("vodacomTZN", "vodacomLES")


@pytest.mark.parametrize("host", ["127.0.0.1:9000", "[::1]:9000", "localhost:9000", "127.8.8.8"])
def test_plain_http_goes_to_a_loopback_address_and_only_when_switched_on(host: str) -> None:
    plain = {**GOOD, "MKONDO_USSD_URL": f"http://{host}/"}
    assert read_settings({**plain, "MKONDO_USSD_LOOPBACK_HTTP": "on"})
    with pytest.raises(BadSetting, match="MKONDO_USSD_LOOPBACK_HTTP=on"):
        read_settings(plain)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MKONDO_USSD_URL", "ussd.example"),
        ("MKONDO_USSD_URL", "ftp://ussd.example/"),
        ("MKONDO_USSD_URL", "https://"),
        ("MKONDO_USSD_URL", "https://ussd.example:port/"),
        ("MKONDO_USSD_URL", "https://ussd.example:99999/"),
        ("MKONDO_USSD_URL", "http://ussd.example/"),
        ("MKONDO_USSD_URL", "http://192.168.1.1/"),
        ("MKONDO_USSD_URL", "http://127.0.0.1.example/"),
        ("MKONDO_USSD_URL", "https://asha:pin@ussd.example/"),
        ("MKONDO_USSD_SECRET", ""),
        ("MKONDO_USSD_SECRET", "  "),
        ("MKONDO_USSD_SECRET", "a guess"),
        ("MKONDO_USSD_SECRET", f"{SHARED} a-guess"),
        ("MKONDO_USSD_MARKETS", "vodacomTZN,atlantis"),
        ("MKONDO_USSD_LOOPBACK_HTTP", "yes"),
        ("MKONDO_USSD_CA_FILE", "/nowhere/ca.pem"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_variable_and_secrets_are_not_quoted(
    variable: str, value: str
) -> None:
    with pytest.raises(BadSetting, match=variable) as refused:
        read_settings({**GOOD, "MKONDO_USSD_LOOPBACK_HTTP": "on", variable: value})
    assert not any(secret in str(refused.value) for secret in (SHARED, "a guess", "a-guess", "asha:pin"))


@pytest.mark.parametrize("variable", ["MKONDO_USSD_SECRET_FILE", "MKONDO_USSD_CA_FILE"])
def test_a_file_with_something_else_in_it_is_refused(tmp_path: Path, variable: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"\xff\x00")
    environment = {
        name: value for name, value in GOOD.items() if variable != "MKONDO_USSD_SECRET_FILE" or "URL" in name
    }
    with pytest.raises(BadSetting, match=variable):
        read_settings({**environment, variable: str(file)})
