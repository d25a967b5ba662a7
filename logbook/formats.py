"""A line of the log: `key=value` pairs, or one JSON object."""

import json
import logging
import re
from datetime import UTC, datetime

from logbook.context import request_id
from logbook.redaction import redact

FIELDS = "fields"
"""The attribute of a record, given by `extra`, that holds further pairs of its line."""
_PLAIN = re.compile(r"[\w.:/+@*-]+")


class RequestMark(logging.Filter):
    """Marks each record with the request at hand, while it is made: handlers may work elsewhere."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request = request_id()
        return True


class Line(logging.Formatter):
    """What both forms have in common: which pairs there are. Everything is redacted, tracebacks too."""

    def pairs(self, record: logging.LogRecord) -> dict[str, object]:
        pairs: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if request := getattr(record, "request", ""):
            pairs["request"] = request
        pairs["message"] = record.getMessage()
        pairs |= getattr(record, FIELDS, {})
        if record.exc_info:
            pairs["traceback"] = self.formatException(record.exc_info)
        return {name: redact(value) if isinstance(value, str) else value for name, value in pairs.items()}


class TextLine(Line):
    """`time=… level=info logger=… request=… message="…"`; a value with blanks is quoted as JSON quotes it."""

    def format(self, record: logging.LogRecord) -> str:
        return " ".join(f"{name}={_shown(value)}" for name, value in self.pairs(record).items())


class JsonLine(Line):
    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(self.pairs(record), ensure_ascii=False, default=str)


def _shown(value: object) -> str:
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
