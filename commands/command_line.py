"""The command line: flags that become settings, and subcommands."""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from api.version import NAME, VERSION
from commands import keys, profiles
from commands.subparsers import Subcommands
from settings import Settings

Command = Callable[[Settings, argparse.Namespace], int]
"""A subcommand: from the settings and its own options to the exit status."""

ADDERS: Sequence[Callable[[Subcommands], None]] = (profiles.add_to, keys.add_to)
"""The `add_to` of every subcommand, in the order of the help."""

MODES = (
    ("--headless", "headless", "browser without a window (default)"),
    ("--debug", "headed", "browser with a window"),
    ("--virtual-display", "virtual", "browser with a window on a display that nobody sees"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a command line asks for."""

    overrides: dict[str, object]
    """Settings by name; `None` where not given."""
    options: argparse.Namespace
    """Everything that is no setting."""

    @property
    def command(self) -> Command | None:
        """The subcommand; `None`: serve."""
        found: Command | None = getattr(self.options, "run", None)
        return found


def read_command_line(argv: Sequence[str] | None) -> Asked:
    """Read `argv`, or this process's own arguments; ends the process with status 2 where it is wrong."""
    words = sys.argv[1:] if argv is None else list(argv)
    _refuse_unknown_flags(words)
    given = vars(parser().parse_args(words))
    overrides = {name: value for name, value in given.items() if name.isupper()}
    if given["save_profile_as"] is not None:  # whatever AUTH_PROFILE names need not be there then
        overrides["AUTH_PROFILE"] = ""
    return Asked(overrides, argparse.Namespace(**{k: v for k, v in given.items() if k not in overrides}))


def _refuse_unknown_flags(words: Sequence[str]) -> None:
    """Name a misspelt flag, where argparse would take its value for a misspelt subcommand."""
    flags = _with_flags(argparse.ArgumentParser(add_help=False))
    rest = flags.parse_known_args(words)[1]
    if rest and rest[0].startswith("-") and rest[0] not in {"-h", "--help"}:
        parser().error(f"unrecognized arguments: {rest[0]}")


def parser() -> argparse.ArgumentParser:
    """Flags that are settings have the setting's name, in capitals, as `dest`."""
    top = _with_flags(
        argparse.ArgumentParser(
            description="Google AI Studio's page as APIs that OpenAI's and Gemini's clients speak."
        )
    )
    subcommands = top.add_subparsers(title="instead of serving", metavar="COMMAND")
    for add_to in ADDERS:
        add_to(subcommands)
    return top


def _with_flags(top: argparse.ArgumentParser) -> argparse.ArgumentParser:
    mode = top.add_mutually_exclusive_group()
    for flag, value, words in MODES:
        mode.add_argument(flag, dest="BROWSER_MODE", action="store_const", const=value, help=words)
    top.add_argument("--server-port", dest="PORT", metavar="PORT", help="port to listen on; 0: any free one")
    whose = top.add_mutually_exclusive_group()
    whose.add_argument("--profile", dest="AUTH_PROFILE", metavar="NAME", help="saved sign-in to use")
    whose.add_argument(
        "--save-profile-as", metavar="NAME", help="have somebody sign in in a window first, and save that"
    )
    top.add_argument("--demo", action="store_true", help="use the embedded simulator; no account needed")
    top.add_argument("--doctor", action="store_true", help="look at every control of the page and end")
    top.add_argument("--generate", action="store_true", help="with --doctor: also send one tiny prompt")
    top.add_argument("--print-config", action="store_true", help="print the effective settings and end")
    top.add_argument("--version", action="version", version=f"{NAME} {VERSION}")
    return top
