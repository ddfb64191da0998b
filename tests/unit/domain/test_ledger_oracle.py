"""The ledger against a plain oracle: whatever is asked in whatever order, balances and holds are what they must be.

Credits travel to their account later, in any order, as they do between partitions.
"""

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from mkondo.domain import ledger
from mkondo.domain.account import (
    Account,
    HoldCaptured,
    HoldExpired,
    HoldPlaced,
    HoldReleased,
    JournalEntryPosted,
    OpenAccount,
    wallet,
)
from mkondo.domain.approval import AnswerApproval
from mkondo.domain.decider import TimerDue
from mkondo.domain.ids import AccountId, Instant, PaymentId
from mkondo.domain.ledger.keys import account_key, approval_key, hold_key
from mkondo.domain.payment import PaymentAdmitted, PaymentCompleted, PaymentFailed, PaymentReserved
from mkondo.domain.request import RequestAnswered
from mkondo.testing.builders import APPLICATION, MARKET, NOW, VOUCHER, admitted, deciding, reserving, tzs
from mkondo.testing.given import Story, check_books, story_of

ACCOUNTS = [wallet(APPLICATION, f"25574400000{number}", "TZS") for number in range(3)]
STRANGER = wallet(APPLICATION, "255744999999", "TZS")
OPENING = 50

accounts = st.sampled_from(ACCOUNTS)
amounts = st.integers(1, 40)
lives = st.integers(1, 30)


@dataclass
class Oracle:
    """What a person with a pencil would know."""

    posted: dict[AccountId, int] = field(default_factory=dict)
    holds: dict[str, tuple[PaymentAdmitted, int]] = field(default_factory=dict)
    """two-step payments that wait for their merchant, and when they expire"""
    waiting: dict[str, tuple[PaymentAdmitted, int]] = field(default_factory=dict)
    """payments whose customer was asked, and their deadlines"""

    def held(self, account: AccountId) -> int:
        held = (asked.payment for asked, _ in self.holds.values())
        return sum(payment.amount.minor for payment in held if payment.debited == account)

    def covers(self, account: AccountId, minor: int) -> bool:
        return self.posted[account] - self.held(account) >= minor


