"""Rows, commands and replies as Kafka records, and back. JSON in the value, what the receiver must know in headers.

Public event topics carry CloudEvents 1.0 in binary mode, with `source` and `sequence` beside for dropping repeats.
Read next: contracts/codec.py for the values.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import msgspec
from aiokafka import TopicPartition

from mkondo.contracts.cloud_events import SEQUENCE_DIGITS, second_of
from mkondo.contracts.codec import Unreadable, decode, encode, type_of
from mkondo.contracts.events import BY_NAME
from mkondo.contracts.journal import JournalRow, Partition, Route, parse_partition
from mkondo.domain.decider import Message, ReplyTo
from mkondo.domain.ids import partition_of
from mkondo.ports.log import Received
from mkondo.topology import commands_topic, inbox_topic, public_topic, replies_topic

Headers: TypeAlias = list[tuple[str, bytes]]


class Outgoing(msgspec.Struct, frozen=True, gc=False):
    """One record on its way to one partition of a topic."""

    to: TopicPartition
    key: bytes | None
    value: bytes
    headers: Headers


@lru_cache(maxsize=1024)
def _number(value: int) -> bytes:
    return b"%d" % value


@lru_cache(maxsize=1024)
def _text(value: str) -> bytes:
    """The bytes of one of the few words that stand in headers: types and sources."""
    return value.encode()


@lru_cache(maxsize=1024)
def inbox_of(environment: str, destination: str) -> TopicPartition:
    partition = parse_partition(destination)
    return TopicPartition(inbox_topic(environment, partition.decider), partition.number)


def commands_of(environment: str, partition: Partition) -> TopicPartition:
    return TopicPartition(commands_topic(environment, partition.decider), partition.number)


def replies_of(environment: str, number: int) -> TopicPartition:
    return TopicPartition(replies_topic(environment), number)


def row_records(environment: str, rows: Sequence[JournalRow]) -> Iterator[Outgoing]:
    """A record for each row's every destination, and one for its public topic, in the order of the rows."""
    for row in rows:
        for route in row.routes:
            yield Outgoing(inbox_of(environment, route.destination), None, row.data, _row_headers(row, route))
        kind = BY_NAME.get(row.type)
        if kind is not None and kind.topic is not None:
            to = TopicPartition(public_topic(environment, kind.topic), partition_of(row.key))
            yield Outgoing(to, row.key.encode(), row.data, _public_headers(environment, row))


def _row_headers(row: JournalRow, route: Route) -> Headers:
    return [
        ("source", _text(row.source)),
        ("sequence", b"%d" % row.sequence),
        ("previous", b"%d" % route.previous),
        ("type", _text(row.type)),
        ("version", _number(row.version)),
    ]


def _public_headers(environment: str, row: JournalRow) -> Headers:
    """What contracts/cloud_events.py says, written out: four times in every payment, it is worth it."""
    source, sequence, key = _text(row.source), b"%d" % row.sequence, row.key.encode()
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", b"%b/%b" % (source, sequence)),
        ("ce_source", _text(f"/mkondo/{environment}/{row.source}")),
        ("ce_type", _text(f"mkondo.{row.type}.v{row.version}")),
        ("ce_time", b"%b.%03dZ" % (_text(second_of(row.time)), row.time % 1000)),
        ("ce_subject", key),
        ("ce_partitionkey", key),
        ("ce_sequence", b"%0*d" % (SEQUENCE_DIGITS, row.sequence)),
        ("content-type", b"application/json"),
        ("source", source),
        ("sequence", sequence),
    ]


def command_record(environment: str, partition: Partition, command: Message) -> Outgoing:
    return Outgoing(commands_of(environment, partition), None, encode(command), _type_headers(command))


def reply_record(environment: str, reply_to: ReplyTo, message: Message) -> Outgoing:
    incarnation = ("incarnation", reply_to.incarnation.encode())
    to = replies_of(environment, reply_to.partition)
    return Outgoing(to, None, encode(message), [incarnation, *_type_headers(message)])


def _type_headers(message: Message) -> Headers:
    kind = type_of(message)
    return [("type", _text(kind.name)), ("version", _number(kind.version))]


def read_row(headers: Sequence[tuple[str, bytes]], value: bytes) -> Received:
    """The row that an inbox topic's record carries. Raises Unreadable."""
    named = dict(headers)
    try:
        source, sequence, previous = named["source"], named["sequence"], named["previous"]
        return Received(source.decode(), int(sequence), int(previous), _message(named, value))
    except (KeyError, ValueError) as trouble:
        raise Unreadable(f"a record without the headers of a row: {trouble}") from trouble


def read_message(headers: Sequence[tuple[str, bytes]], value: bytes) -> Message:
    """The command or reply that a record carries. Raises Unreadable."""
    try:
        return _message(dict(headers), value)
    except (KeyError, ValueError) as trouble:
        raise Unreadable(f"a record without the headers of a message: {trouble}") from trouble


def read_incarnation(headers: Sequence[tuple[str, bytes]]) -> str:
    """Which life of an asking process a reply is for. Raises Unreadable."""
    for name, value in headers:
        if name == "incarnation":
            return value.decode()
    raise Unreadable("a reply without an incarnation")


def _message(named: dict[str, bytes], value: Any) -> Message:
    return decode(named["type"].decode(), int(named["version"]), value)
