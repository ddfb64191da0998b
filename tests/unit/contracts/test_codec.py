"""The codec: every message type comes back as it went, old versions are lifted, anything else is a clear error."""

import importlib
import pkgutil
from typing import Any

import msgspec
import pytest

from mkondo import domain
from mkondo.contracts import events
from mkondo.contracts.codec import Unreadable, decode, encode, type_of
from mkondo.contracts.events import BY_NAME, BY_STRUCT, MESSAGES, PUBLIC_TOPICS, MessageType
from mkondo.domain.decider import TimerDue
from mkondo.domain.ids import ApplicationId, SessionHash
from mkondo.domain.mandate import CancelMandate, Collection, CreateMandate, FindMandate
from mkondo.domain.request import Ask, DecideReservation
from mkondo.domain.reversal import ReversalOf
from mkondo.domain.session import SessionRevoked

REVOKED = SessionRevoked(ApplicationId("app-1"), SessionHash("ab" * 32), "the operator said so")


def example(kind: Any) -> Any:
    """A value of a type with every field filled, optional ones included, so that none is lost unnoticed."""
    return msgspec.convert(_plain(msgspec.inspect.type_info(kind)), kind)


def _plain(info: msgspec.inspect.Type) -> Any:
    match info:
        case msgspec.inspect.StructType(fields=fields, array_like=True):
            return [_plain(field.type) for field in fields]
        case msgspec.inspect.StructType(fields=fields, tag=tag, tag_field=tag_field):
            plain = {field.encode_name: _plain(field.type) for field in fields}
            return plain | ({tag_field: tag} if tag_field else {})
        case msgspec.inspect.UnionType(types=types):
            return _plain(next(kind for kind in types if not isinstance(kind, msgspec.inspect.NoneType)))
        case msgspec.inspect.DictType(key_type=key, value_type=value):
            return {_plain(key): _plain(value)}
        case msgspec.inspect.VarTupleType(item_type=item) | msgspec.inspect.ListType(item_type=item):
            return [_plain(item)]
        case msgspec.inspect.TupleType(item_types=items):
            return [_plain(item) for item in items]
        case msgspec.inspect.LiteralType(values=values):
            return values[0]
        case msgspec.inspect.EnumType(cls=cls):
            return next(iter(cls)).value
        case msgspec.inspect.BoolType():
            return True
        case msgspec.inspect.IntType():
            return 7
        case msgspec.inspect.StrType():
            return "text"
        case _:
            raise AssertionError(f"a message may not have a field of {info}")


@pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.name)
def test_every_message_type_comes_back_as_it_went(kind: MessageType) -> None:
    message = example(kind.struct)
    assert type_of(message) is kind
    assert decode(kind.name, kind.version, encode(message)) == message


def test_a_type_has_one_line_in_the_table_and_a_topic_that_exists() -> None:
    assert len(BY_NAME) == len(MESSAGES)
    assert {kind.topic for kind in MESSAGES} <= {None, *PUBLIC_TOPICS}


PARTS = (DecideReservation, CreateMandate, CancelMandate, FindMandate, Ask, Collection, ReversalOf)
"""What stands inside a message and is told from its like by its tag; it never travels alone."""


def test_every_tagged_struct_of_the_domain_has_its_line() -> None:
    for module in pkgutil.walk_packages(domain.__path__, "mkondo.domain."):
        for kind in vars(importlib.import_module(module.name)).values():
            if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind.__struct_config__.tag is not None:
                assert kind in BY_STRUCT or kind in (TimerDue, *PARTS), (
                    f"{kind.__name__} is missing in contracts/events.py"
                )


def test_bytes_are_read_by_the_type_beside_them_not_by_their_tag() -> None:
    assert decode("SessionRevoked", 1, b'{"application":"app-1","session":"s","reason":"r"}') == SessionRevoked(
        ApplicationId("app-1"), SessionHash("s"), "r"
    )


def test_a_field_from_a_newer_minor_change_is_ignored() -> None:
    fields = msgspec.json.decode(encode(REVOKED)) | {"later": 1}
    assert decode("SessionRevoked", 1, msgspec.json.encode(fields)) == REVOKED


def test_an_unknown_type_is_a_clear_error() -> None:
    with pytest.raises(Unreadable, match=r"unknown message type 'MoneyTeleported'.*upgrade"):
        decode("MoneyTeleported", 1, b"{}")


def test_a_newer_version_is_a_clear_error() -> None:
    with pytest.raises(Unreadable, match=r"SessionRevoked has version 2, newer than 1: upgrade"):
        decode("SessionRevoked", 2, encode(REVOKED))


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"{}", b'{"application":1}', b"\xff", b'{"type":"\xff"}', b'{"\xff":1}', b'{"type":' * 3_000],
)
def test_bytes_of_another_shape_are_a_clear_error(data: bytes) -> None:
    with pytest.raises(Unreadable, match="SessionRevoked version 1"):
        decode("SessionRevoked", 1, data)


def test_an_old_version_is_lifted_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes of version 1 called the reason `why`, those of version 2 had none for an operator's own wish."""
    monkeypatch.setitem(BY_NAME, "SessionRevoked", MessageType(SessionRevoked, version=3, topic=events.APPLICATION))
    upcasters = {
        ("SessionRevoked", 1): lambda fields: {**fields, "cause": fields.pop("why")},
        ("SessionRevoked", 2): lambda fields: {**fields, "reason": fields.pop("cause")},
    }
    old = b'{"type":"SessionRevokedLongAgo","application":"app-1","session":"s","why":"r"}'
    new = SessionRevoked(ApplicationId("app-1"), SessionHash("s"), "r")
    assert decode("SessionRevoked", 1, old, upcasters) == new
    with pytest.raises(Unreadable, match="no upcaster from version 2"):
        decode("SessionRevoked", 2, b'{"application":"app-1","session":"s","cause":"r"}', {})
