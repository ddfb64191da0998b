"""Good requests of every operation, and the references to earlier ones that bring about deep states.

`Desk` sends a shop's requests and remembers what was answered. Read next: faults.py.
"""

import json
import random
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlencode

from mkondo.domain.markets import MARKETS, Market
from mkondo.openapi.operations import OPERATIONS, Operation
from tests.fuzz.house import Answer, House, Shop
from tests.fuzz.shapes import SUCCESSES, check

Fields = dict[str, object]
"""By short names, without `input_`."""

NAME = "ThirdPartyConversationID"
SHORTCODE = "000000"


class Paid(NamedTuple):
    """A payment that was made, or reserved under a voucher code."""

    market: str
    transaction_id: str
    conversation_id: str
    name: str
    voucher: str = ""


class Agreed(NamedTuple):
    """A mandate that was created."""

    market: str
    reference: str
    customer: str
    token: str
    mandate_id: str


@dataclass
class Desk:
    """One shop in one market. Everything that was answered with success is kept, for later requests to refer to."""

    house: House
    shop: Shop
    market: Market
    chance: random.Random
    paid: list[Paid] = field(default_factory=list)
    reserved: list[Paid] = field(default_factory=list)
    agreed: list[Agreed] = field(default_factory=list)

    @property
    def customer(self) -> str:
        return self.market.msisdn_prefix + "744553111"

    async def send(self, name: str, fields: Mapping[str, object]) -> Answer:
        """As a body, or for a read as a query. Whatever is no text goes into a body, which reads take too."""
        operation = OPERATIONS[name]
        long_names = {f"input_{key}": value for key, value in fields.items()}
        if operation.method == "GET" and all(isinstance(value, str) for value in fields.values()):
            return await self.say(operation, query=urlencode(long_names).encode())
        return await self.say(operation, body=json.dumps(long_names).encode())

    async def say(self, operation: Operation, *, query: bytes = b"", body: bytes = b"") -> Answer:
        """Any bytes. The answer is looked at, whatever it is."""
        answer = await self.house.call(self.shop, operation, self.market.path, query=query, body=body)
        check(operation, answer, voucher_shown=self.shop.switches.voucher_in_answer)
        return answer

    async def must(self, name: str, fields: Mapping[str, object]) -> Answer:
        answer = await self.send(name, fields)
        assert answer.code in SUCCESSES, (name, fields, answer)
        self.remember(name, fields, answer)
        return answer

    def remember(self, name: str, fields: Mapping[str, object], answer: Answer) -> None:
        says = answer.says
        if name in ("c2b_single_stage", "c2b_multi_stage", "b2c_payment", "b2b_payment", "direct_debit_payment"):
            paid = Paid(
                self.market.path,
                says["output_TransactionID"],
                says["output_ConversationID"],
                str(fields[NAME]),
                says.get("output_VoucherCode", ""),
            )
            (self.reserved if name == "c2b_multi_stage" else self.paid).append(paid)
        if name == "direct_debit_creation":
            token, mandate_id = says["output_MsisdnToken"], says["output_MandateID"]
            reference, customer = str(fields["ThirdPartyReference"]), str(fields["CustomerMSISDN"])
            self.agreed.append(Agreed(self.market.path, reference, customer, token, mandate_id))

    async def good(self, name: str) -> Fields:
        """A request that will succeed; what it needs is made first."""
        match name:
            case "update_transaction_status":
                await self.must("c2b_multi_stage", await self.good("c2b_multi_stage"))
            case "reversal" | "query_transaction_status":
                await self.must("c2b_single_stage", await self.good("c2b_single_stage"))
            case "direct_debit_payment" | "query_direct_debit" | "direct_debit_cancel":
                reference = f"Ref{secrets.token_hex(8)}"
                created = await self.good("direct_debit_creation") | {"ThirdPartyReference": reference}
                await self.must("direct_debit_creation", created)
            case _:
                pass
        return self.fields(name)

    def fields(self, name: str) -> Fields:
        """The fields of a good request, which refers to the latest of what is remembered."""
        paid = self.paid[-1] if self.paid else None
        reserved = self.reserved[-1] if self.reserved else None
        agreed = self.agreed[-1] if self.agreed else None
        values: Fields = {
            "Amount": f"{self.chance.randrange(1, 90)}.00",
            "ReversalAmount": "0.50",
            "BalanceAmount": "200",
            "QueryBalanceAmount": "True",
            "CustomerMSISDN": self.customer,
            "Country": self.market.country,
            "Currency": self.market.currency,
            "ServiceProviderCode": SHORTCODE,
            "PrimaryPartyCode": SHORTCODE,
            "ReceiverPartyCode": "ORG002",
            "TransactionReference": f"T{secrets.token_hex(5)}",
            NAME: secrets.token_hex(16),
            "PurchasedItemsDesc": "Handbag, Black shoes",
            "PaymentItemsDesc": "Salary payment",
            "APIVersion": "3.1",
            "VoucherCode": reserved.voucher if reserved else "TGS813",
            "KycQueryType": "Name",
            "QueryReference": paid.name if paid else "5C1400CVRO",
            "AgreedTC": "1",
            "ThirdPartyReference": f"Ref{secrets.token_hex(4)}",
        }
        if name == "update_transaction_status":
            values |= {"CustomerMSISDN": "1", "TransactionID": reserved.transaction_id if reserved else "49XCD123F6"}
        if name == "reversal":
            values |= {"TransactionID": paid.transaction_id if paid else "49XCD123F6"}
        if name in ("direct_debit_payment", "query_direct_debit", "direct_debit_cancel") and agreed:
            values |= {"ThirdPartyReference": agreed.reference, "MandateID": agreed.mandate_id}
        names = [row.name.removeprefix("input_") for row in OPERATIONS[name].fields]
        return {key: values[key] for key in names if key in values}


def desk(house: House, shop: Shop, market: str = "vodacomTZN", seed: int = 0) -> Desk:
    return Desk(house, shop, MARKETS[market], random.Random(seed))
