"""Signatures: the published example of Standard Webhooks, and everything that is not exactly signed."""

import base64

import pytest

from mkondo.contracts.signature import (
    ID,
    SIGNATURE,
    TIMESTAMP,
    TOLERANCE_SECONDS,
    Secret,
    distrust,
    read_secret,
    sign,
)

SECRET = read_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
OTHER = Secret(b"twenty-four other bytes!")
NAME, NOW, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b'{"test": 2432232314}'
HEADERS = {ID: NAME, TIMESTAMP: str(NOW), SIGNATURE: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}


def test_the_published_example_is_signed_byte_for_byte() -> None:
    assert sign([SECRET], NAME, NOW, BODY) == HEADERS


def test_what_is_rightly_signed_is_trusted_until_the_tolerance_ends() -> None:
    assert distrust([SECRET], HEADERS, NOW, BODY) == ""
    assert distrust([SECRET], HEADERS, NOW + TOLERANCE_SECONDS, BODY) == ""
    assert distrust([SECRET], HEADERS, NOW - TOLERANCE_SECONDS, BODY) == ""
    assert "too long ago" in distrust([SECRET], HEADERS, NOW + TOLERANCE_SECONDS + 1, BODY)
    assert "in the future" in distrust([SECRET], HEADERS, NOW - TOLERANCE_SECONDS - 1, BODY)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({ID: ""}, "not signed"),
        ({ID: "msg_other"}, "wrong"),
        ({TIMESTAMP: str(NOW + 1)}, "wrong"),
        ({TIMESTAMP: ""}, "no number"),
        ({TIMESTAMP: "-5"}, "no number"),
        ({TIMESTAMP: "1e9"}, "no number"),
        ({TIMESTAMP: "١٦١٤٢٦٥٣٣٠"}, "no number"),
        ({TIMESTAMP: "9" * 5_000}, "no number"),
        ({SIGNATURE: ""}, "not signed"),
        ({SIGNATURE: HEADERS[SIGNATURE][:-1]}, "wrong"),
        ({SIGNATURE: HEADERS[SIGNATURE].removeprefix("v1,")}, "wrong"),
        ({SIGNATURE: HEADERS[SIGNATURE].replace("v1,", "v2,")}, "wrong"),
        ({SIGNATURE: "v1,"}, "wrong"),
        ({SIGNATURE: "v1,é"}, "wrong"),
    ],
)
def test_one_changed_header_is_enough(changed: dict[str, str], why: str) -> None:
    assert why in distrust([SECRET], {**HEADERS, **changed}, NOW, BODY)


@pytest.mark.parametrize("header", [ID, TIMESTAMP, SIGNATURE])
def test_one_missing_header_is_enough(header: str) -> None:
    assert distrust([SECRET], {name: value for name, value in HEADERS.items() if name != header}, NOW, BODY)


def test_any_flipped_bit_of_the_body_is_enough() -> None:
    for place in range(len(BODY) * 8):
        flipped = bytearray(BODY)
        flipped[place // 8] ^= 1 << place % 8
        assert distrust([SECRET], HEADERS, NOW, bytes(flipped)) == "its signature is wrong"


def test_another_secret_is_not_enough_but_one_of_several_is() -> None:
    assert distrust([OTHER], HEADERS, NOW, BODY) == "its signature is wrong"
    assert distrust([OTHER, SECRET], HEADERS, NOW, BODY) == ""
    assert distrust([SECRET], sign([OTHER, SECRET], NAME, NOW, BODY), NOW, BODY) == ""


@pytest.mark.parametrize(
    "text", ["", "shared", "whsec_", "whsec_short", "whsec_!!!!" * 9, base64.b64encode(b"x" * 32).decode(),
             "whsec_" + base64.b64encode(b"x" * 23).decode(), "whsec_" + base64.b64encode(b"x" * 65).decode()],
)  # fmt: skip
def test_a_secret_that_is_none_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(ValueError, match="whsec_ followed by base64") as refused:
        read_secret(text)
    assert not text or text == "whsec_" or text not in str(refused.value)


def test_a_secret_is_not_printed() -> None:
    assert repr(OTHER) == str(OTHER) == "Secret(…)"
