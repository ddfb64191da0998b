"""Our signatures, as the public library of Standard Webhooks verifies them: not our own code."""

import time

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from mkondo.adapters.system.ids import SystemIds
from mkondo.contracts.signature import read_secret, sign

BODY = '{"input_ResultDesc":"Imefanikiwa – é"}'.encode()
OLD, NEW, FOREIGN = (SystemIds().webhook_secret() for _ in range(3))


def test_each_secret_of_a_rotation_verifies_and_no_other() -> None:
    headers = sign([read_secret(NEW), read_secret(OLD)], "p1", int(time.time()), BODY)
    for secret in (OLD, NEW):
        assert Webhook(secret).verify(BODY, headers)["input_ResultDesc"] == "Imefanikiwa – é"
    with pytest.raises(WebhookVerificationError):
        Webhook(FOREIGN).verify(BODY, headers)


@pytest.mark.parametrize("wrong", [{"webhook-id": "p2"}, {"webhook-timestamp": str(int(time.time()) - 1)}])
def test_a_changed_id_time_or_body_does_not(wrong: dict[str, str]) -> None:
    headers = sign([read_secret(NEW)], "p1", int(time.time()), BODY)
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(BODY, headers | wrong)
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(BODY + b" ", headers)


def test_by_a_clock_that_was_moved_it_would_be_refused() -> None:
    """Why the sandbox signs by the real one."""
    headers = sign([read_secret(NEW)], "p1", int(time.time()) + 3_600, BODY)
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(BODY, headers)


def test_without_a_secret_there_is_no_signature_and_not_an_empty_one() -> None:
    assert sign([], "p1", 7, BODY) == {"webhook-id": "p1", "webhook-timestamp": "7"}
