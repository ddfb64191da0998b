"""Sends the load from a process of its own, and reads what came of each request.

The program is load.c, compiled when it is first needed. Where there is no C compiler, client.py does the same in
Python: it costs more of the machine, and the report says so. Read next: scenario.py.
"""

import asyncio
import json
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

HERE = Path(__file__).parent
PROGRAM = HERE.parents[1] / ".cache" / "bench" / "load"

NUMBER, CUSTOMER, SHOP, BEARER = "\x01", "\x02", "\x03", "\x04"
"""What the program replaces in a template, see load.c."""


class Load(msgspec.Struct, frozen=True):
    """`rate` 0: as fast as answers come. `first` is the first request's number."""

    url: str
    connections: int
    seconds: float
    template: str
    bearers: Sequence[str]
    rate: float = 0
    first: int = 0


class Answered(msgspec.Struct, frozen=True):
    """One request: when its answer was complete, and how long that took. Status 0: the connection broke."""

    number: int
    status: int
    microseconds: int
    at_ms: int


class Loaded(msgspec.Struct, frozen=True):
    """What a load came to. `cpu_seconds` is what the load process itself used."""

    load: Load
    answers: list[Answered]
    cpu_seconds: float

    def accepted(self) -> list[Answered]:
        return [answer for answer in self.answers if answer.status == 201]

    def next_number(self) -> int:
        return max((answer.number for answer in self.answers), default=self.load.first) + 1


def program() -> list[str]:
    """The command that sends load: the compiled program, or Python."""
    source = HERE / "load.c"
    if PROGRAM.exists() and PROGRAM.stat().st_mtime >= source.stat().st_mtime:
        return [str(PROGRAM)]
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        return [sys.executable, str(HERE / "client.py")]
    PROGRAM.parent.mkdir(parents=True, exist_ok=True)
    made = subprocess.run([compiler, "-O2", "-o", str(PROGRAM), str(source)], capture_output=True, text=True)
    if made.returncode != 0:
        print(f"load.c does not compile here, so Python sends the load: {made.stderr.splitlines()[0]}")
        return [sys.executable, str(HERE / "client.py")]
    return [str(PROGRAM)]


async def send(load: Load, sender: Sequence[str] = ()) -> Loaded:
    """Run the load to its end. `sender`: the command that sends it, instead of the best that this machine has."""
    with tempfile.TemporaryDirectory() as folder:
        template, bearers, results = (Path(folder) / name for name in ("template", "bearers", "results"))
        template.write_bytes(load.template.encode())
        bearers.write_text("".join(f"{bearer}\n" for bearer in load.bearers))
        where = urlsplit(load.url)
        numbers = (load.connections, load.seconds, load.rate, load.first)
        command = [*(sender or program()), str(where.hostname), str(where.port), *map(str, numbers)]
        process = await asyncio.create_subprocess_exec(
            *command, str(template), str(bearers), str(results), stdout=subprocess.PIPE
        )
        said, _ = await process.communicate()
        if process.returncode != 0:
            raise RuntimeError(f"the load process ended with {process.returncode}")
        answers = [Answered(row[0], row[1], row[2], row[3]) for row in struct.iter_unpack("=4I", results.read_bytes())]
    return Loaded(load, answers, float(json.loads(said)["cpu_seconds"]))


def payment_template(path: str, prefix: str, shop: str = "000000") -> str:
    """A C2B request of 1.00 TZS; every request has a conversation id of its own, `prefix` and its number."""
    fields = {
        "input_Amount": "1.00",
        "input_Country": "TZN",
        "input_Currency": "TZS",
        "input_CustomerMSISDN": f"25571000{CUSTOMER}",
        "input_ServiceProviderCode": shop,
        "input_ThirdPartyConversationID": f"{prefix}{NUMBER}",
        "input_TransactionReference": f"T{NUMBER}",
        "input_PurchasedItemsDesc": "Shoes",
    }
    members = ",".join(f'"{name}":"{value}"' for name, value in fields.items())
    body = f"{{{members}}}"
    widths = {NUMBER: 10, CUSTOMER: 4, SHOP: 5}
    length = len(body) + sum(body.count(field) * (width - 1) for field, width in widths.items())
    head = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        f"Authorization: Bearer {BEARER}",
        "Origin: *",
        f"Content-Length: {length}",
    ]
    return "\r\n".join((*head, "", body))
