"""The folder of saved sign-ins: `NAME.json`, each a Playwright storage state that only its owner may read."""

import os
import re
import stat
import sys
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from browser.profiles.files import (
    Untrusted,
    Version,
    private_folder,
    read_private,
    version,
    write_private,
)
from browser.profiles.lock import in_use, only_user
from browser.profiles.standing import Standing, forget_standing, read_standing, standing_file
from browser.profiles.state import Expired, SavedState, Unfit
from domain.errors import BadRequest, NotConfigured, NotFound, ProfileUnusable
from domain.profiles import Profile, ProfileState

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._@+-]{0,62}[A-Za-z0-9_@+-])?")
_SUFFIX = ".json"
_RESERVED = re.compile(r"(?i)(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?")
"""Names that are devices on Windows."""
RETIRED = "retired"
"""Folder, inside the profiles', of those that were taken out of use."""


def checked_name(name: str) -> str:
    """`name` as a profile's; a `.json` at its end is taken off.

    Raises:
        BadRequest: it cannot be one.
    """
    bare = name.removesuffix(_SUFFIX)
    if not _NAME.fullmatch(bare) or _RESERVED.fullmatch(bare):
        raise BadRequest(
            f"{name!r} cannot be a profile's name; take up to 64 letters, digits or any of . _ @ + - "
            "that begin with a letter or digit and do not end with a dot.",
            param="name",
        )
    return bare


