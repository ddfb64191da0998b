"""Log lines of the command line's processes: one JSON object a line on standard error, keyword fields kept.

Nothing secret may be given as a field: no key, token, PIN or full MSISDN (architecture section 8).
"""

import json
import logging
import os
import sys
from datetime import UTC, datetime

from services.cli.errors import CannotDo

LEVEL = "MKONDO_LOG_LEVEL"
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
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
        return json.dumps(line, default=str)


def configure_logging() -> None:
    """Warnings and worse, unless MKONDO_LOG_LEVEL says otherwise."""
    level = os.environ.get(LEVEL, "WARNING").upper()
    if level not in LEVELS:
        raise CannotDo(f"{LEVEL} is {level}: it takes one of {', '.join(LEVELS)}")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
