"""A storm of random requests from two shops in several markets, half of them good, many of them nearly so.

Everything is drawn from one seed. What was answered is kept, so that the journals can be held against it afterwards.
Read next: test_storm.py.
"""

import asyncio
import json
import random
import secrets
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from mkondo.openapi.operations import OPERATIONS, Operation
from mkondo.openapi.triggers import TRIGGERS
from tests.fuzz.faults import AMOUNTS, FAR, GOOD_AMOUNTS, LAST, MANDATORY, NO_SUCH_DAYS
from tests.fuzz.house import Answer, House
from tests.fuzz.orders import NAME, Desk, Fields, Paid, desk
from tests.fuzz.shapes import SUCCESSES

MARKETS = ("vodacomTZN", "vodafoneGHA", "vodacomLES")
NAMES = list(MANDATORY)
PAYS_AT_ONCE = ("c2b_single_stage", "b2c_payment", "b2b_payment", "reversal", "direct_debit_payment")
COLLECTS = ("direct_debit_payment", "query_direct_debit", "direct_debit_cancel")
REFERENCES = ("Ref1", "Ref2", "Ref3")

WEIRD: tuple[object, ...] = (
    "", " ", "\0", "\n", "N/A", "null", "%00", "\u0661\u0662", "\U0001f4b8", "a" * 33, "9" * 20, "0" * 20, "0" * 12,
    "000000000001", "0000000000001", "999999999999", "../../etc", "' OR 1=1 --", "a/b", "#3", "wallet/shop", None, True,
    False, 0, -1, 10**30, 1e300, 0.1, [], {}, [[]], {"a": {}}, ["x"], "1", "True", "x" * 5_000,
)  # fmt: skip
DATES = (*NO_SUCH_DAYS, FAR, LAST, "20200101", "")


