"""How far somebody has come in signing in. No HTTP here: steps and their verdicts."""

import secrets
from dataclasses import dataclass, field
from typing import Literal

from simulator.sessions import Account

MOST_FLOWS = 1000

Step = Literal["identifier", "password", "code", "done"]


@dataclass(slots=True)
class Flow:
    """One attempt. `target` is where the browser goes when it is done (already checked)."""

    id: str
    target: str
    step: Step = "identifier"
    account: Account | None = None
    email: str = ""
    error: str = ""

    def identify(self, email: str, account: Account | None) -> None:
        self.email, self.account = email.strip(), account
        if account is None:
            self.error = "Couldn’t find your account" if self.email else "Enter an email"
        else:
            self.step, self.error = "password", ""

    def give_password(self, password: str, *, second_step: bool) -> None:
        if self.account is None or not secrets.compare_digest(
            password.encode(), self.account.password.encode()
        ):
            self.error = "Wrong password. Try again." if password else "Enter a password"
        else:
            self.step, self.error = ("code" if second_step else "done"), ""

    def give_code(self, code: str) -> None:
        if self.account is None or code.strip() != self.account.code:
            self.error = "Wrong code. Try again." if code else "Enter a code"
        else:
            self.step, self.error = "done", ""


@dataclass(slots=True)
class SignInFlows:
    """Open attempts by id; the oldest go when there are too many."""

    open: dict[str, Flow] = field(default_factory=dict)

    def begin(self, target: str) -> Flow:
        flow = Flow(secrets.token_urlsafe(12), target)
        self.open[flow.id] = flow
        while len(self.open) > MOST_FLOWS:
            del self.open[next(iter(self.open))]
        return flow

    def find(self, flow_id: str) -> Flow | None:
        return self.open.get(flow_id)

    def close(self, flow: Flow) -> None:
        self.open.pop(flow.id, None)
