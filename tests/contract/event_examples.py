"""Bytes of every public event as this version writes them, so that every later version can be seen to read them.

    python -m tests.contract.event_examples

writes tests/contract/events/TYPE.vN.jsonl for the types and versions that have none. A file that is there is never
rewritten: it stands for bytes in journals and topics, and they are for ever. Read next: test_old_events.py.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import msgspec
from msgspec import inspect

from mkondo.contracts.codec import encode
from mkondo.contracts.events import MESSAGES, MessageType

FOLDER = Path(__file__).parent / "events"
COMMAND = "python -m tests.contract.event_examples"

PUBLIC = tuple(kind for kind in MESSAGES if kind.topic)


def file_of(name: str, version: int) -> Path:
    return FOLDER / f"{name}.v{version}.jsonl"


def lines_of(kind: MessageType) -> list[bytes]:
    """The smallest event of this type, then full ones: with every field, and every choice of every union and enum."""
    info = inspect.type_info(kind.struct)
    plain = [_smallest(info), *(_full(info, turn, "") for turn in range(_choices(info)))]
    encoded = [encode(msgspec.convert(one, kind.struct)) for one in plain]
    return list(dict.fromkeys(encoded))


def write_missing() -> Iterator[Path]:
    """Those that were written."""
    FOLDER.mkdir(exist_ok=True)
    for kind in PUBLIC:
        file = file_of(kind.name, kind.version)
        if not file.exists():
            file.write_bytes(b"\n".join((*lines_of(kind), b"")))
            yield file


def _fields(info: inspect.StructType) -> list[inspect.Field]:
    return list(info.fields)


def _choices(info: inspect.Type) -> int:
    """How many values it takes to show every choice at least once."""
    match info:
        case inspect.StructType(fields=fields):
            return max((_choices(field.type) for field in fields), default=1)
        case inspect.UnionType(types=types):
            return sum(_choices(one) for one in types)
        case inspect.LiteralType(values=values):
            return len(values)
        case inspect.EnumType(cls=cls):
            return len(cls)
        case inspect.BoolType():
            return 2
        case inspect.DictType(value_type=inner) | inspect.VarTupleType(item_type=inner):
            return _choices(inner)
        case inspect.TupleType(item_types=items):
            return max(_choices(item) for item in items)
        case _:
            return 1


def _full(info: inspect.Type, turn: int, name: str) -> Any:
    """A value with every field, its choices by turns. Texts and numbers are their field's own, so that none can take
    another's place unnoticed."""
    match info:
        case inspect.StructType(array_like=True):
            return [_full(field.type, turn, field.encode_name) for field in _fields(info)]
        case inspect.StructType(tag=tag, tag_field=tag_field):
            plain = {field.encode_name: _full(field.type, turn, field.encode_name) for field in _fields(info)}
            return plain | ({tag_field: tag} if tag_field else {})
        case inspect.UnionType(types=types):
            turn %= _choices(info)
            for one in types:
                if turn < _choices(one):
                    return _full(one, turn, name)
                turn -= _choices(one)
        case inspect.DictType(key_type=key, value_type=value):
            return {_full(key, turn, f"{name} key"): _full(value, turn, name)}
        case inspect.VarTupleType(item_type=item):
            return [_full(item, turn, name), _full(item, turn + 1, f"{name} 2")]
        case inspect.TupleType(item_types=items):
            return [_full(item, turn, f"{name} {place}") for place, item in enumerate(items)]
        case inspect.EnumType(cls=cls):
            return list(cls)[turn % len(cls)].value
        case inspect.BoolType():
            return turn % 2 == 0
        case inspect.IntType():
            return crc32(name.encode())
        case inspect.StrType():
            return f"{name} 'ħ' \"–\" \\"
        case inspect.NoneType():
            return None
    raise AssertionError(f"an event may not have a field of {info}")


def _smallest(info: inspect.Type) -> Any:
    """A value with its required fields alone, the shortest that there is."""
    match info:
        case inspect.StructType(array_like=True):
            return [_smallest(field.type) for field in _fields(info)]
        case inspect.StructType(tag=tag, tag_field=tag_field):
            needed = [field for field in _fields(info) if field.required]
            plain = {field.encode_name: _smallest(field.type) for field in needed}
            return plain | ({tag_field: tag} if tag_field else {})
        case inspect.UnionType(types=types):
            return _smallest(types[0])
        case inspect.DictType():
            return {}
        case inspect.VarTupleType():
            return []
        case inspect.TupleType(item_types=items):
            return [_smallest(item) for item in items]
        case inspect.IntType():
            return 0
        case inspect.StrType():
            return ""
        case _:
            return _full(info, 0, "")


if __name__ == "__main__":
    for path in write_missing():
        sys.stdout.write(f"wrote {path.name}\n")
