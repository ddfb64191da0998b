"""How a secret that is used again is kept: sealed, so that whoever reads the store or its events learns nothing."""

from typing import Protocol


class CannotOpen(Exception):
    """This is not opened by any key at hand: the text says which key is missing and what to do. Never holds the
    secret."""


class Sealing(Protocol):
    """Promises, each a test of the conformance suite:

    - What was sealed about something opens to the same text about the same thing, and about nothing else.
    - The same text sealed twice looks different.
    - What was changed by one character, or sealed with a key that is not there any more, raises CannotOpen.
    - Other keys may be added: the newest seals, all of them open.
    """

    def seal(self, text: str, about: str) -> str: ...

    def open(self, sealed: str, about: str) -> str:
        """Raises CannotOpen."""
        ...