class ProfileStore:
    """The profiles of one site in one folder. `clock` tells the time in seconds since 1970.

    `others` are files that may lie in the folder and are something else, as the keys of callers.
    """

    def __init__(
        self,
        folder: Path,
        site: str,
        clock: Callable[[], float] = time.time,
        *,
        others: Collection[Path] = (),
    ) -> None:
        self.folder = folder
        here = folder.resolve()
        # Names that differ in their case are one file on some systems.
        self._others = frozenset(path.name.casefold() for path in others if path.parent.resolve() == here)
        self.host = urlsplit(site).hostname or ""
        """The site's own host: cookies that a browser would send there are the sign-in."""
        self.now = clock

    def file(self, name: str) -> Path:
        """Where the profile of that name lies, or would.

        Raises:
            BadRequest: it cannot be a name.
        """
        file = self.folder / f"{checked_name(name)}{_SUFFIX}"
        if not self._may_be_profile(file):
            raise BadRequest(
                f"{file.stem!r} cannot be a profile's name: {file.name} is a file of another kind here; "
                "choose another name.",
                param="name",
            )
        return file

    def _may_be_profile(self, file: Path) -> bool:
        return file.name.casefold() not in self._others

    def files(self) -> tuple[Path, ...]:
        """Every profile's file, by name. Whether they are any good, loading them shows."""
        with suppress(OSError):
            found = (file for file in self.folder.iterdir() if file.suffix == _SUFFIX)
            named = (file for file in found if _NAME.fullmatch(file.stem) and self._may_be_profile(file))
            return tuple(sorted(file for file in named if file.is_file()))
        return ()

    def load(self, file: Path) -> tuple[SavedState, Version]:
        """What a file holds, checked, and its version.

        Raises:
            ProfileUnusable: it cannot be read, is not to be trusted, or is no sign-in to the site.
        """
        try:
            content, found = read_private(file)
            state = SavedState.parse(content, self.host)
            state.require_signed_in(self.now())
        except FileNotFoundError:
            raise ProfileUnusable("there is no such file", str(file), _SIGN_IN) from None
        except OSError as error:
            problem = f"it cannot be read ({(error.strerror or str(error)).lower()})"
            raise ProfileUnusable(problem, str(file), _REMEDY) from error
        except Untrusted as error:
            raise ProfileUnusable(str(error), str(file)) from error
        except Unfit as error:
            raise ProfileUnusable(str(error), str(file), _SIGN_IN) from error
        return state, found

    def save(self, file: Path, fresh: Mapping[str, Any], *, over: SavedState | None = None) -> SavedState:
        """Write what a signed-in browser holds, `over` what the file held before; all of it or nothing.

        Raises:
            Unfit: the browser is not signed in (any more); the file stays as it is.
            OSError: it could not be written; the file stays as it is.
        """
        base = over or SavedState.of({"cookies": []}, self.host)
        renewed = base.renewed(fresh, self.now())
        self.write(file, renewed)
        return renewed

    def write(self, file: Path, state: SavedState) -> Version:
        """Put a state in a file's place. Raises `OSError`; the file stays as it is then."""
        self.prepare()
        return write_private(file, state.dump())

    def prepare(self) -> None:
        """Have the folder there, and close it to others where it is ours alone."""
        private_folder(self.folder)
        if sys.platform == "win32":
            return
        with suppress(OSError):  # somebody else's: the files themselves are closed
            mode = self.folder.stat().st_mode
            if mode & (stat.S_IRWXG | stat.S_IRWXO) and not mode & stat.S_ISVTX:
                self.folder.chmod(0o700)

    def require_room(self) -> None:
        """See to it that a new profile can be kept, before somebody signs in for nothing.

        Raises:
            NotConfigured: nothing may be written there. Nothing is made yet.
        """
        there = next(folder for folder in (self.folder, *self.folder.parents) if folder.exists())
        if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
            return
        why = "nothing may be written there" if there.is_dir() else "a file is in its place"
        raise NotConfigured(
            f"A sign-in cannot be saved in AUTH_PROFILES_DIR ({why}); make that folder writable for the user "
            "who runs the gateway, or set another one."
        )

    def only_user(self, file: Path) -> AbstractContextManager[None]:
        """Be the only one who uses a profile, for as long as the context.

        Raises:
            ProfileInUse: a gateway of this machine uses it.
        """
        return only_user(file)

    def all(self) -> tuple[Profile, ...]:
        return tuple(self.describe(file) for file in self.files())

    def describe(self, file: Path) -> Profile:
        """One profile as its file shows it; never fails."""
        written = version(file)
        last_used = written[1] / 1e9 if written else None
        try:
            state, _ = self.load(file)
        except ProfileUnusable as error:
            expired = isinstance(error.__cause__, Expired)
            kind = ProfileState.EXPIRED if expired else ProfileState.UNUSABLE
            return Profile(file.stem, kind, None, last_used, in_use(file), error.problem)
        standing = read_standing(file)
        cooling = standing.now_cooling(self.now())
        kind, problem = ProfileState.COOLING_DOWN if cooling else ProfileState.OK, ""
        if standing.refused is not None and standing.refused == written:
            kind, problem = ProfileState.SIGNED_OUT, "the site asks to sign in anew"
        return Profile(file.stem, kind, state.expires(), last_used, in_use(file), problem, cooling)

    def add(self, name: str, content: bytes, *, replace: bool = False) -> Path:
        """Take a file's content over as a profile; a gateway that uses the replaced one notices.

        Raises:
            BadRequest: the name cannot be one, or is taken.
            ProfileUnusable: the content is no sign-in to the site.
            OSError: it could not be written.
        """
        file = self.file(name) if replace else self.free(name)
        try:
            state = SavedState.parse(content, self.host)
            state.require_signed_in(self.now())
        except Unfit as error:
            raise ProfileUnusable(str(error), name, _SIGN_IN) from error
        self.prepare()
        write_private(file, state.dump())
        return file

    def standing(self, file: Path) -> Standing:
        """How the site treats the account, as far as that was written down."""
        return read_standing(file)

    def existing(self, name: str) -> Path:
        """The file of a profile that is there.

        Raises:
            BadRequest: it cannot be a name.
            NotFound: there is none of that name.
        """
        file = self.file(name)
        if not file.is_file():
            known = ", ".join(other.stem for other in self.files()) or "none"
            raise NotFound(f"There is no profile {file.stem!r}; there are: {known}.", param="name")
        return file

    def free(self, name: str) -> Path:
        """The file for a profile of a new name.

        Raises:
            BadRequest: it cannot be a name, or is taken.
        """
        file = self.file(name)
        if file.exists():
            raise BadRequest(f"There is a profile {file.stem!r} already; choose another name.", param="name")
        return file

    def rename(self, name: str, new: str) -> None:
        """Raises as `existing` and `free`, and `ProfileInUse`."""
        old, target = self.existing(name), self.free(new)
        with self.only_user(old), self.only_user(target):
            old.rename(target)
            with suppress(FileNotFoundError):
                standing_file(old).rename(standing_file(target))

    def retire(self, name: str) -> Path:
        """Put a profile aside; where it lies then. Raises as `existing`, and `ProfileInUse`."""
        file = self.existing(name)
        aside = self.folder / RETIRED
        with self.only_user(file):
            aside.mkdir(mode=0o700, exist_ok=True)
            target = aside / f"{file.stem}-{int(self.now())}{_SUFFIX}"
            file.rename(target)
            forget_standing(file)
        return target

    def remove(self, name: str) -> None:
        """Delete a profile. Raises as `existing`, and `ProfileInUse`."""
        file = self.existing(name)
        with self.only_user(file):
            file.unlink()
            forget_standing(file)


_SIGN_IN = (
    "sign in again, on the admin page or with --debug --save-profile-as NAME, or import another file with "
    "'profiles import'"
)
_REMEDY = "make it readable for the user who runs this"
