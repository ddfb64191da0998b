"""What every Ids adapter promises (ports/ids.py). A test module subclasses it and gives the fixture `ids`."""

import re
import time

from mkondo.contracts.signature import read_secret
from mkondo.ports.ids import Ids

MANY = 20_000


class IdsConformance:
    def test_payment_ids_are_32_lower_case_hex_and_never_the_same(self, ids: Ids) -> None:
        made = {ids.payment_id() for _ in range(MANY)}
        assert len(made) == MANY
        assert all(re.fullmatch(r"[0-9a-f]{32}", name) for name in made)

    def test_payment_ids_are_ordered_by_time(self, ids: Ids) -> None:
        earlier = ids.payment_id()
        first_millisecond = time.time_ns() // 1_000_000
        while time.time_ns() // 1_000_000 <= first_millisecond + 1:
            pass
        assert earlier < ids.payment_id()

    def test_transaction_ids_are_12_alphanumerics_and_never_the_same(self, ids: Ids) -> None:
        made = {ids.transaction_id() for _ in range(MANY)}
        assert len(made) == MANY
        assert all(re.fullmatch(r"[0-9A-Za-z]{12}", name) for name in made)

    def test_transaction_ids_use_every_letter_and_digit(self, ids: Ids) -> None:
        used = set("".join(ids.transaction_id() for _ in range(2_000)))
        assert len(used) == 62

    def test_session_ids_are_32_lower_case_hex(self, ids: Ids) -> None:
        made = {ids.session_id() for _ in range(MANY)}
        assert len(made) == MANY
        assert all(re.fullmatch(r"[0-9a-f]{32}", name) for name in made)

    def test_api_keys_are_32_alphanumerics(self, ids: Ids) -> None:
        made = {ids.api_key() for _ in range(2_000)}
        assert len(made) == 2_000
        assert all(re.fullmatch(r"[0-9A-Za-z]{32}", name) for name in made)

    def test_webhook_secrets_are_what_standard_webhooks_calls_one_and_never_the_same(self, ids: Ids) -> None:
        made = {ids.webhook_secret() for _ in range(1_000)}
        assert len({read_secret(text).key for text in made}) == 1_000

    def test_voucher_codes_are_6_capital_alphanumerics(self, ids: Ids) -> None:
        made = {ids.voucher_code() for _ in range(2_000)}
        assert len(made) > 1_990
        assert all(re.fullmatch(r"[0-9A-Z]{6}", name) for name in made)

    def test_msisdn_tokens_fit_the_wires_grammar_and_are_never_the_same(self, ids: Ids) -> None:
        made = {ids.msisdn_token() for _ in range(2_000)}
        assert len(made) == 2_000
        assert all(re.fullmatch(r"[0-9A-Za-z]{22}==", name) for name in made)

    def test_every_incarnation_is_another(self, ids: Ids) -> None:
        assert len({ids.incarnation() for _ in range(1_000)}) == 1_000

    def test_jitter_spreads_over_nought_to_one(self, ids: Ids) -> None:
        drawn = [ids.jitter() for _ in range(2_000)]
        assert all(0 <= jitter < 1 for jitter in drawn)
        assert min(drawn) < 0.1
        assert max(drawn) > 0.9
