"""Requests whose right answer is known beforehand, each with a token that no other request has."""

import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from simulator.model.failures import CHUNK_SIZE
from simulator.model.wording import chunk

Json = dict[str, Any]
TOKEN = re.compile(r"tok-[0-9]+-[0-9a-f]{6}")
MODELS = ("gemini-2.5-flash", "gemini-2.5-pro", "gemini-3-flash-preview")
FAULT_TEXT = "".join(chunk(number, CHUNK_SIZE) for number in range(1, 20))
"""What the simulated model says of its own accord before an injected fault breaks off."""
LONGEST_TALK = 4
WORD_SCHEMA = {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]}


@dataclass(slots=True)
class Said:
    """What a client has heard of an answer."""

    text: str = ""
    thoughts: str = ""
    calls: list[tuple[str, Any]] = field(default_factory=list)
    finish: str | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. `flaw` says what is wrong with a finished answer, or is empty."""

    token: str
    kind: str
    body: Json
    flaw: Callable[[Said], str]
    text: str | None = None
    """The whole of the right text, where it is known byte for byte."""

    def flaw_of_part(self, said: str) -> str:
        """What is wrong with the text of an answer that was broken off."""
        if self.text is None or self.text.startswith(said) or FAULT_TEXT.startswith(said):
            return ""
        return f"a part of another answer: {said[:200]!r}"


class Asker:
    """Makes up the requests of one client. `client` is its number, `chance` decides everything."""

    def __init__(self, client: int, chance: random.Random) -> None:
        self._client = client
        self._chance = chance
        self._talk: list[Json] = []
        self._makers: Sequence[Callable[[str], Ask]] = (
            *([self._echo] * 3),
            *([self._talking] * 4),
            *([self._recalling] * 2),
            self._chunks,
            self._thinking,
            self._calling,
            self._json,
            self._settings,
        )

    def next(self) -> Ask:
        token = f"tok-{self._client}-{self._chance.randrange(16**6):06x}"
        return self._chance.choice(self._makers)(token)

    def heard(self, ask: Ask, said: Said) -> None:
        """A right answer: a conversation goes on from it."""
        if ask.kind == "talk":
            self._talk = [*ask.body["messages"], {"role": "assistant", "content": said.text}]

    def _echo(self, token: str) -> Ask:
        text = f"{token} {self._words()} {token}"
        return _texting(token, "echo", self._plain(f"/echo({self._pace()}) {text}"), text)

    def _talking(self, token: str) -> Ask:
        if len(self._talk) >= 2 * LONGEST_TALK or self._chance.random() < 0.2:
            self._talk = []
        text = f"{token} {self._words()}"
        asking = {"role": "user", "content": f"/echo({self._pace()}) {text}"}
        body = {"model": MODELS[0], "messages": [*self._talk, asking]}
        return _texting(token, "talk", body, text)

    def _recalling(self, token: str) -> Ask:
        """The site was told of this conversation whatever was said in it, and nothing of any other."""
        messages = [*self._talk, *_asking(f"{token}\n/report")["messages"]]
        said = {found for message in messages for found in TOKEN.findall(message["content"])}

        def flaw(answer: Said) -> str:
            return _differs("tokens", set(TOKEN.findall(answer.text)), said)

        return Ask(token, "recall", {"model": MODELS[0], "messages": messages}, flaw)

    def _chunks(self, token: str) -> Ask:
        count, size = self._chance.randint(2, 40), self._chance.randint(12, 60)
        text = "".join(chunk(number, size) for number in range(1, count + 1))
        return _texting(
            token, "chunks", self._plain(f"{token}\n/chunks n={count} size={size} every=0.01"), text
        )

    def _thinking(self, token: str) -> Ask:
        thought, text = f"musing about {token}", f"so it is {token}"
        body = self._plain(f"/think {thought} | {text}")

        def flaw(said: Said) -> str:
            return _differs("text", said.text, text) or _differs("thoughts", said.thoughts.strip(), thought)

        return Ask(token, "think", body, flaw, text)

    def _calling(self, token: str) -> Ask:
        call = ("look_up", {"word": token})
        tool = {"type": "function", "function": {"name": call[0], "parameters": WORD_SCHEMA}}
        body = {"model": MODELS[0], **_asking(f"/call {call[0]} {json.dumps(call[1])}"), "tools": [tool]}
        return Ask(token, "call", body, lambda said: _differs("calls", said.calls, [call]), "")

    def _json(self, token: str) -> Ask:
        text = json.dumps({"word": token})
        schema = {"name": "word", "schema": WORD_SCHEMA}
        body = {
            "model": MODELS[0],
            **_asking(f"/echo {text}"),
            "response_format": {"type": "json_schema", "json_schema": schema},
        }
        return _texting(token, "json", body, text)

    def _settings(self, token: str) -> Ask:
        """What arrived at the site is this request's own, and nothing of anybody else."""
        chance = self._chance
        system = f"remember {token}"
        wanted: Json = {
            "temperature": chance.randint(1, 20) / 10,
            "top_p": chance.randint(1, 19) / 20,
            "max_tokens": chance.randint(5000, 8000),
            # JSON writes the quotation mark in another way, so the report does not stop itself.
            "stop": [f'STOP"{chance.randrange(1000)}'],
        }
        model = chance.choice(MODELS)
        asking = _asking(f"{token}\n/report")["messages"]
        messages = [{"role": "system", "content": system}, *asking]
        arrives = {
            "model": model,
            "system": system,
            "temperature": wanted["temperature"],
            "topP": wanted["top_p"],
            "maxOutputTokens": wanted["max_tokens"],
            "stopSequences": wanted["stop"],
            "tools": [],
        }
        body = {"model": model, "messages": messages, **wanted}
        return Ask(token, "settings", body, lambda said: _flaw_of_report(said.text, arrives, token))

    def _plain(self, prompt: str) -> Json:
        """A request that differs from its neighbours in model and temperature."""
        body: Json = {"model": self._chance.choice(MODELS), **_asking(prompt)}
        if self._chance.random() < 0.5:
            body["temperature"] = self._chance.randint(0, 20) / 10
        return body

    def _words(self) -> str:
        return "naïve 你好 | fox\n" * self._chance.randint(0, 12)

    def _pace(self) -> str:
        return f"ttft={self._chance.choice((0, 0.1, 0.4))} every={self._chance.choice((0, 0.01, 0.1))}"


def token_of(report: Mapping[str, Any]) -> str | None:
    """The token of the request that a report of the simulator is about."""
    contents = report.get("contents") or [{}]
    found = TOKEN.findall("\n".join(contents[-1].get("texts", [])))
    return found[-1] if found else None


def _asking(prompt: str) -> Json:
    return {"messages": [{"role": "user", "content": prompt}]}


def _texting(token: str, kind: str, body: Json, text: str) -> Ask:
    return Ask(token, kind, body, lambda said: _differs("text", said.text, text), text)


def _differs(what: str, found: object, right: object) -> str:
    return "" if found == right else f"{what}: {found!r} instead of {right!r}"


def _flaw_of_report(text: str, arrives: Mapping[str, Any], token: str) -> str:
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        return f"no report: {text[:200]!r}"
    foreign = set(TOKEN.findall(text)) - {token}
    if foreign:
        return f"words of other requests: {sorted(foreign)}"
    return "; ".join(filter(None, (_differs(name, found.get(name), arrives[name]) for name in arrives)))
