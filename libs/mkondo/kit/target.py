"""Whom the cases are run against: an address, the applications to call as, and the parties to name.

Read next: run.py.
"""

from collections.abc import Mapping

import msgspec

from mkondo.kit.case import Call, Caller, Case, Need
from mkondo.kit.phrases import TEST_SHORTCODE


class Parties(msgspec.Struct, frozen=True):
    """Who there is in one market. `poor_customer` is empty where nobody is known to be poor."""

    country: str
    currency: str
    customer: str
    poor_customer: str = ""


class Side(msgspec.Struct, frozen=True):
    """One application: in which environment, with which keys, under which shortcode."""

    environment: str
    public_key: str
    api_key: str
    shortcode: str
    receiver: str


class Management(msgspec.Struct, frozen=True):
    """The way to change the first application."""

    application: str
    token: str


class Target(msgspec.Struct, frozen=True):
    """One implementation. `compatible` says whether the first application has the switches of section 10.7 on."""

    base_url: str
    market: str
    sides: Mapping[Caller, Side]
    markets: Mapping[str, Parties]
    origin: str = "*"
    compatible: bool = False
    management: Management | None = None

    def side(self, call: Call) -> Side:
        return self.sides[call.caller]

    def lacks(self, case: Case) -> str:
        """Why a case can't be tried here, in words; empty when it can."""
        return "; ".join(sorted(need.value for need in case.needs if not self._has(need)))

    def _has(self, need: Need) -> bool:
        first = self.sides[Caller.FIRST]
        match need:
            case Need.TEST_VALUES:
                return first.environment == "sandbox" and first.shortcode == TEST_SHORTCODE
            case Need.COMPATIBLE:
                return self.compatible
            case Need.STRICT | Need.TWO_APPLICATIONS:
                return Caller.STRICT in self.sides
            case Need.LIVE:
                return Caller.LIVE in self.sides
            case Need.POOR_CUSTOMER:
                return bool(self.markets[self.market].poor_customer)
            case Need.MANAGEMENT:
                return self.management is not None
            case Need.LESOTHO:
                return "vodacomLES" in self.markets
