"""docs/events/: one JSON Schema file for each type and version of a public event, served below /docs/events too."""

import json
import sys

from mkondo.contracts.released import every_event
from mkondo.contracts.schemas import PublicEvent


def file_name(event: PublicEvent) -> str:
    return f"{event.name}.schema.json"


def as_files() -> dict[str, str]:
    """Text by file name."""
    return {file_name(event): json.dumps(event.schema, indent=1, ensure_ascii=False) + "\n" for event in every_event()}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(as_files()))
