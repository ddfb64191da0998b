"""The ledger and the owner of the reversals, a post bag between them, and a pencil that lives through the same.

Every step is one message, decided on the records it may read: requests arrive in any order; what one partition tells
another keeps its order and nothing else does. A process that dies before its commit leaves everything as it was, and
the message is there for the next one. Read next: test_reversals_oracle.py.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from msgspec.structs import replace

from mkondo.domain import ledger, reversals
from mkondo.domain.account import Account, CreditApplied, JournalEntryPosted, till, wallet
from mkondo.domain.decider import Decider, Event, Message
from mkondo.domain.facts import names_of, reversal_of
from mkondo.domain.ids import AccountId, Instant, PaymentId, partition_of
from mkondo.domain.ledger.keys import account_key
from mkondo.domain.payment import Payment, PaymentAdmitted, PaymentCompleted, PaymentEnded, PaymentFailed
from mkondo.domain.reversal import ReversalOf
from mkondo.domain.reversals import PaymentReversed, ReversalAdmitted, original_of
from mkondo.testing.builders import (
    APPLICATION,
    NOW,
    admitted,
    deciding,
    later,
    open_with,
    reserving,
    tzs,
)
from mkondo.testing.given import Story, check_books
from mkondo.testing.reversals_pencil import ADMITTED, DAY, Back, Paid, Pencil

WALLETS = [wallet(APPLICATION, f"25574400000{number}", "TZS") for number in range(3)]
TILLS = [till(APPLICATION, shortcode, "TZS") for shortcode in ("000000", "111111")]
OPENING = 60
GIVERS = {
    "c2b_single_stage": (WALLETS, TILLS),
    "c2b_multi_stage": (WALLETS, TILLS),
    "direct_debit_payment": (WALLETS, TILLS),
    "b2c_payment": (TILLS, WALLETS),
    "b2b_payment": (TILLS, TILLS),
}
"""Product -> whose accounts it is between."""
STEPS = 400
CHANNEL = tuple[str, int, str, int]


class Bank:
    """One run of so many steps. `taken` counts them by kind."""

    def __init__(self, seed: int, deciders: Mapping[str, Decider], taken: Counter[str]) -> None:
        self.chance, self.taken, self.now = Random(seed), taken, NOW
        self.stories = {name: Story(decider) for name, decider in deciders.items()}
        self.deciders = deciders
        self.pencil = Pencil()
        self.requests: list[tuple[str, Message]] = []
        self.waiting: list[Message] = []
        """Commits of two-step payments whose merchants take their time."""
        self.channels: dict[CHANNEL, list[Message]] = {}
        self.known: dict[str, Payment] = {}
        self.outcomes: dict[str, PaymentEnded] = {}
        self.told: set[str] = set()
        for account in (*WALLETS, *TILLS):
            self.stories[ledger.NAME].when(open_with(account, OPENING))
            self.pencil.balances[account] = OPENING

    def live(self) -> None:
        moves: list[Callable[[], None]] = [self.pay, self.commit, self.reverse, self.reverse, self.reverse_at_once]
        moves += [self.time_passes, *[self.post] * 8]
        for _ in range(STEPS):
            self.chance.choice(moves)()
        while self.waiting:
            self.commit()
        while self.requests or self.channels:
            self.post()
        self.rest()

    # What is asked ------------------------------------------------------------------------------------------------

    def name(self, kind: str) -> str:
        return f"{kind}{len(self.known)}"

    def pay(self) -> None:
        product = self.chance.choice(list(GIVERS))
        giver, taker = (self.chance.choice(accounts) for accounts in GIVERS[product])
        name, minor, deadline = self.name("p"), self.chance.randrange(1, 41), self.deadline()
        same: dict[str, Any] = {"debited": giver, "credited": taker, "deadline": deadline, "asked_at": self.now}
        if product == "c2b_multi_stage":
            asked = reserving(name, tzs(minor), 40 * DAY, **same)
        else:
            asked = admitted(name, tzs(minor), operation=product, **same)
        self.known[name] = asked.payment
        self.pencil.paid[name] = Paid(product, minor, giver, taker, self.now)
        self.requests.append((ledger.NAME, asked))

    def deadline(self) -> Instant:
        return later(self.chance.choice((1, 5_000, 20_000)), self.now)

    def reverse(self, of: str = "", minor: int | None = None) -> None:
        """As the ingress asks: with what the facts say of the original at this moment."""
        if not self.known:
            return
        of = of or self.chance.choice(list(self.known)[-self.chance.choice((12, 200)) :])
        if minor is None:
            minor = self.chance.choice((0, 0, self.chance.randrange(1, 45)))
        original = original_of(self.known[of], self.outcomes.get(of))
        mine = self.chance.random() < 0.95
        name, deadline = self.name("r"), self.deadline()
        asked = admitted(
            name, tzs(minor), operation="reversal", debited=original.credited, credited=original.debited,
            deadline=deadline, asked_at=self.now,
        )  # fmt: skip
        self.known[name] = asked.payment
        self.pencil.backs[name] = Back(of, minor, deadline, original.completed, mine)
        self.pencil.paid[name] = Paid("reversal", minor, original.credited, original.debited, self.now)
        self.requests.append((reversals.NAME, replace(asked, purpose=ReversalOf(replace(original, owned=mine)))))

    def commit(self) -> None:
        if self.waiting:
            self.requests.append((ledger.NAME, self.waiting.pop(0)))

    def reverse_at_once(self) -> None:
        done = [name for name in list(self.known)[-12:] if isinstance(self.outcomes.get(name), PaymentCompleted)]
        if done:
            of = self.chance.choice(done)
            for _ in range(self.chance.randrange(2, 6)):
                self.reverse(of)

    def time_passes(self) -> None:
        """Moments mostly; or so long that windows close. Nothing of the ledger's expires: holds outlive the run."""
        long = self.chance.choice((1,) * 12 + (900, 900, 6_000, 13 * DAY, 25 * DAY))
        self.now = later(long, self.now)
        for story in self.stories.values():
            story.at(self.now)

    # The post -----------------------------------------------------------------------------------------------------

    def post(self) -> None:
        """The next message of somebody is decided and committed; or decided, and the process dies."""
        if self.requests and (not self.channels or self.chance.random() < 0.4):
            number = min(self.chance.randrange(len(self.requests)) for _ in range(2))  # the older sooner
            to, message = self.requests[number]
            if self.survives(to, message):
                del self.requests[number]
                self.decide(to, message)
        elif self.channels:
            channel = self.chance.choice(list(self.channels))
            messages = self.channels[channel]
            if self.survives(channel[2], messages[0]):
                message = messages.pop(0)
                if not messages:
                    del self.channels[channel]
                self.decide(channel[2], message)

    def survives(self, to: str, message: Message) -> bool:
        """What was decided and not committed has not happened; deciding it once more comes to the same."""
        self.taken["steps"] += 1
        if self.chance.random() >= 0.1:
            return True
        self.taken["crashes"] += 1
        decider, records = self.deciders[to], self.stories[to].records
        readable = {key: records[key] for key in decider.reads(message) if key in records}
        assert decider.decide(message, readable, self.now) == decider.decide(message, readable, self.now)
        return False

    def decide(self, to: str, message: Message) -> None:
        story, decider = self.stories[to], self.deciders[to]
        story.when(message)
        for event in story.answer:
            for send in decider.react(event):
                source = partition_of(decider.key(event))
                self.channels.setdefault((to, source, send.decider, partition_of(send.key)), []).append(event)
            if isinstance(event, PaymentCompleted | PaymentFailed):
                self.ended(event)
            for fact in names_of(event):
                self.told.add(fact)
        self.compare(message, story.answer)

    def ended(self, event: PaymentEnded) -> None:
        name = event.payment.payment_id
        assert name not in self.outcomes, f"{name} has ended twice"
        self.outcomes[name] = event
        if name in self.pencil.backs:
            self.pencil.backs[name].endings.append(event.code)

    # The pencil ---------------------------------------------------------------------------------------------------

    def compare(self, message: Message, answer: Sequence[Event]) -> None:
        kinds = {type(event): event for event in answer}
        match message:
            case PaymentAdmitted(purpose=ReversalOf()):
                self.judged(message.payment.payment_id, kinds)
            case PaymentAdmitted(reservation_ms=lasts) if lasts:
                self.reserved(message.payment, kinds)
            case PaymentAdmitted() | ReversalAdmitted():
                asked = message.admitted if isinstance(message, ReversalAdmitted) else message
                self.moved(asked.payment, kinds)
            case JournalEntryPosted():
                assert CreditApplied in kinds
                self.pencil.balances[message.credit.account] += message.credit.minor
            case PaymentCompleted() | PaymentFailed():
                self.settled(message, kinds)
            case _:
                self.captured(kinds)

    def judged(self, name: str, kinds: dict[type, Event]) -> None:
        back = self.pencil.backs[name]
        code, minor = self.pencil.judge(back, self.now)
        self.taken[f"reversal {code}"] += 1
        if code != ADMITTED:
            ended = kinds.get(PaymentFailed)
            assert isinstance(ended, PaymentFailed) and ended.code == code, (code, ended)
            return
        event = kinds.get(ReversalAdmitted)
        assert isinstance(event, ReversalAdmitted) and event.admitted.payment.amount.minor == minor
        self.pencil.paid[back.of].on_its_way += minor
        self.pencil.paid[name].minor = minor

    def moved(self, payment: Payment, kinds: dict[type, Event]) -> None:
        name = payment.payment_id
        paid = self.pencil.paid[name]
        code = self.pencil.move(paid.giver, paid.minor, self.now, payment.deadline)
        self.taken[f"moved {code}"] += 1
        ended = kinds.get(PaymentCompleted) or kinds.get(PaymentFailed)
        assert isinstance(ended, PaymentCompleted | PaymentFailed) and ended.code == code, (code, ended)
        if code == "INS-0":
            paid.done_at = self.now
            self.posted(name, kinds)

    def posted(self, name: str, kinds: dict[type, Event]) -> None:
        """One entry, between the right accounts: a reversal's is its original's, swapped."""
        entry, paid = kinds.get(JournalEntryPosted), self.pencil.paid[name]
        assert isinstance(entry, JournalEntryPosted)
        assert (entry.debit.account, entry.credit.account) == (paid.giver, paid.taker)
        assert entry.debit.minor == entry.credit.minor == paid.minor
        if name in self.pencil.backs:
            original = self.pencil.paid[self.pencil.backs[name].of]
            assert (entry.debit.account, entry.credit.account) == (original.taker, original.giver)

    def settled(self, ended: PaymentEnded, kinds: dict[type, Event]) -> None:
        minor = ended.payment.amount.minor
        paid = self.pencil.paid[self.pencil.backs[ended.payment.payment_id].of]
        paid.on_its_way -= minor
        if isinstance(ended, PaymentCompleted):
            paid.given_back += minor
            event = kinds.get(PaymentReversed)
            assert isinstance(event, PaymentReversed)
            assert event.remaining == paid.minor - paid.given_back >= 0

    def reserved(self, payment: Payment, kinds: dict[type, Event]) -> None:
        """If it holds, its merchant commits it sooner or later."""
        name, minor, giver = payment.payment_id, payment.amount.minor, payment.debited
        if self.now >= payment.deadline or self.pencil.left(giver) < minor:
            assert PaymentFailed in kinds
            return
        self.pencil.held[giver] = self.pencil.held.get(giver, 0) + minor
        self.waiting.append(deciding(f"d-{name}", payment, deadline=later(400 * DAY, self.now)))

    def captured(self, kinds: dict[type, Event]) -> None:
        """An expiry at the moment of the decision is the merchant's bad luck, and the customer's money."""
        ended = kinds.get(PaymentCompleted) or kinds.get(PaymentFailed)
        assert isinstance(ended, PaymentCompleted | PaymentFailed)
        name = ended.payment.payment_id
        paid = self.pencil.paid[name]
        self.pencil.held[paid.giver] -= paid.minor
        if isinstance(ended, PaymentCompleted):
            self.pencil.balances[paid.giver] -= paid.minor
            paid.done_at = self.now
            self.taken["captured"] += 1
            self.posted(name, kinds)

    def rest(self) -> None:
        """Everything has arrived: nothing is on its way, everybody has one answer, the books are the pencil's."""
        check_books(self.stories[ledger.NAME].records, self.stories[ledger.NAME].events)
        for account, minor in self.pencil.balances.items():
            record = self.stories[ledger.NAME].records[account_key(AccountId(account))]
            assert isinstance(record, Account)
            assert (record.posted, record.available) == (minor, self.pencil.left(account)), account
            assert record.available >= 0
        for name, back in self.pencil.backs.items():
            assert len(back.endings) == 1, f"{name} was answered {back.endings}"
        for name, paid in self.pencil.paid.items():
            returned = [one for one, back in self.pencil.backs.items() if back.of == name]
            given = sum(self.pencil.paid[one].minor for one in returned if self.pencil.backs[one].endings == ["INS-0"])
            assert (paid.given_back, paid.on_its_way) == (given, 0)
            assert given == 0 or given <= paid.minor
            whole = paid.done_at is not None and given == paid.minor
            assert (reversal_of(PaymentId(name)) in self.told) == whole, f"{name}: query and books disagree"
            self.taken["whole" if whole else "in part" if given else "kept"] += 1
