"""Where log lines go, and which."""

import logging

from settings.groups import LogSettings


def log_to_stderr(logs: LogSettings) -> None:
    """Set the process's logging up. The gateway's own lines may be wanted in more detail than others'."""
    form = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
    logging.basicConfig(format=form, level="DEBUG" if logs.trace else logs.level)
    if not logs.trace:
        logging.getLogger("uvicorn").setLevel("WARNING")
    for package in ("api", "browser") if logs.debug else ():
        logging.getLogger(package).setLevel("DEBUG")