class LedgerMachine(RuleBasedStateMachine):
    """One partition's ledger, a pencil, and a post bag of credits on their way."""

    def __init__(self) -> None:
        super().__init__()
        self.story: Story = story_of(ledger)()
        self.oracle = Oracle()
        self.bag: list[JournalEntryPosted] = []
        self.now = NOW
        self.names = 0

    @initialize()
    def open_accounts(self) -> None:
        for account in ACCOUNTS:
            self.story.when(OpenAccount(account, MARKET, OPENING))
            self.oracle.posted[account] = OPENING

    def name(self) -> str:
        self.names += 1
        return f"n{self.names}"

    def kinds(self) -> list[type]:
        """What the last message led to; entries go into the bag."""
        self.bag += [event for event in self.story.answer if isinstance(event, JournalEntryPosted) and event.in_transit]
        return [type(event) for event in self.story.answer]

    @rule(debited=accounts, credited=st.sampled_from([*ACCOUNTS, STRANGER]), minor=amounts, life=lives)
    def pay(self, debited: AccountId, credited: AccountId, minor: int, life: int) -> None:
        message = admitted(self.name(), tzs(minor), debited=debited, credited=credited, deadline=self.now + life)
        self.story.when(message)
        self.settled(message, self.kinds())

    @rule(debited=accounts, minor=amounts, life=lives, two_step=st.booleans())
    def ask_the_customer(self, debited: AccountId, minor: int, life: int, two_step: bool) -> None:
        name, deadline = self.name(), Instant(self.now + life)
        asked = admitted(name, tzs(minor), "handset", debited=debited, credited=ACCOUNTS[0], deadline=deadline)
        if two_step:
            asked = replace(asked, reservation_ms=5, voucher_code=VOUCHER)
        self.story.when(asked)
        self.oracle.waiting[name] = (asked, deadline)
        self.kinds()

    @precondition(lambda self: self.oracle.waiting)
    @rule(data=st.data(), yes=st.booleans())
    def customer_answers(self, data: st.DataObject, yes: bool) -> None:
        name = data.draw(st.sampled_from(sorted(self.oracle.waiting)))
        asked, deadline = self.oracle.waiting.pop(name)
        self.story.when(AnswerApproval(PaymentId(name), asked.payment.debited, "INS-0" if yes else "INS-6"))
        if yes and self.now < deadline:
            self.settled(asked, self.kinds()[1:])
        else:
            assert self.kinds()[1:] == [PaymentFailed]

    def settled(self, asked: PaymentAdmitted, kinds: list[type]) -> None:
        """Paid or held if there is enough, and failed if not."""
        debited, minor = asked.payment.debited, asked.payment.amount.minor
        if not self.oracle.covers(debited, minor):
            assert kinds == [PaymentFailed]
        elif asked.reservation_ms:
            self.oracle.holds[asked.payment.payment_id] = (asked, self.now + asked.reservation_ms)
            assert kinds == [HoldPlaced, PaymentReserved]
        else:
            self.oracle.posted[debited] -= minor
            assert kinds == [JournalEntryPosted, PaymentCompleted]

    @precondition(lambda self: self.bag)
    @rule(data=st.data())
    def a_credit_arrives(self, data: st.DataObject) -> None:
        entry = self.bag.pop(data.draw(st.integers(0, len(self.bag) - 1)))
        self.story.when(entry)
        self.kinds()
        if entry.credit.account in self.oracle.posted:
            self.oracle.posted[entry.credit.account] += entry.credit.minor

    @rule(debited=accounts, credited=accounts, minor=amounts, life=lives, lasts=lives)
    def reserve(self, debited: AccountId, credited: AccountId, minor: int, life: int, lasts: int) -> None:
        """How long it may wait to be looked at, and how long its hold lasts, have nothing to do with each other."""
        deadline = Instant(self.now + life)
        asked = reserving(
            self.name(), tzs(minor), lasts, debited=debited, credited=credited, deadline=deadline, asked_at=self.now
        )
        self.story.when(asked)
        self.settled(asked, self.kinds())

    @precondition(lambda self: self.oracle.holds)
    @rule(data=st.data(), commits=st.booleans(), right=st.sampled_from((True, True, False)))
    def the_merchant_decides(self, data: st.DataObject, commits: bool, right: bool) -> None:
        name = data.draw(st.sampled_from(sorted(self.oracle.holds)))
        asked, expires_at = self.oracle.holds[name]
        payment, voucher = asked.payment, VOUCHER if right else "WRONG1"
        self.story.when(deciding(self.name(), payment, commits, voucher, deadline=Instant(self.now + 1)))
        if self.now >= expires_at:
            ended = [HoldExpired, PaymentFailed]
        elif not right:
            assert self.kinds() == [RequestAnswered]
            return
        elif commits:
            self.oracle.posted[payment.debited] -= payment.amount.minor
            ended = [HoldCaptured, JournalEntryPosted, PaymentCompleted]
        else:
            ended = [HoldReleased, PaymentFailed]
        del self.oracle.holds[name]
        assert self.kinds() == [*ended, RequestAnswered]

    @rule(account=accounts, commits=st.booleans())
    def decide_what_is_not_there(self, account: AccountId, commits: bool) -> None:
        nothing = admitted("none", tzs(1), debited=account).payment
        self.story.when(deciding(self.name(), nothing, commits, deadline=Instant(self.now + 1)))
        assert self.kinds() == [RequestAnswered]

    @rule(milliseconds=st.integers(1, 20))
    def time_passes(self, milliseconds: int) -> None:
        """And the timers fire that are due by then."""
        self.now = Instant(self.now + milliseconds)
        self.story.at(self.now)
        due = [key for key, record in self.story.records.items() if (ledger.due(record) or self.now + 1) <= self.now]
        for key in due:
            self.story.when(TimerDue(key))
            self.kinds()
        for open_ones in (self.oracle.holds, self.oracle.waiting):
            for name in [name for name, (_, until) in open_ones.items() if until <= self.now]:
                del open_ones[name]

    @rule()
    def the_last_message_again(self) -> None:
        """Everything but another decider's events may come twice."""
        self.story.and_all_is_well()

    @invariant()
    def the_pencil_agrees(self) -> None:
        check_books(self.story.records, self.story.events)
        for account, posted in self.oracle.posted.items():
            record = self.story.records[account_key(account)]
            assert isinstance(record, Account)
            assert (record.posted, record.held) == (posted, self.oracle.held(account))
            assert record.available >= 0
        names = {hold_key(name, asked.payment.debited) for name, (asked, _) in self.oracle.holds.items()}
        assert {key for key in self.story.records if key.startswith("hold/")} == names
        waiting = {approval_key(name) for name in self.oracle.waiting}
        assert {key for key in self.story.records if key.startswith("approval/")} == waiting


LedgerMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestTheLedgerAgainstAPencil = LedgerMachine.TestCase
