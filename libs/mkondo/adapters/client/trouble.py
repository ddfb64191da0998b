"""What can go wrong between a client and whoever should be there, with what people are told. Read next: wire.py."""


class NoAnswer(Exception):
    """Nobody answered, or not in time."""


class NotTheApi(Exception):
    """Somebody answered, but not as the M-Pesa OpenAPI does."""


class CannotEncrypt(Exception):
    """The public key is none, or the secret does not fit into one of its blocks."""
