"""Settings of payments_ingress. Read once at start; those that an operator sets have an option (docs/settings.md)."""

import msgspec


class Settings(msgspec.Struct, frozen=True):
    """`deadline_ms`: after it no processor moves the payment's money (architecture rule 10). `grace_ms`: how much
    longer the caller waits for the answer. `look_ms`: how long the outcome row may then take to be read. Together they
    stay below the 25 s that clients allow (contract section 10.9). `ussd_markets`: where live customers are asked on
    their handsets, through the gateway that is configured for them."""

    deadline_ms: int = 20_000
    grace_ms: int = 3_000
    look_ms: int = 1_500
    ussd_markets: tuple[str, ...] = ()
