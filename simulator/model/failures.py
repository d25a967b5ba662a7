"""Every documented way to fail, written as the words behind `/fail` or in a scenario's fault list.

`403 [message]` (also 400, 401, 404, 429, 500, 503), `signed-out`, `stream [after=3] [code=8]`,
`cut [after=3]`, `stall [after=3]`, `empty`, `blocked`, `garbage`. Those with a status take `retry=` (seconds,
as RetryInfo) and `per=minute` or `per=day` (the quota's name, as QuotaFailure).
"""

from collections.abc import Callable, Iterator
from typing import Any

from simulator.model.beats import Answer, Beat, Block, Break, Cut, Emit, End, Garbage, Refuse, Stall
from simulator.model.directives import BadDirectiveError, Directive
from simulator.model.wording import chunk
from simulator.parts import Text
from simulator.rejection import CODE_OF_STATUS, MESSAGE_OF_STATUS, STATUS_OF_CODE, Rejection

PROHIBITED_CONTENT = 4
RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo"
QUOTA_FAILURE = "type.googleapis.com/google.rpc.QuotaFailure"
DEFAULT_AFTER = 3
CHUNK_SIZE = 24

Failure = Callable[[Directive], Answer]


def failure(directive: Directive) -> Answer:
    """The answer that fails as the directive's words say. Raises BadDirectiveError for unknown words."""
    words = directive.words()
    kind = words[0] if words else ""
    if kind.isdecimal() and int(kind) in CODE_OF_STATUS:
        return _at_once(int(kind), " ".join(words[1:]), _details(directive))
    if kind not in KINDS:
        known = ", ".join([*map(str, CODE_OF_STATUS), *KINDS])
        raise BadDirectiveError(f"/fail {kind!r} is not a fault; known: {known}")
    return KINDS[kind](directive)


def fault(words: str) -> Answer:
    """A fault of the scenario."""
    return failure(Directive("fail", words))


def _at_once(status: int, message: str, details: list[Any] | None) -> Answer:
    return Answer([Refuse(Rejection(status, message or None, details))], ttft=0)


def _details(directive: Directive) -> list[Any] | None:
    """RetryInfo and QuotaFailure in JSPB form, as far as the words ask for them."""
    details: list[Any] = []
    if (retry := directive.number("retry")) is not None:
        details.append([RETRY_INFO, [[str(int(retry)), round(retry % 1 * 1e9)]]])
    if per := directive.option("per"):
        quota = f"GenerateRequestsPer{per.capitalize()}PerProjectPerModel-FreeTier"
        details.append([QUOTA_FAILURE, [[["", f"Quota {quota}", None, None, quota]]]])
    return details or None


def _signed_out(_: Directive) -> Answer:
    return Answer([Refuse(Rejection(401), ends_sessions=True)], ttft=0)


def _stream(directive: Directive) -> Answer:
    code = directive.integer("code", 8)
    message = " ".join(directive.words()[1:]) or MESSAGE_OF_STATUS[STATUS_OF_CODE.get(code, 500)]
    return _paced(directive, Break(code, message, _details(directive)))


def _cut(directive: Directive) -> Answer:
    return _paced(directive, Cut())


def _stall(directive: Directive) -> Answer:
    return _paced(directive, Stall())


def _empty(directive: Directive) -> Answer:
    return Answer([End()], directive.number("ttft"), directive.number("every"))


def _blocked(directive: Directive) -> Answer:
    return Answer([Block(PROHIBITED_CONTENT)], directive.number("ttft"), directive.number("every"))


def _garbage(_: Directive) -> Answer:
    return Answer([Garbage()], ttft=0)


def _paced(directive: Directive, last: Beat) -> Answer:
    beats = _chunks_then(directive.integer("after", DEFAULT_AFTER), last)
    return Answer(beats, directive.number("ttft"), directive.number("every"))


def _chunks_then(count: int, last: Beat) -> Iterator[Beat]:
    for number in range(1, count + 1):
        yield Emit((Text(chunk(number, CHUNK_SIZE)),))
    yield last


KINDS: dict[str, Failure] = {
    "signed-out": _signed_out,
    "stream": _stream,
    "cut": _cut,
    "stall": _stall,
    "empty": _empty,
    "blocked": _blocked,
    "garbage": _garbage,
}
