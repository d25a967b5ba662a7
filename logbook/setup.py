"""Where log lines go, and which."""

import logging

from logbook.files import PrivateRotatingFile
from logbook.formats import JsonLine, RequestMark, TextLine
from settings import LogSettings, SettingsError

OURS = ("api", "browser", "commands", "logbook")
_TALKATIVE = (
    "mcp",
    "httpx",
    "httpx2",
    "httpcore",
    "httpcore2",
    "google_genai",
    "python_multipart",
    "websockets",
)
"""Libraries whose debug lines hold what callers sent or what they sign in with; not even a trace has them."""


def write_logs(logs: LogSettings) -> None:
    """Set the process's logging up.

    Raises:
        SettingsError: the log file cannot be written.
    """
    handlers: list[logging.Handler] = [logging.StreamHandler()]
    if logs.file is not None:
        try:
            handlers.append(PrivateRotatingFile(logs.file, logs.file_bytes, logs.files_kept))
        except OSError as error:
            raise SettingsError(
                f"LOG_FILE={str(logs.file)!r} cannot be written: {error.strerror}."
            ) from error
    form = JsonLine() if logs.form == "json" else TextLine()
    for handler in handlers:
        handler.setFormatter(form)
        handler.addFilter(RequestMark())
    logging.basicConfig(handlers=handlers, level="DEBUG" if logs.trace else logs.level)
    if not logs.trace:
        logging.getLogger("uvicorn").setLevel("WARNING")
    for package in OURS if logs.debug else ():
        logging.getLogger(package).setLevel("DEBUG")
    for library in _TALKATIVE:
        logging.getLogger(library).setLevel("WARNING")
