"""What every Keys adapter promises (ports/keys.py). A test module subclasses it and gives the fixture `keys`.

The client's half is here too, written from contract section 2, so that an adapter is tested against the merchants' way
of encrypting and not against itself.
"""

import asyncio
import base64
import os

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from mkondo.ports.errors import TryLater
from mkondo.ports.keys import Keys

API_KEY = "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE"


def public_half(keys: Keys) -> RSAPublicKey:
    key = load_der_public_key(base64.b64decode(keys.public_key(), validate=True))
    assert isinstance(key, RSAPublicKey)
    return key


def encrypt(keys: Keys, text: str) -> str:
    """What a merchant's client puts behind `Bearer `."""
    return base64.b64encode(public_half(keys).encrypt(text.encode(), PKCS1v15())).decode()


class KeysConformance:
    def test_the_public_key_is_one_line_of_base64_without_armour(self, keys: Keys) -> None:
        assert public_half(keys).public_numbers().e == 65537
        assert "-----" not in keys.public_key()
        assert "\n" not in keys.public_key()

    async def test_what_a_client_encrypted_is_read(self, keys: Keys) -> None:
        assert await keys.decrypt(encrypt(keys, API_KEY)) == API_KEY

    async def test_the_same_text_encrypted_twice_looks_different_and_reads_the_same(self, keys: Keys) -> None:
        first, second = encrypt(keys, API_KEY), encrypt(keys, API_KEY)
        assert first != second
        assert list(await asyncio.gather(keys.decrypt(first), keys.decrypt(second))) == [API_KEY, API_KEY]

    async def test_white_space_in_a_block_is_forgiven(self, keys: Keys) -> None:
        block = encrypt(keys, API_KEY)
        wrapped = " " + "\r\n".join(block[start : start + 64] for start in range(0, len(block), 64)) + "\n"
        assert await keys.decrypt(wrapped) == API_KEY

    @pytest.mark.parametrize(
        "block",
        ["", "=", "not base64!", "AAAA", "é" * 344, "\0" * 344, "A" * 100_000, API_KEY, "Bearer x"],
        ids=["empty", "padding", "words", "short", "non-ascii", "nul", "long", "raw key", "two words"],
    )
    async def test_what_is_no_block_is_none(self, keys: Keys, block: str) -> None:
        assert await keys.decrypt(block) is None

    async def test_random_blocks_of_the_right_length_never_raise_and_never_read_as_a_key(self, keys: Keys) -> None:
        size = public_half(keys).key_size // 8
        for _ in range(64):
            block = base64.b64encode(b"\0" + os.urandom(size - 1)).decode()
            assert await keys.decrypt(block) != API_KEY

    async def test_a_block_above_the_modulus_is_none(self, keys: Keys) -> None:
        size = public_half(keys).key_size // 8
        assert await keys.decrypt(base64.b64encode(b"\xff" * size).decode()) is None

    async def test_text_that_is_not_ascii_is_none(self, keys: Keys) -> None:
        assert await keys.decrypt(encrypt(keys, "clé")) is None

    async def test_a_full_queue_says_try_later_and_empties_again(self, keys: Keys) -> None:
        block = encrypt(keys, API_KEY)
        results = await asyncio.gather(*(keys.decrypt(block) for _ in range(3_000)), return_exceptions=True)
        refused = [result for result in results if isinstance(result, TryLater)]
        assert refused
        assert len(refused) + results.count(API_KEY) == len(results)
        assert await keys.decrypt(block) == API_KEY

    async def test_the_event_loop_goes_on_while_blocks_are_read(self, keys: Keys) -> None:
        block = encrypt(keys, API_KEY)
        reading = asyncio.gather(*(keys.decrypt(block) for _ in range(100)))
        turns = 0
        while not reading.done():
            await asyncio.sleep(0)
            turns += 1
        assert await reading == [API_KEY] * 100
        assert turns > 100
