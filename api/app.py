"""The wiring diagram of the HTTP side."""

from asyncio import TaskGroup
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from api.catalogue import Catalogue, read_aliases, read_excluded
from api.errors import on_gateway_error, on_http_error, on_validation_error
from api.exchange.registry import Exchanges
from api.gateway import Gateway
from api.middleware import RequestFrame
from api.queueing.queue import JobQueue
from api.queueing.worker import Worker
from api.routes import chat as chat_route
from api.routes import health, info, models, queue
from api.security import Gatekeeper
from api.supervisor import Supervisor
from api.version import NAME, VERSION
from domain.errors import GatewayError
from domain.ports import Deadlines, Driver
from settings import ChatSettings, ServerSettings


def create_app(server: ServerSettings, chat: ChatSettings, deadlines: Deadlines, driver: Driver) -> FastAPI:
    """An application that serves `driver`, which its lifespan opens and closes.

    Raises:
        SettingsError: the key file or the list of excluded models cannot be used, or the address would be
            open to other machines without a key.
    """
    jobs = JobQueue(server.queue_size, deadlines.queue)
    gateway = Gateway(
        server=server,
        chat=chat,
        deadlines=deadlines,
        driver=driver,
        gatekeeper=Gatekeeper(server),
        supervisor=Supervisor(driver),
        catalogue=Catalogue(
            driver, read_excluded(server.excluded_models_file), read_aliases(chat.model_aliases_file)
        ),
        queue=jobs,
        exchanges=Exchanges(jobs, chat),
        worker=Worker(jobs, driver, deadlines),
    )
    app = FastAPI(
        title=NAME,
        version=VERSION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
        middleware=[Middleware(RequestFrame, max_body_bytes=server.max_body_bytes)],
        exception_handlers={
            GatewayError: on_gateway_error,
            HTTPException: on_http_error,
            RequestValidationError: on_validation_error,
        },
    )
    app.state.gateway = gateway
    for routes in (chat_route, models, queue, health, info):
        app.include_router(routes.router)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Serve while the body runs; then fail the waiting jobs, let pages be cleaned, close the browser."""
    gateway: Gateway = app.state.gateway
    async with AsyncExitStack() as stack:
        stack.push_async_callback(gateway.driver.close)
        tasks = await stack.enter_async_context(TaskGroup())
        worker = tasks.create_task(gateway.worker.run(), name="worker")
        stack.callback(worker.cancel)
        opening = tasks.create_task(gateway.supervisor.run(), name="driver-open")
        stack.callback(opening.cancel)
        await stack.enter_async_context(gateway.exchanges)
        stack.callback(gateway.stop_accepting)
        yield
