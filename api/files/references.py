"""From a file as a request names it to the stored file."""

import re
from typing import Final

from api.files.records import StoredFile
from api.files.store import FileStore
from domain.attachments import FileReference, LongText
from domain.errors import NotFound

OPENAI_PREFIX: Final = "file-"
"""What OpenAI's surface puts before an id."""

_IN_ADDRESS: Final = re.compile(
    r"https?://[^/?#]+/(?:[^?#]*/)?files/([^/?#:]+)(?::download)?(?:[?#].*)?", re.IGNORECASE
)


async def resolve(store: FileStore, owner: str, reference: FileReference) -> StoredFile:
    """The file that a reference of the source `file_id` or `file_uri` means.

    Takes `file-ID`, `files/ID`, `ID`, and addresses that end in `/files/ID`. The host of an address is not
    looked at: Google's own name and every name of this gateway lead to the owner's files, and only to them.

    Raises:
        NotFound: the owner has no such file (any more); names what the caller wrote.
    """
    for file_id in _candidates(reference):
        try:
            return await store.get(owner, file_id)
        except NotFound:
            continue
    raise NotFound(
        f"There is no file {reference.value!r}; it may have been deleted, or have expired. Upload it first.",
        param=reference.param,
    )


def _candidates(reference: FileReference) -> list[str]:
    """Ids it may mean. An id that a caller chose may itself begin with `file-`."""
    value = reference.value.head if isinstance(reference.value, LongText) else reference.value.strip()
    address = _IN_ADDRESS.fullmatch(value)
    file_id = address[1] if address else value.removeprefix("files/")
    bare = file_id.removeprefix(OPENAI_PREFIX)
    found = [bare, file_id] if reference.source == "file_id" else [file_id, bare]
    return list(dict.fromkeys(found))
