"""`launch_camoufox.py keys …`: named keys at the command line."""

import argparse
import sys
from datetime import UTC, datetime

from api.access.keys import Key, read_plain
from api.access.store import KeyStore
from api.access.usage import UsageBook, usage_file
from commands.subparsers import Subcommands
from settings import Settings, SettingsError


def add_to(subcommands: Subcommands) -> None:
    parser = subcommands.add_parser("keys", help="add, list or revoke API keys with names")
    # No sign-in is needed, whether or not the one that is set is there.
    parser.set_defaults(run=run, AUTH_PROFILE="")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    add = actions.add_parser("add", help="make a key and print it, this once")
    add.add_argument("name", metavar="NAME", help="what to call it")
    add.add_argument("--per-minute", type=int, metavar="N", help="requests a minute; 0: no limit")
    actions.add_parser("list", help="names, ages and use of all keys; never a key")
    actions.add_parser("revoke", help="take a key away").add_argument("name", metavar="NAME")


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Do what `options` say; a running gateway notices by itself.

    Raises:
        SettingsError: a name or a file cannot be used.
    """
    access = settings.access
    store = KeyStore(access.named_keys_file)
    match options.action:
        case "add":
            if options.per_minute is not None and options.per_minute < 0:
                raise SettingsError(f"--per-minute={options.per_minute} must be 0 or more.")
            text, key = store.add(options.name, options.per_minute)
            # The key alone goes to where it can be piped from.
            print(f"The key {key.name!r}; it is shown this once:", file=sys.stderr, flush=True)
            print(text)
        case "revoke":
            try:
                store.revoke(options.name)
            except KeyError:
                known = ", ".join(key.name for key in store.read()) or "none"
                raise SettingsError(f"There is no key named {options.name!r}; there are: {known}.") from None
            print(f"The key {options.name!r} is revoked.")
        case "list":
            print(table((*read_plain(access.key_file), *store.read()), UsageBook(usage_file(access))))
    return 0


def table(keys: tuple[Key, ...], usage: UsageBook) -> str:
    """One line a key."""
    if not keys:
        return "There are no keys."
    rows: list[tuple[str, ...]] = [
        ("NAME", "KEY", "CREATED", "LAST USED", "REQUESTS", "TOKENS IN", "TOKENS OUT", "A MINUTE")
    ]
    for key in keys:
        spent = usage.of(key.digest)
        used = datetime.fromtimestamp(spent.last_used, UTC) if spent.last_used is not None else None
        sums = map(str, (spent.requests, spent.prompt_tokens, spent.answer_tokens))
        rows.append((key.name, key.hint, _day(key.created), _day(used), *sums, _limit(key)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _limit(key: Key) -> str:
    return {None: "-", 0: "no limit"}.get(key.requests_per_minute, str(key.requests_per_minute))


def _day(moment: datetime | None) -> str:
    return "-" if moment is None else f"{moment:%Y-%m-%d %H:%M}"
