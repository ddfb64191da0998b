"""Whose an event is: every public type says, or says nobody; and in live no scope is taken for an application."""

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from mkondo.contracts.belonging import NAMED, SCOPED, application_of
from mkondo.contracts.codec import decode, encode
from mkondo.contracts.events import BY_NAME, MESSAGES, MessageType
from mkondo.domain.account import AccountOpened, JournalEntryPosted, till, transfer, wallet
from mkondo.domain.ids import AccountId, ApplicationId
from mkondo.domain.mandate import MandateKey
from mkondo.domain.mandates import MandateApproved
from mkondo.domain.reversals import PaymentReversed, ReversalDeclined
from tests.contract.event_examples import file_of

PUBLIC = [kind for kind in MESSAGES if kind.topic]


def test_each_public_type_has_one_line() -> None:
    assert {kind.struct for kind in PUBLIC} == NAMED.keys() | SCOPED.keys()
    assert not NAMED.keys() & SCOPED.keys()


@pytest.mark.parametrize("kind", PUBLIC, ids=lambda kind: kind.name)
def test_the_application_is_found_in_every_shape_of_the_event(kind: MessageType) -> None:
    """And what an event says of itself, it says: a filter that looks for the text first misses nothing."""
    for line in file_of(kind.name, kind.version).read_bytes().splitlines():
        event: Any = msgspec.json.decode(line, type=kind.struct)
        for environment in ("sandbox", "openapi"):
            found = application_of(environment, event)
            assert found == "" or found in ("application 'ħ' \"–\" \\", "scope 'ħ' \"–\" \\")


@pytest.mark.parametrize("kind", [ReversalDeclined, PaymentReversed], ids=lambda kind: kind.__name__)
def test_what_became_of_a_reversal_belongs_to_whoever_asked_for_it_and_an_old_event_to_nobody(kind: type[Any]) -> None:
    shape = BY_NAME[kind.__name__]
    for line in file_of(shape.name, 1).read_bytes().splitlines():
        old: Any = decode(shape.name, 1, line)  # written before it named its application
        told = decode(shape.name, shape.version, encode(replace(old, application=ApplicationId("shop"))))
        for environment in ("sandbox", "openapi"):
            assert application_of(environment, old) == ""
            assert application_of(environment, told) == "shop"


def entry(debited: str, credited: str) -> JournalEntryPosted:
    return JournalEntryPosted("e", "p", "TZS", transfer(AccountId(debited), AccountId(credited), 1), 0)


def test_accounts_and_mandates_belong_to_their_scope_in_the_sandbox_only() -> None:
    opened = AccountOpened(wallet("shop", "255700000001", "TZS"), "TZS", 0)
    approved = MandateApproved(MandateKey("shop", "vodacomTZN", "r", "c"), "1")
    for event in (opened, approved, entry(wallet("shop", "1", "TZS"), till("shop", "2", "TZS"))):
        assert application_of("sandbox", event) == "shop"
        assert application_of("openapi", event) == ""


def test_an_entry_of_two_scopes_belongs_to_nobody_and_one_with_the_platforms_own_account_to_the_other() -> None:
    assert application_of("sandbox", entry(wallet("shop", "1", "TZS"), wallet("other", "1", "TZS"))) == ""
    assert application_of("sandbox", entry("funding/vodacomTZN/TZS#3", wallet("shop", "1", "TZS"))) == "shop"
    assert application_of("sandbox", entry("funding/vodacomTZN/TZS#3", "suspense/TZS#3")) == ""
