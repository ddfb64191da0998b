"""How a command that goes on until Ctrl-C is ended. The platform itself is stopped by stopping.py."""

import signal


def heed_interrupts() -> None:
    """SIGTERM and Ctrl-C raise KeyboardInterrupt, also in what a script has started in the background: shells have it
    ignored there, and Python leaves it so."""
    for sent in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sent, signal.default_int_handler)
