"""Which addresses may be named for results: those that a callback could ever go to in this environment.

Pure. Only the form is judged here, when the address is named; where the host leads is known when it is called
(adapters/callbacks/addresses.py). One that can never be used is refused at once: otherwise its results would be tried
for days and given up.
"""

from urllib.parse import urlsplit

from mkondo.domain.environments import LIVE


def is_address(url: str, environment: str) -> bool:
    """http or https, in live https only, with a host; in printable ASCII, without a user or a password."""
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    schemes = ("https",) if environment == LIVE else ("http", "https")
    return named and parts.scheme in schemes and parts.username is None and all("!" <= it <= "~" for it in url)
