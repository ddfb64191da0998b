"""docs/events.md with its table of events as it is now: which there are, who writes them, what they say."""

import sys
from collections.abc import Iterator
from pathlib import Path

from mkondo.contracts.cloud_events import ATTRIBUTES
from mkondo.contracts.events import PUBLIC_TOPICS
from mkondo.contracts.released import every_event
from mkondo.contracts.schemas import PublicEvent
from mkondo.topology import TOPOLOGY
from services.cli.documents.asyncapi import FAMILIES, HEADERS
from services.cli.documents.schemas import file_name

PAGE = Path(__file__).resolve().parents[3] / "docs" / "events.md"
EXAMPLE = PAGE.parent / "examples" / "subscriber.py"
ENDS = "<!-- end -->"


def renewed(page: str) -> str:
    """The page with its generated parts as they are now."""
    for name, lines in (("attributes", _attributes()), ("subscriber", _subscriber()), ("events", _events())):
        begins = f"<!-- {name}: written by make generate -->"
        before, _, rest = page.partition(begins)
        _, _, after = rest.partition(ENDS)
        page = f"{before}{begins}\n\n" + "\n".join(lines) + f"\n\n{ENDS}{after}"
    return page


def _attributes() -> Iterator[str]:
    yield "| Kafka header | over HTTP | what |"
    yield "|---|---|---|"
    for name, says in ATTRIBUTES.items():
        header = "`content-type`" if name == "datacontenttype" else f"`ce_{name}`"
        yield f"| {header} | `{name}` | {says} |"
    for name, says in HEADERS.items():
        if name != "content-type":
            yield f"| `{name}` | – | {says} |"


def _subscriber() -> Iterator[str]:
    yield "```python"
    yield EXAMPLE.read_text(encoding="utf-8").rstrip()
    yield "```"


def _events() -> Iterator[str]:
    events = every_event()
    for family in PUBLIC_TOPICS:
        yield f"### `mkondo.{{environment}}.{family}`"
        yield ""
        yield FAMILIES[family]
        yield ""
        yield "| event | version | written by | what happened |"
        yield "|---|---|---|---|"
        for event in events:
            if event.topic == family:
                yield _line(event)
        yield ""


def _line(event: PublicEvent) -> str:
    writers = ", ".join(row.service for row in TOPOLOGY if event.type in row.emits)
    says = event.description.partition("\n\n")[0].replace("\n", " ").replace("|", "\\|")
    return f"| `{event.type}` | [{event.version}](events/{file_name(event)}) | {writers} | {says} |"


if __name__ == "__main__":
    sys.stdout.write(renewed(PAGE.read_text(encoding="utf-8")))
