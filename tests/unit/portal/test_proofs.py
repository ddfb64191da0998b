"""Digests and receipts by the management API: who is given which, what is answered before there is one."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace

from mkondo.adapters.keys.ed25519 import is_signed
from mkondo.adapters.memory.digests import MemoryDigests
from mkondo.contracts.digest import parse_digest, trouble_with
from mkondo.contracts.receipt import check_receipt
from mkondo.contracts.views import decode_row
from mkondo.domain.payment import PaymentCompleted, PaymentFailed
from mkondo.runtime import receipts
from mkondo.runtime.digests import DAY_MS, DigestCloser
from tests.unit.portal.world import ASHA, JUMA, STRANGER, Said, World, world

APPLICATION = "application/{}"


@pytest.fixture
async def shop() -> AsyncIterator[World]:
    async with world() as it:
        yield it


async def application(shop: World) -> Said:
    """A new one of the shop's, with its API key."""
    said: Said = await shop.said("POST", "sandbox/applications", {"name": "Duka"}, by=ASHA)
    return said


async def paid(shop: World, minor: int = 10_00) -> tuple[str, str]:
    """The application of a payment, and its ConversationID."""
    made = await application(shop)
    session = await shop.session(made["id"], made["api_key"])
    assert session is not None
    assert await shop.pay(made["id"], session, minor) == "INS-0"
    (name,) = [row.payment_id for row in await payments(shop) if row.application == made["id"]]
    return made["id"], name


async def payments(shop: World) -> list[Any]:
    core = shop.cores["sandbox"]
    await core.projector.catch_up()
    return [decode_row("payments", data) for _, data in await core.views.page("payments", "", "", 99)]


async def test_a_payment_has_a_receipt_once_its_day_is_closed(shop: World) -> None:
    whose, name = await paid(shop)
    said = await shop.refused(409, "GET", f"sandbox/receipts/{name}", by=APPLICATION.format(whose))
    assert "the day ends at 20" in said["error"] and "mkondo digest close" in said["mend"]
    await shop.said("POST", "sandbox/digests", {})
    answer = await shop.call("GET", f"sandbox/receipts/{name}", by=APPLICATION.format(whose))
    key = (await shop.said("GET", "sandbox/digests/key", by=APPLICATION.format(whose)))["public_key"]
    digest = parse_digest((await shop.call("GET", "sandbox/digests/1")).content)
    assert trouble_with(digest, is_signed) == ""
    proven = check_receipt(answer.content, is_signed, bytes.fromhex(key), digest)
    assert isinstance(proven.ended, PaymentCompleted)
    assert proven.ended.payment.payment_id == name


