"""`python -m mkondo.contracts.released VERSION`: freeze today's public events, as the last step before a release."""

import sys
from pathlib import Path

from mkondo.contracts.compatibility import breaches
from mkondo.contracts.released import FILE, frozen, last_release
from mkondo.contracts.schemas import public_events


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        sys.stderr.write("name the release: python -m mkondo.contracts.released 0.2.0\n")
        return 2
    file, now = Path(__file__).parent / FILE, public_events()
    before = last_release().events if file.exists() else ()
    if broken := breaches(before, now):
        sys.stderr.write("\n".join((*broken, "nothing was frozen\n")))
        return 1
    file.write_bytes(frozen(arguments[0], before, now))
    sys.stdout.write(f"{file.name}: {len(now)} events of release {arguments[0]}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
