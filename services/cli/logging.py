"""Log lines of the command line's processes: one JSON object a line on standard error, keyword fields kept.

Nothing secret may be given as a field: no key, token, PIN or full MSISDN (architecture section 8). Account and record
keys hold MSISDNs, and so does the text of an exception about them: those are shortened here, wherever they stand.
"""

import json
import logging
import os
import re
import sys
from datetime import UTC, datetime

from services.cli.errors import CannotDo

LEVEL = "MKONDO_LOG_LEVEL"
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_MSISDN = re.compile(r"(?<![0-9A-Za-z.])([0-9]{3})[0-9]{6,9}([0-9]{2})(?![0-9A-Za-z])")
_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """A record as one line of JSON: time, level, logger, message, then whatever fields it was given."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **{name: value for name, value in vars(record).items() if name not in _STANDARD},
        }
        if record.exc_info:
            line["trouble"] = self.formatException(record.exc_info)
        return _MSISDN.sub(r"\1…\2", json.dumps(line, default=str))


def configure_logging() -> None:
    """Warnings and worse, unless MKONDO_LOG_LEVEL says otherwise."""
    level = os.environ.get(LEVEL, "WARNING").upper()
    if level not in LEVELS:
        raise CannotDo(f"{LEVEL} is {level}: it takes one of {', '.join(LEVELS)}")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
