"""A subscriber over HTTP, as a process that a test may kill: the balance of every account, in a file.

    python -m tests.system.follower ADDRESS TOKEN FILE

What docs/examples/subscriber.py does from Kafka: whenever it is killed, its last id and its balances agree.
"""

import json
import sys
from pathlib import Path
from typing import Any

import httpx

from docs.examples.subscriber import MOVED

SECONDS_MAX = 30.0


def follow(address: str, token: str, file: Path) -> None:
    kept: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {"id": "", "balances": {}, "seen": {}}
    headers = {"Authorization": f"Bearer {token}", "Last-Event-ID": kept["id"]}
    with httpx.stream("GET", f"{address}/api/v1/sandbox/events", headers=headers, timeout=SECONDS_MAX) as answer:
        answer.raise_for_status()
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if name == "id":
                kept["id"] = value
            elif name == "data":
                take(json.loads(value), kept)
                new = file.with_suffix(".new")
                new.write_text(json.dumps(kept))
                new.replace(file)


def take(event: dict[str, Any], kept: dict[str, Any]) -> None:
    """A gap would be a loss: over HTTP all families come in one stream."""
    source, sequence, data = event["source"], int(event["sequence"]), event["data"]
    assert sequence == kept["seen"].get(source, 0) + 1, f"{source}: {sequence} behind {kept['seen'].get(source, 0)}"
    kept["seen"][source] = sequence
    if account := MOVED.get(data["type"]):
        kept["balances"][account(data)] = data["balance"]


if __name__ == "__main__":
    follow(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
