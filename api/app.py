"""The wiring diagram of the HTTP side."""

import os
import time
from asyncio import TaskGroup
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from api.access.admin import Admin
from api.access.doorway import ADMIN, CrossOrigin, Doorway
from api.access.usage import usage_file
from api.addresses import Addresses
from api.attachments.intake import Intake
from api.attachments.rules import AttachmentRules
from api.catalogue import Catalogue, read_aliases, read_excluded
from api.embeddings.service import EmbeddingRules, Embeddings
from api.exchange.registry import Exchanges
from api.failures import failure_response, on_gateway_error, on_http_error, on_validation_error
from api.files.service import FileService
from api.files.store import FileStore
from api.files.uploads import Uploads
from api.gateway import Gateway
from api.middleware import HeadIsGet, RequestFrame
from api.openapi import failures
from api.queueing.queue import JobQueue
from api.queueing.worker import Worker
from api.routes import admin, gemini, health, images, info, models, openai_files, queue
from api.routes import chat as chat_route
from api.routes import embeddings as embeddings_route
from api.routes import files as files_route
from api.security import Gatekeeper
from api.supervisor import Supervisor
from api.version import NAME, VERSION
from domain.errors import GatewayError
from domain.ports import NO_BACKSTAGE, Backstage, Deadlines, Driver
from settings import (
    ROOT,
    AccessSettings,
    ChatSettings,
    EmbeddingSettings,
    FileSettings,
    ServerSettings,
    SettingsError,
)


def create_app(
    server: ServerSettings,
    chat: ChatSettings,
    files: FileSettings,
    embeddings: EmbeddingSettings,
    access: AccessSettings,
    deadlines: Deadlines,
    driver: Driver,
    backstage: Backstage = NO_BACKSTAGE,
) -> FastAPI:
    """An application that serves `driver`, which its lifespan opens and closes.

    What `backstage` has is the caller's to open and to close.

    Raises:
        SettingsError: a key file, the admin token, the list of excluded models or a folder for files cannot
            be used, or the address would be open to other machines without a key.
    """
    gatekeeper = Gatekeeper(server, access)
    _require_folder("UPLOAD_FILES_DIR", files.upload_dir)
    _require_folder("FILES_DIR", files.files_dir)
    jobs = JobQueue(server.queue_size, deadlines.queue)
    store = FileStore(files.files_dir, most_bytes=files.max_file_bytes)
    gateway = Gateway(
        server=server,
        chat=chat,
        deadlines=deadlines,
        driver=driver,
        gatekeeper=gatekeeper,
        supervisor=Supervisor(driver),
        catalogue=Catalogue(
            driver, read_excluded(server.excluded_models_file), read_aliases(chat.model_aliases_file)
        ),
        queue=jobs,
        files=FileService(store, Uploads(store), gatekeeper),
        intake=Intake(
            _rules(files, access, backstage.secrets),
            files.upload_dir,
            only_current=files.only_current_user_attachments,
        ),
        exchanges=Exchanges(jobs, chat),
        worker=Worker(jobs, driver, deadlines),
    )
    app = _bare_app(server, gatekeeper)
    app.state.gateway = gateway
    app.state.files = gateway.files
    app.state.started = time.monotonic()
    app.state.admin = Admin(access.admin_token_file)
    app.state.backstage = backstage
    app.state.embeddings = Embeddings(
        EmbeddingRules(embeddings.api_key, embeddings.base_url, embeddings.timeout)
    )
    _add_routes(app)
    return app


def _bare_app(server: ServerSettings, gatekeeper: Gatekeeper) -> FastAPI:
    """What holds for every request, before there are routes."""
    return FastAPI(
        title=NAME,
        version=VERSION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
        responses=failures(),
        middleware=[
            Middleware(Addresses, base_path=server.base_path),
            Middleware(CrossOrigin, origins=gatekeeper.origins.allowed),
            Middleware(RequestFrame, max_body_bytes=server.max_body_bytes),
            Middleware(Doorway, check_name=gatekeeper.check_name, refusal=failure_response),
            Middleware(HeadIsGet),
        ],
        exception_handlers={
            GatewayError: on_gateway_error,
            HTTPException: on_http_error,
            RequestValidationError: on_validation_error,
        },
    )


def _add_routes(app: FastAPI) -> None:
    """Google's protocol and OpenAI's share some addresses; the first one asks who is calling."""
    google = (gemini, files_route)
    openai = (chat_route, embeddings_route, images, openai_files, models)
    for routes in (*google, *openai, queue, health, info):
        app.include_router(routes.router)
    for router in admin.routers:
        app.include_router(router)
    app.mount(f"{ADMIN}/static", admin.static)


def _require_folder(name: str, folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"{name}={str(folder)!r} cannot be used: {error.strerror}.") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SettingsError(f"{name}={str(folder)!r} cannot be used: nothing may be written there.")


def _rules(files: FileSettings, access: AccessSettings, secrets: Sequence[Path]) -> AttachmentRules:
    return AttachmentRules(
        max_file_bytes=files.max_file_bytes,
        max_files=files.max_files,
        max_total_bytes=files.max_total_bytes,
        local_roots=files.roots,
        # Also a folder above them may be named by LOCAL_FILE_ROOTS.
        hidden=(
            files.files_dir,
            access.key_file,
            access.named_keys_file,
            usage_file(access),
            access.admin_token_file,
            ROOT / "auth_profiles",
            ROOT / ".env",
            *secrets,
        ),
        allow_private_urls=files.allow_private_urls,
        fetch_timeout=files.fetch_timeout,
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Serve while the body runs; then fail the waiting jobs, let pages be cleaned, close the browser."""
    gateway: Gateway = app.state.gateway
    async with AsyncExitStack() as stack:
        stack.push_async_callback(gateway.driver.close)
        stack.callback(gateway.gatekeeper.usage.save)
        await stack.enter_async_context(gateway.files.store)
        stack.callback(gateway.files.uploads.close)
        await stack.enter_async_context(gateway.intake)
        stack.push_async_callback(app.state.embeddings.aclose)
        tasks = await stack.enter_async_context(TaskGroup())
        worker = tasks.create_task(gateway.worker.run(), name="worker")
        stack.callback(worker.cancel)
        opening = tasks.create_task(gateway.supervisor.run(), name="driver-open")
        stack.callback(opening.cancel)
        sweeping = tasks.create_task(gateway.files.keep_swept(), name="files-sweep")
        stack.callback(sweeping.cancel)
        saving = tasks.create_task(gateway.gatekeeper.usage.keep_saved(), name="usage-save")
        stack.callback(saving.cancel)
        await stack.enter_async_context(gateway.exchanges)
        stack.callback(gateway.stop_accepting)
        yield
