"""Small data that speaks: `payment("p1", tzs(60_00))`. Every builder gives a valid thing by default.

Read next: given.py, which folds and decides them.
"""

from msgspec.structs import replace

from mkondo.domain.account import Hold, OpenAccount, till, wallet
from mkondo.domain.application import ApplicationChanged, Configuration, ConfigureApplication, ProductScope
from mkondo.domain.decider import ReplyTo
from mkondo.domain.ids import AccountId, ApplicationId, Instant, PaymentId, SessionHash, TransactionId, partition_of
from mkondo.domain.limits import APPLICABLE
from mkondo.domain.money import Money
from mkondo.domain.organisation import ConfigureOrganisation, OrganisationChanged, key_of
from mkondo.domain.payment import Payment, PaymentAdmitted, PaymentCompleted, RequestPayment
from mkondo.domain.request import DecideReservation, Order, Request, RequestAdmitted
from mkondo.domain.session import OpenSession, SessionOpened

NOW = Instant(1_733_000_000_000)
DEADLINE_MS = 20_000
HOUR_MS = 3_600_000

APPLICATION = ApplicationId("app-1")
SESSION = SessionHash("5e" * 32)
C2B = "c2b_single_stage"
MULTI = "c2b_multi_stage"
API_KEY_HASH = "api-key-hash-1"
VOUCHER = "TGS813"
ORGANISATION = "000000"
MARKET = "vodacomTZN"

CUSTOMER = wallet(APPLICATION, "255744000001", "TZS")
SHOP = till(APPLICATION, "000000", "TZS")


def tzs(minor: int) -> Money:
    """Tanzanian shillings, in cents: `tzs(60_00)` is sixty shillings."""
    return Money(minor, "TZS")


SIXTY = tzs(60_00)


def later(milliseconds: int, than: Instant = NOW) -> Instant:
    return Instant(than + milliseconds)


def asking(what: str, partition: int = 0) -> ReplyTo:
    """A question of the one process that asks in tests."""
    return ReplyTo(partition, "incarnation-1", what)


def payment(name: str = "p1", amount: Money = SIXTY, **changes: object) -> Payment:
    """A customer pays the shop: accounts are not opened by touch unless `opens_accounts=True`."""
    made = Payment(
        payment_id=PaymentId(name),
        transaction_id=TransactionId(f"T-{name}"),
        application=APPLICATION,
        organisation=ORGANISATION,
        operation=C2B,
        market=MARKET,
        amount=amount,
        debited=CUSTOMER,
        credited=SHOP,
        third_party_conversation_id=f"tp-{name}",
        transaction_reference="T12344C",
        description="Shoes",
        asked_at=NOW,
        deadline=later(DEADLINE_MS),
        customer="255744000001",
        reply_to=asking(name),
    )
    return replace(made, **changes)


def request(
    name: str = "p1", amount: Money = SIXTY, session: SessionHash = SESSION, **changes: object
) -> RequestPayment:
    return RequestPayment(payment(name, amount, **changes), session)


def admitted(name: str = "p1", amount: Money = SIXTY, approval: str = "implicit", **changes: object) -> PaymentAdmitted:
    return PaymentAdmitted(payment(name, amount, **changes), SESSION, 1, approval)


def paid(what: Payment, at: Instant = NOW) -> PaymentCompleted:
    """Its entry is posted, at that moment of its partition."""
    return PaymentCompleted(what, completed_at=at)


def reserving(
    name: str = "p1", amount: Money = SIXTY, lasts_ms: int = HOUR_MS, approval: str = "implicit", **changes: object
) -> PaymentAdmitted:
    """A two-step payment: the customer's money is held for the shop, for an hour."""
    asked = admitted(name, amount, approval, operation=MULTI, **changes)
    return replace(asked, reservation_ms=lasts_ms, voucher_code=VOUCHER)


def hold(name: str = "p1", minor: int = 60_00) -> Hold:
    """What is set aside for it."""
    asked = reserving(name, tzs(minor))
    return Hold(name, CUSTOMER, SHOP, minor, "TZS", later(HOUR_MS), asked, VOUCHER)


def deciding(
    name: str, about: Payment, commits: bool = True, voucher: str = VOUCHER, **changes: object
) -> RequestAdmitted:
    """The merchant commits a two-step payment, or gives it up."""
    order = DecideReservation(about.payment_id, about.transaction_id, about.debited, commits, voucher)
    return RequestAdmitted(service_request(name, "update_transaction_status", order, **changes), SESSION, 1)


def service_request(name: str, operation: str, order: Order, **changes: object) -> Request:
    """A request of the same application that moves no money by itself."""
    made = Request(
        request_id=PaymentId(name),
        transaction_id=TransactionId(f"T-{name}"),
        application=APPLICATION,
        organisation=ORGANISATION,
        operation=operation,
        market=MARKET,
        third_party_conversation_id=f"tp-{name}",
        asked_at=NOW,
        deadline=later(DEADLINE_MS),
        order=order,
        reply_to=asking(name),
        opens_accounts=True,
    )
    return replace(made, **changes)


def configuration(**changes: object) -> Configuration:
    """One product switched on, no limits."""
    return replace(Configuration("Demo", API_KEY_HASH, {C2B: ProductScope()}), **changes)


def configure(expected: int | None = None, **changes: object) -> ConfigureApplication:
    return ConfigureApplication(APPLICATION, configuration(**changes), expected, asking(APPLICATION))


def configured(version: int = 1, /, **changes: object) -> ApplicationChanged:
    return ApplicationChanged(APPLICATION, version, configuration(**changes), asking(APPLICATION))


def enabling(*products: str, application: ApplicationId = APPLICATION) -> ConfigureOrganisation:
    """The shop's organisation has these products in its market, where this application is decided; by default all."""
    grants = {MARKET: products or tuple(APPLICABLE)}
    return ConfigureOrganisation(key_of(ORGANISATION, partition_of(application)), grants)


def enabled(*products: str) -> OrganisationChanged:
    command = enabling(*products)
    return OrganisationChanged(command.key, command.grants)


def opening(session: SessionHash = SESSION) -> OpenSession:
    """Whoever shows the application's API key asks for a session."""
    return OpenSession(APPLICATION, session, asking(session), API_KEY_HASH)


def opened(session: SessionHash = SESSION, application: ApplicationId = APPLICATION) -> SessionOpened:
    """A session that is live since NOW, for an hour."""
    return SessionOpened(application, session, NOW, later(HOUR_MS), asking(session), API_KEY_HASH, 1)


def open_with(account: AccountId, minor: int, floor: int | None = 0) -> OpenAccount:
    """An account with money in it, from its market's funding account."""
    return OpenAccount(account, MARKET, minor, floor)
