"""One caller's request from its first generation to its last."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace

from api.access.caller import ANYBODY, Caller
from api.attachments.intake import RequestFiles, references_of
from api.exchange.functions import FunctionCalling
from api.exchange.jobs import WHOLE_ANSWER, Jobs
from api.exchange.pictures import OnlyPictures
from api.exchange.rounds import Answering, Rounds
from api.exchange.structured import StructuredOutput
from api.exchange.tools import EndpointTools, ToolRounds
from api.exchange.workarounds import Workarounds
from api.mcp.address import AddressRules
from api.mcp.session import connected
from api.queueing.channel import Channel
from api.queueing.job import JobState
from api.queueing.queue import JobQueue
from domain.errors import Cancelled, GatewayError, McpError
from domain.events import Event, Finished
from domain.requests import Plan
from logbook.context import note, note_elapsed
from settings import ChatSettings


class Exchange:
    """Answers a plan with one or several generations, in one task of its owner; see `run`.

    Its reader takes the events of the choices in order, 0 first, each as `domain.events` promises; a
    `GatewayError` ends them all. What was read before a failure stays read.
    """

    def __init__(
        self,
        request_id: str,
        plan: Plan,
        queue: JobQueue,
        chat: ChatSettings,
        workarounds: Workarounds,
        *,
        files: RequestFiles | None = None,
        stream: bool = False,
        caller: Caller = ANYBODY,
    ) -> None:
        """`files` are needed where the plan names files, and are the registry's to close."""
        self.id = request_id
        self.plan = plan
        self.files = files
        self._queue = queue
        self._jobs = Jobs(
            queue, request_id, plan.choices, self._on_submitted, stream=stream, caller=caller.name
        )
        self._caller = caller
        self._chat = chat
        self._workarounds = workarounds
        self._warnings: dict[str, None] = {}
        # A caller that reads slowly, or not at all, must not hold the page: the answer waits here instead.
        self._channel: Channel[tuple[int, Event]] = Channel(WHOLE_ANSWER)
        self._accepted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._verdict: GatewayError | None = None
        self._failure: GatewayError | None = None
        self._ended = False

    @property
    def capture(self) -> str:
        """Which capture heard the latest generation."""
        return self._jobs.capture

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the caller should know so far, each once."""
        return tuple(dict.fromkeys((*self._warnings, *self._jobs.warnings)))

    @property
    def state(self) -> JobState:
        """How far it is; running also between two generations."""
        return self._jobs.state

    @property
    def verdict(self) -> GatewayError | None:
        """Why it was told to stop, if it was."""
        return self._verdict

    async def accepted(self) -> None:
        """Until the first generation has its place in the queue.

        By then all files have been received and an MCP endpoint is connected.

        Raises:
            GatewayError: it never got there.
        """
        await self._accepted.wait()
        if not self._jobs.any and self._failure is not None:
            raise self._failure

    async def get(self) -> tuple[int, Event] | None:
        """The next event with the index of its choice, or `None` at a good end. Giving up loses nothing.

        Raises:
            GatewayError: the exchange failed, or was cancelled.
        """
        return await self._channel.get()

    async def events(self) -> AsyncGenerator[tuple[int, Event], None]:
        """All events; closing this before the end cancels the exchange."""
        try:
            while (item := await self.get()) is not None:
                yield item
        finally:
            self.cancel(Cancelled("Nobody reads the answer any more."))

    def cancel(self, reason: GatewayError) -> bool:
        """Stop whatever is being done for it; false if it had ended or been told to stop."""
        if self._ended or self._verdict is not None:
            return False
        self._verdict = reason
        self._jobs.cancel(reason)
        if self._task is not None:
            self._task.cancel(f"exchange {self.id}: {reason.code}")
        return True

    def attach(self, task: asyncio.Task[None]) -> None:
        """`task` executes `run`; its owner calls `end` when it is done."""
        self._task = task

    def end(self, failure: GatewayError | None = None) -> None:
        """Tell the reader that nothing more will come. Only the first call counts."""
        if self._ended:
            return
        self._ended, self._failure = True, failure
        self._jobs.cancel(failure or Cancelled("The request has been answered."))
        self._channel.end(failure)
        self._accepted.set()

    async def run(self) -> None:
        """Give every choice its answer.

        Raises:
            GatewayError: see `domain.errors`; nothing of the exchange is left running.
        """
        await self._receive_files()
        async with AsyncExitStack() as stack:
            tools = await self._tools(stack)
            for choice in range(self.plan.choices):
                await self._answer(choice, tools)
            # The reader does not wait for an MCP endpoint to say goodbye.
            self.end()

    async def _receive_files(self) -> None:
        if not references_of(self.plan.request):
            return
        if self.files is None:
            raise RuntimeError(f"exchange {self.id} names files, but was given no place for them")
        # In vain, nothing should be fetched; somebody else may take the place meanwhile all the same.
        self._queue.require_room()
        self.plan = replace(self.plan, request=await self.files.received(self.plan.request))

    async def _tools(self, stack: AsyncExitStack) -> EndpointTools | None:
        address = self.plan.mcp_endpoint
        if address is None:
            return None
        rules = AddressRules(self._chat.mcp_allowed_hosts)
        session = await stack.enter_async_context(connected(address, rules, self._chat.mcp_timeout))
        own = frozenset(function.name for function in self.plan.request.functions)
        tools = EndpointTools(session, self._warn, own)
        if self.plan.must_call and not (own or tools.declarations):
            raise McpError(
                f"The model must call a function, but mcp_endpoint={address!r:.200} offers no tools.",
                param="mcp_endpoint",
            )
        return tools

    async def _answer(self, choice: int, tools: EndpointTools | None) -> None:
        rounds = Rounds(self._jobs, choice)
        async with aclosing(self._stages(rounds, tools)(self.plan)) as events:
            async for event in events:
                note_elapsed("first_event")
                if isinstance(event, Finished) and (usage := rounds.usage) is not None:
                    self._caller.spend(usage)
                    note(prompt_tokens=usage.prompt, answer_tokens=usage.answer + usage.thoughts)
                    await self._channel.put((choice, usage))
                await self._channel.put((choice, event))

    def _stages(self, rounds: Rounds, tools: EndpointTools | None) -> Answering:
        """From a bare generation outwards; a stage that has nothing to do adds nothing."""
        mode = self._chat.function_calling_mode
        functions = FunctionCalling(rounds.generate, mode, self._workarounds, self._warn)
        pictures = OnlyPictures(functions.answer)
        structured = StructuredOutput(pictures.answer, self._workarounds, self._warn)
        if tools is None:
            return structured.answer
        return ToolRounds(structured.answer, tools, self._chat.mcp_max_rounds, self._warn).answer

    def _on_submitted(self) -> None:
        self._accepted.set()

    def _warn(self, warning: str) -> None:
        self._warnings[warning] = None
