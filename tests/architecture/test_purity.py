"""The domain is pure, and the test that says so would notice if it were not."""

import pytest

from tests.architecture.purity import violations
from tests.architecture.sources import ROOT, python_files

DOMAIN = python_files("libs/mkondo/domain")

PLANTED = {
    "import asyncio": "imports asyncio",
    "import datetime": "imports datetime",
    "import logging": "imports logging",
    "import os.path": "imports os.path",
    "import pydantic": "imports pydantic",
    "import random": "imports random",
    "import secrets": "imports secrets",
    "import time": "imports time",
    "import uuid": "imports uuid",
    "from time import monotonic": "imports time",
    "from mkondo.ports.clock import Clock": "imports mkondo.ports.clock",
    "from mkondo.domain_extra import x": "imports mkondo.domain_extra",
    "from zoneinfo import available_timezones": "imports zoneinfo.available_timezones",
    "from .money import Money": "imports .money",
    "def f():\n    import socket": "imports socket",
    "from datetime import datetime\nx = datetime.now()": "now() asks the clock",
    "from datetime import datetime\nx = datetime.utcnow()": "utcnow() asks the clock",
    "from datetime import date\nx = date.today()": "today() asks the clock",
    "from datetime import datetime\nx = datetime.fromtimestamp(0)": "fromtimestamp() depends",
    "x = uuid.uuid4()": "uuid4() is random",
    "x = float('1')": "float() makes a float",
    "x = 1.5": "the number 1.5 is a float",
    "x = 1e3": "the number 1000.0 is a float",
    "x = 3 / 2": "/ makes a float",
    "def f(x):\n    x /= 2": "/ makes a float",
    "open('file')": "open() is I/O",
    "print('hello')": "print() is I/O",
    "x = hash('a')": "hash() differs",
    "async def decide(): ...": "waits",
    "async def decide():\n    await other()": "waits",
    "def f():\n    global last": "keeps state",
}

CLEAN = """
from datetime import UTC, datetime, timedelta
from collections.abc import Sequence
from zoneinfo import ZoneInfo
import msgspec
from mkondo.domain.money import Money

def decide(amount: int, now: int) -> int:
    return amount * now // 1000
"""


@pytest.mark.parametrize("path", DOMAIN)
def test_the_domain_has_no_clock_no_randomness_no_io_and_no_float(path: str) -> None:
    assert violations((ROOT / path).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("source", PLANTED)
def test_a_planted_impurity_is_found(source: str) -> None:
    found = [violation.what for violation in violations(source)]
    assert any(what.startswith(PLANTED[source]) for what in found), found


def test_each_violation_names_its_line() -> None:
    assert [violation.line for violation in violations("x = 1\ny = 0.5\n\nz = open('a')")] == [2, 4]


def test_pure_code_passes() -> None:
    assert violations(CLEAN) == []


def test_there_is_a_domain_to_look_at() -> None:
    assert "libs/mkondo/domain/money.py" in DOMAIN
