"""`profiles …`: look at saved sign-ins, bring them in and out, rename and remove them."""

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from api.access.usage import usage_file
from browser.profiles.files import Untrusted, open_to_others, read_any, write_private
from browser.profiles.store import ProfileStore
from commands.subparsers import Subcommands
from domain.errors import GatewayError, ProfileUnusable
from domain.profiles import Profile
from settings import Settings

Action = Callable[[ProfileStore, argparse.Namespace], int]

WARNING = "Whoever has this file is signed in as you: treat it like a password, and delete it after use."


def add_to(subcommands: Subcommands) -> None:
    profiles = subcommands.add_parser("profiles", help="list, check, import, export … saved sign-ins")
    # AUTH_PROFILE may name what is only about to be imported.
    profiles.set_defaults(run=run, AUTH_PROFILE="")
    actions = profiles.add_subparsers(required=True, metavar="ACTION")

    _add(actions, "list", show_all, "show every profile: its state, until when it lasts, when it was saved")
    check = _add(actions, "check", check_all, "say what is wrong with profiles; status 1 if something is")
    check.add_argument("names", nargs="*", metavar="NAME", help="default: all")
    take = _add(actions, "import", import_file, "check a storage-state file and keep a copy as a profile")
    take.add_argument("file", type=Path, metavar="FILE")
    take.add_argument("name", nargs="?", metavar="NAME", help="default: the file's name")
    take.add_argument("--replace", action="store_true", help="put it in the place of one of that name")
    give = _add(actions, "export", export_file, "write a copy of a profile, readable by you alone")
    give.add_argument("name", metavar="NAME")
    give.add_argument("file", type=Path, metavar="FILE")
    give.add_argument("--replace", action="store_true", help="put it in the place of a file of that name")
    rename = _add(actions, "rename", rename_one, "give a profile another name")
    rename.add_argument("name", metavar="NAME")
    rename.add_argument("new", metavar="NEW")
    _add(actions, "retire", retire_one, "put a profile aside, into the folder 'retired'").add_argument(
        "name", metavar="NAME"
    )
    _add(actions, "remove", remove_one, "delete a profile").add_argument("name", metavar="NAME")


def store_of(settings: Settings) -> ProfileStore:
    """The folder of profiles; the keys of callers lie there as well, unless a setting says otherwise."""
    access, browser = settings.access, settings.browser
    keys = (access.named_keys_file, usage_file(access))
    return ProfileStore(browser.auth_profiles_dir, browser.ai_studio_url, others=keys)


def run(settings: Settings, options: argparse.Namespace) -> int:
    """0: done. 1: not done, or a profile is no good; stderr says why."""
    action: Action = options.action
    store = store_of(settings)
    try:
        return action(store, options)
    except ProfileUnusable as error:
        return _failed(error.detail)
    except GatewayError as error:
        return _failed(error.public_message)
    except Untrusted as error:
        return _failed(f"{options.file}: {error}")
    except OSError as error:
        return _failed(f"{error.filename or store.folder}: {error.strerror or error}")


def show_all(store: ProfileStore, _: argparse.Namespace) -> int:
    found = store.all()
    if not found:
        print(f"No profiles in {store.folder}. Sign in with --debug, or bring one in with 'profiles import'.")
        return 0
    width = max(len("NAME"), *(len(profile.name) for profile in found))
    print(f"{'NAME':{width}}  {'STATE':12}  {'LASTS UNTIL':16}  {'SAVED':16}  USED BY")
    for profile in found:
        gateway = "a running gateway" if profile.active else ""
        times = f"{_time(profile.expires):16}  {_time(profile.last_used):16}"
        print(f"{profile.name:{width}}  {profile.state:12}  {times}  {gateway}".rstrip())
    for profile in found:
        for one in profile.cooling:
            print(f"{profile.name} cools down for {one.model or 'every model'} until {_time(one.until)}")
    return 0


def check_all(store: ProfileStore, options: argparse.Namespace) -> int:
    files = [store.existing(name) for name in options.names] or store.files()
    if not files:
        return _failed(f"no profiles in {store.folder}")
    found = [store.describe(file) for file in files]
    for profile in found:
        print(f"{profile.name}: {_verdict(profile)}")
    return 1 if any(profile.problem for profile in found) else 0


def import_file(store: ProfileStore, options: argparse.Namespace) -> int:
    content = read_any(options.file)
    try:
        file = store.add(options.name or options.file.stem, content, replace=options.replace)
    except ProfileUnusable as error:
        return _failed(f"{options.file} is no sign-in: {error.problem}")
    print(f"Kept as {file}. {WARNING.replace('this file', str(options.file))}")
    if open_to_others(options.file):
        print(f"Other users of this machine may read {options.file} now.")
    print(f"Use it with: launch_camoufox.py --profile {file.stem}")
    return 0


def export_file(store: ProfileStore, options: argparse.Namespace) -> int:
    target: Path = options.file
    state, _ = store.load(store.existing(options.name))
    if target.exists() and not options.replace:
        return _failed(f"{target} is there already; choose another name, or add --replace")
    write_private(target, state.dump())
    print(f"Written to {target}. {WARNING}")
    return 0


def rename_one(store: ProfileStore, options: argparse.Namespace) -> int:
    store.rename(options.name, options.new)
    print(f"The profile {options.name!r} is now {options.new!r}.")
    return 0


def retire_one(store: ProfileStore, options: argparse.Namespace) -> int:
    print(f"Put aside as {store.retire(options.name)}.")
    return 0


def remove_one(store: ProfileStore, options: argparse.Namespace) -> int:
    store.remove(options.name)
    print(f"The profile {options.name!r} is deleted.")
    return 0


def _add(actions: Subcommands, name: str, action: Action, words: str) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=words, description=words[0].upper() + words[1:] + ".")
    parser.set_defaults(action=action)
    return parser


def _verdict(profile: Profile) -> str:
    if profile.problem:
        return f"{profile.state}: {profile.problem}"
    return f"ok, lasts until {_time(profile.expires)}" if profile.expires else "ok, without a date of expiry"


def _time(seconds: float | None) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M") if seconds else "-"


def _failed(words: str) -> int:
    print(f"error: {words}", file=sys.stderr)
    return 1