@dataclass
class Storm:
    """All desks of a house, and what has been said so far."""

    house: House
    seed: int
    counted: Counter[tuple[str, str]] = field(default_factory=Counter)
    paid: set[str] = field(default_factory=set)
    """ConversationIDs whose answer says that money has moved."""
    reserved: dict[str, str] = field(default_factory=dict)
    """By TransactionID: the ConversationID of a two-step payment."""
    committed: set[str] = field(default_factory=set)
    """TransactionIDs that a decision was answered with success for."""
    refused: set[str] = field(default_factory=set)
    """ConversationIDs that were answered with anything but success."""

    def __post_init__(self) -> None:
        chance = random.Random(self.seed)
        self.desks = [
            desk(self.house, shop, market, chance.randrange(1 << 30))
            for shop in self.house.shops.values()
            for market in MARKETS
        ]

    async def rage(self, requests: int, merchants: int = 24) -> None:
        """So many requests, from many merchants at once."""
        async with asyncio.TaskGroup() as everybody:
            for number in range(merchants):
                everybody.create_task(self._merchant(number, requests // merchants))

    async def _merchant(self, number: int, requests: int) -> None:
        chance = random.Random(self.seed * 1_000 + number)
        for _ in range(requests):
            at = chance.choice(self.desks)
            name = chance.choice(NAMES)
            if chance.random() < 0.1:
                await self._noise(at, OPERATIONS[name], chance)
            else:
                await self._request(at, name, chance)

    async def _request(self, at: Desk, name: str, chance: random.Random) -> None:
        fields = self._fields(at, name, chance)
        if chance.random() < 0.5:
            spoil(fields, chance)
        answer = await at.send(name, fields)
        self.counted[name, answer.code] += 1
        try:
            self._note(at, name, fields, answer)
        except AssertionError as wrong:
            wrong.add_note(f"seed {self.seed}: {at.shop.application} in {at.market.path}: {name} {fields} {answer}")
            raise

    def _fields(self, at: Desk, name: str, chance: random.Random) -> Fields:
        """Good ones that refer to what the shop has done, or now and then to what somebody else has."""
        fields = at.fields(name)
        of = at if chance.random() < 0.8 else chance.choice(self.desks)
        paid = _one(of.paid[-200:], chance)
        reserved = _one(of.reserved[-50:], chance)
        agreed = _one(of.agreed[-50:], chance)
        if chance.random() < 0.3:
            fields |= {key: chance.choice(REFERENCES) for key in ("ThirdPartyReference",) if key in fields}
        if name == "direct_debit_creation" and chance.random() < 0.5:
            fields |= {"Frequency": chance.choice(("01", "02", "04", "08", "8"))}
        if agreed and name in COLLECTS:
            fields |= {"ThirdPartyReference": agreed.reference, "CustomerMSISDN": agreed.customer}
            fields |= {"MandateID": agreed.mandate_id} if chance.random() < 0.5 else {"MandateID": ""}
            fields |= {"MsisdnToken": agreed.token} if chance.random() < 0.5 else {}
        if reserved and name == "update_transaction_status":
            voucher = reserved.voucher or self._voucher(reserved)
            fields |= {"TransactionID": reserved.transaction_id, "VoucherCode": voucher}
            fields |= {"CustomerMSISDN": chance.choice("10")}
        if paid and name == "reversal":
            again = (
                chance.choice(of.paid[-5:]) if chance.random() < 0.5 else paid
            )  # parts that together may be too much
            part = f"{chance.randrange(1, 60)}.00" if chance.random() < 0.7 else ""
            fields |= {"TransactionID": again.transaction_id, "ReversalAmount": part}
        if paid and name == "query_transaction_status":
            known = paid.transaction_id, paid.conversation_id, paid.name
            fields |= {"QueryReference": chance.choice(known)}
        if chance.random() < 0.03:
            fields |= {NAME: paid.name} if paid else {}
        return fields

    def _voucher(self, reserved: Paid) -> str:
        """A strict shop is not told: only the customer's handset shows it, and here nobody looks."""
        return "TGS813"

    def _note(self, at: Desk, name: str, fields: Fields, answer: Answer) -> None:
        says, conversation = answer.says, answer.says["output_ConversationID"]
        if answer.code not in SUCCESSES:
            self.refused.add(conversation)
            return
        self._check_own(at, name, fields, says)
        at.remember(name, fields, answer)
        if name in PAYS_AT_ONCE:
            self.paid.add(conversation)
        elif name == "c2b_multi_stage":
            self.reserved[says["output_TransactionID"]] = conversation
        elif name == "update_transaction_status" and str(fields["CustomerMSISDN"]) == "1":
            self.committed.add(says["output_TransactionID"])

    def _check_own(self, at: Desk, name: str, fields: Fields, says: dict[str, Any]) -> None:
        """Success with a reference means that the reference was the shop's own, of this market."""
        others = [desk for desk in self.desks if desk is not at]
        if name in ("reversal", "update_transaction_status"):
            asked = fields["TransactionID"]
            assert not any(asked == paid.transaction_id for desk in others for paid in desk.paid + desk.reserved)
        if name == "query_transaction_status":
            strangers = [desk for desk in others if desk.shop is not at.shop]
            told = says["output_OriginalTransactionID"]
            assert not any(told == paid.transaction_id for desk in strangers for paid in desk.paid + desk.reserved)
        if name in COLLECTS and not any(is_test_value(fields.get(key)) for key in (*MANDATORY[name], "MandateID")):
            token, mandate_id = fields.get("MsisdnToken") or "-", fields.get("MandateID") or "-"
            for desk in others:
                for agreed in desk.agreed:
                    assert token != agreed.token, "the token of another shop or market"
                    assert mandate_id != agreed.mandate_id, "the mandate of another shop or market"

    async def _noise(self, at: Desk, operation: Operation, chance: random.Random) -> None:
        """Bytes that are no request, or nearly one. Reads get them as a query too."""
        good = {f"input_{key}": value for key, value in self._fields(at, operation.name, chance).items()}
        raw = mangled(json.dumps(good, ensure_ascii=chance.random() < 0.5).encode(), chance)
        query = mangled(urlencode(good).encode(), chance) if chance.random() < 0.3 else b""
        answer = await at.say(operation, query=query, body=raw)
        self.counted["noise", answer.code] += 1
        conversation = answer.says["output_ConversationID"]
        if answer.code not in SUCCESSES:
            self.refused.add(conversation)
        elif operation.name in PAYS_AT_ONCE:
            self.paid.add(conversation)
        elif operation.name == "c2b_multi_stage":
            self.reserved[answer.says["output_TransactionID"]] = conversation
        elif operation.name == "update_transaction_status" and str(good["input_CustomerMSISDN"]) == "1":
            self.committed.add(answer.says["output_TransactionID"])


def spoil(fields: dict[str, Any], chance: random.Random) -> None:
    """One to three fields made odd."""
    for name in chance.sample(sorted(fields), min(len(fields), chance.choice((1, 1, 2, 3)))):
        value: object = chance.choice(WEIRD)
        if name.endswith("Amount") and chance.random() < 0.6:
            value = chance.choice(AMOUNTS + GOOD_AMOUNTS)
        fields[name] = value
        if chance.random() < 0.15:
            del fields[name]
    if "AgreedTC" in fields and chance.random() < 0.4:
        for name in ("FirstPaymentDate", "ExpiryDate", "StartRangeOfDays", "EndRangeOfDays", "Frequency"):
            fields[name] = chance.choice((*DATES, "01", "04", "31", "00"))
    if chance.random() < 0.2:
        tables = [table for tables in TRIGGERS.values() for table in tables]
        table = chance.choice(tables)
        fields[table.field.removeprefix("input_")] = chance.choice(sorted(table.values()))
    if chance.random() < 0.1:
        fields[chance.choice(("ResponseURL", "Unknown", "MsisdnToken", "MandateID"))] = chance.choice(WEIRD)


def mangled(raw: bytes, chance: random.Random) -> bytes:
    """Cut, doubled, with other bytes in it, or something else altogether."""
    at = chance.randrange(len(raw) + 1)
    match chance.randrange(7):
        case 0:
            return chance.randbytes(chance.randrange(1, 300))
        case 1:
            return raw[:at]
        case 2:
            return raw[:at] + chance.randbytes(chance.randrange(1, 5)) + raw[at:]
        case 3:
            return raw[:at] + raw[max(0, at - 20) :]
        case 4:
            return b"[" * chance.randrange(1, 3_000) + raw
        case 5:
            return raw[:-1] + b"," + raw[1:]
        case _:
            return chance.choice((b"", b"null", b"[]", b"{}", b'""', b"0", b"\xef\xbb\xbf" + raw, b" " * 100 + raw))


def is_test_value(value: object) -> bool:
    """One of the sandbox's own numbers, for which nothing is looked up (contract section 7)."""
    return isinstance(value, str) and value[:-1] in ("0" * 5, "0" * 11, "0" * 12, "0" * 19, "0" * 20, "9" * 19)


def _one(things: list[Any], chance: random.Random) -> Any:
    return chance.choice(things) if things else None


def new_seed() -> int:
    return secrets.randbelow(1 << 30)
