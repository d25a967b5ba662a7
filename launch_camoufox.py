"""Command line of the gateway: flags, environment and `.env` become settings; then it runs until stopped."""

import os
import sys
from collections.abc import Sequence


def incomplete(error: ModuleNotFoundError) -> str:
    return (
        f"error: the package {error.name!r} is not installed for {sys.executable}; "
        "run 'make install', then .venv/bin/python launch_camoufox.py"
    )


try:
    from commands.command_line import Asked, read_command_line
    from domain.errors import GatewayError, ProfileUnusable
    from logbook.setup import write_logs
    from settings import Settings, SettingsError
    from simulator.demo import SiteFailed
except ModuleNotFoundError as error:
    sys.exit(incomplete(error))
except KeyboardInterrupt:
    sys.exit(130)


def print_config(settings: Settings) -> None:
    for name, value in settings.effective().items():
        print(f"{name}={value}  # {settings.sources.get(name, 'default')}")


def refuse_contradictions(asked: Asked) -> None:
    """Raises `SettingsError` for a flag that would do nothing beside the others."""
    options = asked.options
    if options.demo and (options.save_profile_as is not None or asked.overrides["AUTH_PROFILE"]):
        flag = "--profile" if options.save_profile_as is None else "--save-profile-as"
        raise SettingsError(f"--demo has a sign-in of its own; leave {flag} away")
    if options.generate and not options.doctor:
        raise SettingsError("--generate is a part of --doctor; add that")


def run(asked: Asked) -> int:
    """Do what the command line asks for; the exit status."""
    settings, options = Settings.load(overrides=asked.overrides), asked.options
    if asked.command is not None:
        return asked.command(settings, options)
    refuse_contradictions(asked)
    if options.print_config:
        print_config(settings)
        return 0
    write_logs(settings.logs)
    from commands import serving  # noqa: PLC0415 - takes seconds, for which nothing above should wait

    return serving.run(settings, asked)


def main(argv: Sequence[str] | None = None) -> int:
    """0: done, or stopped as asked. 1: could not run. 2: a setting is wrong. 130: stopped while starting."""
    try:
        return run(read_command_line(argv))
    except ModuleNotFoundError as error:
        print(incomplete(error), file=sys.stderr)
        return 1
    except SettingsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except ProfileUnusable as error:
        print(f"error: {error.detail}", file=sys.stderr)
        return 1
    except (GatewayError, SiteFailed, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    # Sign-ins, what callers upload, a browser's own folder: nothing that is written here is others' business.
    os.umask(0o077)
    sys.exit(main())
