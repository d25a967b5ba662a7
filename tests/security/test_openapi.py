"""The OpenAPI document, driven by schemathesis: no defect, and no answer that it does not describe."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.app import create_app
from domain.ports import Deadlines
from tests.api.harness import settings_of
from tests.api.scripted import ScriptedDriver
from tests.security.serving import Serving, serving

EXAMPLES = 12
"""Of each operation; the whole takes well under half a minute."""
TOKEN = "admin-token-of-some-length"

SCHEMA = schemathesis.openapi.from_dict(create_app(*settings_of(), Deadlines(), ScriptedDriver()).openapi())


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """In a thread of its own: schemathesis waits for answers without a loop."""
    folder = tmp_path_factory.mktemp("openapi")
    (folder / "admin_token").write_text(TOKEN)
    ready: Future[tuple[Serving, asyncio.AbstractEventLoop, asyncio.Event]] = Future()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(folder, ready)), name="gateway")
    thread.start()
    running, loop, stop = ready.result(timeout=30)
    yield running
    loop.call_soon_threadsafe(stop.set)
    thread.join()


async def _serve(
    folder: Path, ready: "Future[tuple[Serving, asyncio.AbstractEventLoop, asyncio.Event]]"
) -> None:
    stop = asyncio.Event()
    async with serving(
        ScriptedDriver(), admin_token_file=folder / "admin_token", named_keys_file=folder / "keys.json"
    ) as running:
        ready.set_result((running, asyncio.get_running_loop(), stop))
        await stop.wait()


@SCHEMA.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_operation_answers_as_described(case: "schemathesis.Case[Any]", gateway: Serving) -> None:
    as_admin = case.path.startswith("/admin") and case.path != "/admin/api/login"
    headers = {"X-Admin-Token": TOKEN} if as_admin else {}
    response = case.call(base_url=gateway.address, headers=headers, timeout=10)
    # A route that waits for a setting says so with 501.
    checks = [status_code_conformance, content_type_conformance, response_schema_conformance]
    if response.status_code != 501:
        checks.append(not_a_server_error)
    case.validate_response(response, checks=checks)
