"""One gateway a profile: two would save each other's cookies away, and the site would see one account twice.

The lock is the operating system's (`flock`, or its like on Windows, through `filelock`), so that it ends with
the process however that ends; a file with a number in it would outlive a crash. It lies beside the profile,
because saving replaces the profile's own file.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from domain.errors import ProfileInUse


def _lock_of(file: Path) -> FileLock:
    file = file.resolve()
    return FileLock(file.with_name(f".{file.name}.lock"), timeout=0, mode=0o600, thread_local=False)


@contextmanager
def only_user(file: Path) -> Iterator[None]:
    """Hold a profile's lock.

    Raises:
        ProfileInUse: somebody else holds it, also elsewhere in this process.
        OSError: no lock can be made there.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = _lock_of(file)
    try:
        lock.acquire()
    except Timeout:
        raise ProfileInUse(
            f"The profile {file.stem!r} is used by another gateway on this machine; stop that one, or choose "
            "another profile with --profile."
        ) from None
    try:
        yield
    finally:
        lock.release()


def in_use(file: Path) -> bool:
    """Whether somebody holds a profile's lock now."""
    lock = _lock_of(file)
    if not Path(lock.lock_file).exists():
        return False
    try:
        lock.acquire()
    except (Timeout, OSError):
        return True
    lock.release()
    return False
