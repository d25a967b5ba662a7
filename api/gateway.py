"""The parts that routes use, put together once by `api.app`."""

from dataclasses import dataclass

from fastapi import Request

from api.attachments.intake import Intake
from api.catalogue import Catalogue
from api.exchange.registry import Exchanges
from api.files.service import FileService
from api.queueing.job import JobState
from api.queueing.queue import JobQueue
from api.queueing.worker import Worker
from api.security import Gatekeeper
from api.supervisor import Supervisor
from domain.errors import ShuttingDown
from domain.ports import Deadlines, Driver
from settings import ChatSettings, ServerSettings


@dataclass(frozen=True, slots=True)
class Gateway:
    """One running gateway; lives in `app.state.gateway`."""

    server: ServerSettings
    chat: ChatSettings
    deadlines: Deadlines
    driver: Driver
    gatekeeper: Gatekeeper
    supervisor: Supervisor
    catalogue: Catalogue
    queue: JobQueue
    files: FileService
    intake: Intake
    exchanges: Exchanges
    worker: Worker

    def stop_accepting(self) -> None:
        """Fail what waits and refuse what comes; what runs goes on. The first step of every stop."""
        self.queue.close(ShuttingDown())
        self.exchanges.cancel_all(ShuttingDown(), but=JobState.RUNNING)

    def stop_running(self) -> None:
        """End what still runs. The second step."""
        self.exchanges.cancel_all(ShuttingDown())


def gateway_of(request: Request) -> Gateway:
    gateway: Gateway = request.app.state.gateway
    return gateway
