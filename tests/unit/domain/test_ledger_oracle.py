"""The ledger against a plain oracle: whatever is asked in whatever order, balances and holds are what they must be.

Credits travel to their account later, in any order, as they do between partitions.
"""

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mkondo.domain import ledger
from mkondo.domain.account import (
    Account,
    CaptureHold,
    Hold,
    HoldCaptured,
    HoldDeclined,
    HoldExpired,
    HoldPlaced,
    HoldReleased,
    JournalEntryPosted,
    OpenAccount,
    PlaceHold,
    ReleaseHold,
    wallet,
)
from mkondo.domain.approval import AnswerApproval
from mkondo.domain.decider import TimerDue
from mkondo.domain.ids import AccountId, Instant, PaymentId
from mkondo.domain.ledger.keys import account_key, approval_key, hold_key
from mkondo.domain.payment import PaymentCompleted, PaymentFailed
from mkondo.testing.builders import APPLICATION, MARKET, NOW, admitted, tzs
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
    holds: dict[str, tuple[AccountId, AccountId, int, int]] = field(default_factory=dict)
    """name: account, credited, minor, expires at"""
    waiting: dict[str, tuple[AccountId, AccountId, int, int]] = field(default_factory=dict)
    """payments whose customer was asked: debited, credited, minor, deadline"""

    def held(self, account: AccountId) -> int:
        return sum(minor for owner, _, minor, _ in self.holds.values() if owner == account)

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
        if self.oracle.covers(debited, minor):
            self.oracle.posted[debited] -= minor
            assert self.kinds() == [JournalEntryPosted, PaymentCompleted]
        else:
            assert self.kinds() == [PaymentFailed]

    @rule(debited=accounts, credited=accounts, minor=amounts, life=lives)
    def ask_the_customer(self, debited: AccountId, credited: AccountId, minor: int, life: int) -> None:
        name = self.name()
        deadline = self.now + life
        self.story.when(admitted(name, tzs(minor), "handset", debited=debited, credited=credited, deadline=deadline))
        self.oracle.waiting[name] = (debited, credited, minor, deadline)
        self.kinds()

    @precondition(lambda self: self.oracle.waiting)
    @rule(data=st.data(), yes=st.booleans())
    def customer_answers(self, data: st.DataObject, yes: bool) -> None:
        name = data.draw(st.sampled_from(sorted(self.oracle.waiting)))
        debited, _, minor, deadline = self.oracle.waiting.pop(name)
        self.story.when(AnswerApproval(PaymentId(name), debited, "INS-0" if yes else "INS-6"))
        if yes and self.now < deadline and self.oracle.covers(debited, minor):
            self.oracle.posted[debited] -= minor
            assert self.kinds()[1:] == [JournalEntryPosted, PaymentCompleted]
        else:
            assert self.kinds()[1:] == [PaymentFailed]

    @precondition(lambda self: self.bag)
    @rule(data=st.data())
    def a_credit_arrives(self, data: st.DataObject) -> None:
        entry = self.bag.pop(data.draw(st.integers(0, len(self.bag) - 1)))
        self.story.when(entry)
        self.kinds()
        if entry.credit.account in self.oracle.posted:
            self.oracle.posted[entry.credit.account] += entry.credit.minor

    @rule(account=accounts, credited=accounts, minor=st.integers(-1, 40), life=st.integers(-2, 30))
    def place_a_hold(self, account: AccountId, credited: AccountId, minor: int, life: int) -> None:
        name, expires_at = self.name(), Instant(self.now + life)
        self.story.when(PlaceHold(Hold(name, account, credited, minor, "TZS", expires_at, MARKET)))
        if minor > 0 and life > 0 and self.oracle.covers(account, minor):
            self.oracle.holds[name] = (account, credited, minor, expires_at)
            assert self.kinds() == [HoldPlaced]
        else:
            assert self.kinds() == [HoldDeclined]

    @precondition(lambda self: self.oracle.holds)
    @rule(data=st.data(), minor=st.integers(0, 45))
    def capture_a_hold(self, data: st.DataObject, minor: int) -> None:
        name = data.draw(st.sampled_from(sorted(self.oracle.holds)))
        account, _, held, expires_at = self.oracle.holds[name]
        self.story.when(CaptureHold(name, account, minor, f"e-{self.name()}", PaymentId("")))
        if self.now >= expires_at:
            del self.oracle.holds[name]
            assert self.kinds() == [HoldExpired]
        elif 0 < minor <= held:
            del self.oracle.holds[name]
            self.oracle.posted[account] -= minor
            assert self.kinds() == [HoldCaptured, JournalEntryPosted]
        else:
            assert self.kinds() == [HoldDeclined]

    @precondition(lambda self: self.oracle.holds)
    @rule(data=st.data())
    def release_a_hold(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.oracle.holds)))
        account = self.oracle.holds.pop(name)[0]
        self.story.when(ReleaseHold(name, account))
        assert self.kinds() == [HoldReleased]

    @rule(minor=amounts)
    def end_a_hold_that_is_not_there(self, minor: int) -> None:
        for message in (CaptureHold("none", ACCOUNTS[0], minor, "e", PaymentId("")), ReleaseHold("none", ACCOUNTS[0])):
            self.story.when(message)
            assert self.kinds() == [HoldDeclined]

    @rule(milliseconds=st.integers(1, 20))
    def time_passes(self, milliseconds: int) -> None:
        """And the timers fire that are due by then."""
        self.now = Instant(self.now + milliseconds)
        self.story.at(self.now)
        due = [key for key, record in self.story.records.items() if (ledger.due(record) or self.now + 1) <= self.now]
        for key in due:
            self.story.when(TimerDue(key))
            self.kinds()
        for holds in (self.oracle.holds, self.oracle.waiting):
            for name in [name for name, (*_, until) in holds.items() if until <= self.now]:
                del holds[name]

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
        names = {hold_key(name, hold[0]) for name, hold in self.oracle.holds.items()}
        assert {key for key in self.story.records if key.startswith("hold/")} == names
        waiting = {approval_key(name) for name in self.oracle.waiting}
        assert {key for key in self.story.records if key.startswith("approval/")} == waiting


LedgerMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestTheLedgerAgainstAPencil = LedgerMachine.TestCase
