"""Reading a request that may carry files."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import Request

from api.attachments.intake import RequestFiles
from api.files.references import resolve
from api.files.service import file_store_of, owner_of
from api.gateway import Gateway
from api.middleware import request_id_of


@asynccontextmanager
async def receiving(request: Request, gateway: Gateway) -> AsyncIterator[RequestFiles]:
    """The place for a request's files, while it is read; afterwards gone, unless an exchange has taken it.

    Raises:
        QueueFull: nothing should be received in vain.
        NotAllowed: the key is missing or wrong.
        ShuttingDown: the gateway is stopping.
    """
    uploads = partial(resolve, file_store_of(request), owner_of(request))
    gateway.queue.require_room()
    files = gateway.intake.of(request_id_of(request), uploads)
    try:
        yield files
    finally:
        if not files.handed_over:
            await files.close()
