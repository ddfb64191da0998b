"""Fixtures that several suites share."""

from mkondo.testing.postgres import database as database
from mkondo.testing.postgres import databases as databases
from mkondo.testing.postgres import postgres_server as postgres_server
