"""The balance of every account, kept up in a file from the ledger's topic alone: `subscriber.py BROKER TOPIC FILE`."""

import asyncio
import json
import sys
from pathlib import Path

from aiokafka import AIOKafkaConsumer, ConsumerRecord

MOVED = {"JournalEntryPosted": lambda data: data["postings"][0][0], "CreditApplied": lambda data: data["account"]}
MOVED["CreditSuspended"] = lambda data: data["suspense"]  # each names the account whose `balance` it tells


def take(record: ConsumerRecord, seen: dict[str, int], balances: dict[str, int]) -> None:
    headers, data = dict(record.headers), json.loads(record.value)
    source, sequence = headers["source"].decode(), int(headers["sequence"])
    if sequence > seen.get(source, 0):  # else it is a repeat
        seen[source] = sequence
        if account := MOVED.get(data["type"]):
            balances[account(data)] = data["balance"]


async def follow(broker: str, topic: str, file: Path) -> None:
    kept = json.loads(file.read_text()) if file.exists() else {"seen": {}, "balances": {}, "offsets": {}}
    async with AIOKafkaConsumer(topic, bootstrap_servers=broker, auto_offset_reset="earliest") as consumer:
        for partition in consumer.assignment():
            if (offset := kept["offsets"].get(str(partition.partition))) is not None:
                consumer.seek(partition, offset)
        while True:
            for partition, records in (await consumer.getmany(timeout_ms=1000)).items():
                for record in records:
                    take(record, kept["seen"], kept["balances"])
                kept["offsets"][str(partition.partition)] = records[-1].offset + 1
            new = file.with_suffix(".new")
            new.write_text(json.dumps(kept))
            new.replace(file)  # all at once: whenever it is killed, places and balances agree


if __name__ == "__main__":
    asyncio.run(follow(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