@pytest.mark.parametrize("taken", [0, 1, 2])
async def test_it_is_found_while_the_views_have_not_heard_of_it(
    shop: World, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many payments of the same customer they have heard of, and however many others are in the way."""
    monkeypatch.setattr(receipts, "PAGE", 2)
    made = await application(shop)
    session = await shop.session(made["id"], made["api_key"])
    assert session is not None
    for number in range(taken):
        assert await shop.pay(made["id"], session, 100 + number) == "INS-0"
    await payments(shop)
    shop.views_stand = True
    for minor, code in ((7_00, "INS-0"), (10**14, "INS-2006"), (8_00, "INS-0")):
        assert await shop.pay(made["id"], session, minor) == code
        name = f"tp-{shop.last:032x}"
        said = await shop.refused(409, "GET", f"sandbox/receipts/{name}?application={made['id']}")
        assert "no digest covers this payment yet: it ended at" in said["error"]
    await shop.said("POST", "sandbox/digests", {})
    answer = await shop.call("GET", f"sandbox/receipts/{name}?application={made['id']}")
    assert check_receipt(answer.content, is_signed).ended.payment.third_party_conversation_id == name


async def test_one_that_has_not_ended_is_told_so_and_views_far_behind_tell_nothing(
    shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await application(shop)
    session = await shop.session(made["id"], made["api_key"])
    assert session is not None
    shop.views_stand = True
    assert await shop.pay(made["id"], session) == "INS-0"
    core = shop.cores["sandbox"]
    with pytest.raises(receipts.NotEnded):
        await receipts.receipt_of("nobodys", core.store, core.views, core.proofs.digests, core.proofs.seals)
    monkeypatch.setattr(receipts, "PAGES_MAX", 0)
    said = await shop.refused(503, "GET", f"sandbox/receipts/tp-{shop.last:032x}?application={made['id']}")
    assert "far behind" in said["error"] and "again" in said["mend"]


@pytest.mark.parametrize("which", ["positions", "read"])
async def test_it_is_found_though_the_views_take_it_between_two_looks_at_them(shop: World, which: str) -> None:
    made = await application(shop)
    session = await shop.session(made["id"], made["api_key"])
    assert session is not None
    shop.views_stand = True
    assert await shop.pay(made["id"], session) == "INS-0"
    core: Any = shop.cores["sandbox"]
    look = getattr(core.views, which)

    async def look_and_move(*asked: Any) -> Any:
        seen = await look(*asked)
        setattr(core.views, which, look)
        await core.projector.catch_up()
        return seen

    setattr(core.views, which, look_and_move)
    with pytest.raises(receipts.NotClosed):
        await receipts.receipt_of(f"{shop.last:032x}", core.store, core.views, core.proofs.digests, core.proofs.seals)


async def test_any_of_its_three_references_names_a_payment(shop: World) -> None:
    whose, name = await paid(shop)
    await shop.said("POST", "sandbox/digests", {})
    (row,) = await payments(shop)
    found = {
        (await shop.call("GET", f"sandbox/receipts/{reference}?application={whose}")).content
        for reference in (row.transaction_id, name, row.third_party_conversation_id)
    }
    found |= {(await shop.call("GET", f"sandbox/receipts/{known}")).content for known in (row.transaction_id, name)}
    assert len(found) == 1
    await shop.refused(404, "GET", f"sandbox/receipts/{row.third_party_conversation_id}")


async def test_a_payment_of_somebody_elses_is_not_there(shop: World) -> None:
    whose, name = await paid(shop)
    other = (await application(shop))["id"]
    await shop.said("POST", "sandbox/digests", {})
    foreign = await shop.refused(404, "GET", f"sandbox/receipts/{name}", by=APPLICATION.format(other))
    nobodys = await shop.refused(404, "GET", f"sandbox/receipts/{'0' * 32}", by=APPLICATION.format(other))
    assert foreign["error"].replace(name, "") == nobodys["error"].replace("0" * 32, "")
    await shop.refused(403, "GET", f"sandbox/receipts/{name}?application={whose}", by=STRANGER)
    assert (await shop.call("GET", f"sandbox/receipts/{name}?application={whose}", by=JUMA)).is_success


@pytest.mark.parametrize("payments_before", [0, 1, 20])
async def test_it_is_found_among_many_over_many_digests(shop: World, payments_before: int) -> None:
    made = await application(shop)
    session = await shop.session(made["id"], made["api_key"])
    assert session is not None
    for number in range(payments_before + 3):
        assert await shop.pay(made["id"], session, 100 + number) == "INS-0"
        if number % 2:
            await shop.said("POST", "sandbox/digests", {})
        if number % 3:
            shop.clock.advance(1_000)
    assert await shop.pay(made["id"], session, 10**14) != "INS-0"
    await shop.said("POST", "sandbox/digests", {})
    for row in await payments(shop):
        answer = await shop.call("GET", f"sandbox/receipts/{row.payment_id}")
        proven = check_receipt(answer.content, is_signed)
        assert proven.ended.payment.payment_id == row.payment_id
        assert isinstance(proven.ended, PaymentCompleted if row.code == "INS-0" else PaymentFailed)


async def test_digests_are_listed_and_shown_by_number(shop: World) -> None:
    assert await shop.said("GET", "sandbox/digests", by=JUMA) == {"digests": [], "next": ""}
    for _ in range(3):
        await paid(shop)
        await shop.said("POST", "sandbox/digests", {})
    first = await shop.said("GET", "sandbox/digests?limit=1")
    assert ([one["number"] for one in first["digests"]], first["next"]) == ([1], "1")
    rest = await shop.said("GET", "sandbox/digests?after=1", by=JUMA)
    assert ([one["number"] for one in rest["digests"]], rest["next"]) == ([2, 3], "")
    second, third = rest["digests"]
    assert third["previous"] == second["id"]
    for number in (0, 4, 2**70):
        await shop.refused(404, "GET", f"sandbox/digests/{number}")
    await shop.refused(422, "GET", "sandbox/digests/one")


async def test_nothing_sealed_is_nothing_to_close(shop: World) -> None:
    await shop.refused(409, "POST", "sandbox/digests", {})


async def test_a_damaged_digest_is_said_to_be_damaged(shop: World) -> None:
    _, name = await paid(shop)
    await shop.said("POST", "sandbox/digests", {})
    digests = shop.cores["sandbox"].proofs.digests
    assert isinstance(digests, MemoryDigests)
    digests._digests[1] = replace(digests._digests[1], roots=b"{}")
    for path in ("sandbox/digests/1", f"sandbox/receipts/{name}"):
        assert "verify" in (await shop.refused(500, "GET", path))["mend"]


async def test_the_turn_of_the_day_closes_one_by_the_sandboxs_own_clock(shop: World) -> None:
    _, name = await paid(shop)
    core = shop.cores["sandbox"]
    closer = DigestCloser("sandbox", core.store, core.proofs, core.clock)
    await closer.close_if_due()
    await shop.refused(409, "GET", f"sandbox/receipts/{name}")
    shop.clock.advance(DAY_MS)
    await closer.close_if_due()
    assert (await shop.call("GET", f"sandbox/receipts/{name}")).is_success
