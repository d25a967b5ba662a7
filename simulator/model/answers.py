"""The directives, and what is said without one. Listed in `DIRECTIVES`; each reads only the request."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from simulator.ask import Ask
from simulator.model import media
from simulator.model.beats import Answer, Beat, Emit, End
from simulator.model.directives import BadDirectiveError, Directive, find_directive
from simulator.model.failures import failure, fault
from simulator.model.limits import limited
from simulator.model.report import report
from simulator.model.schema import filled
from simulator.model.wording import chunk, friendly, numbered_lines, pieces, short_id, thought
from simulator.parts import Blob, Call, Citation, Code, CodeResult, FinishReason, Grounding, Text
from simulator.rejection import Rejection

IMAGE, AUDIO = 2, 3
JSON_MIME = "application/json"
SIGNATURE = "EiYKJGUyNDgzMGE3LTVjZDYtNDJmZS05OThiLWVlNTM5ZTcyYjljMw=="
FRIENDLY_PIECES = 20
CAPTION = "Here is a picture."
LINES_PER_EVENT = 5
LONG_PACE = 0.002
"""Seconds between the events of `/long`, unless `every=` says otherwise."""

Handler = Callable[[Ask, Directive], Answer]


def answer_to(ask: Ask, scenario_fault: str | None = None, scenario_answer: str | None = None) -> Answer:
    """What the model does with `ask`: the scenario's fault or line if there is one, else what it asks for.

    A directive that makes no sense raises Rejection (400) saying what is wrong with it.
    """
    try:
        answer = fault(scenario_fault) if scenario_fault else _directed(ask, scenario_answer)
    except BadDirectiveError as error:
        raise Rejection(400, str(error)) from error
    return Answer(limited(answer.beats, ask.config), answer.ttft, answer.pace)


def _directed(ask: Ask, line: str | None) -> Answer:
    directive = find_directive(ask.last_user.text if line is None else line, frozenset(DIRECTIVES))
    if directive is None:
        return _plain(ask)
    return DIRECTIVES[directive.name](ask, directive)


def _plain(ask: Ask) -> Answer:
    config = ask.config
    thoughts = 1 if config.thinking is not None and config.thinking.on else 0
    if IMAGE in config.modalities:
        return Answer(_with_thoughts(thoughts, _picture(CAPTION)))
    if AUDIO in config.modalities:
        return Answer(_speech())
    if config.mime_type == JSON_MIME:
        value = {"answer": friendly(ask)} if config.schema is None else filled(config.schema)
        return Answer(_with_thoughts(thoughts, _said(pieces(_pretty(value)))))
    text = friendly(ask)
    return Answer(_with_thoughts(thoughts, _said(pieces(text, FRIENDLY_PIECES, smallest=1))))


def _paced(directive: Directive, beats: Iterable[Beat]) -> Answer:
    """`beats` with the thoughts and the pace that the directive's options ask for."""
    return Answer(
        _with_thoughts(directive.integer("thoughts", 0), beats),
        directive.number("ttft"),
        directive.number("every"),
    )


def _with_thoughts(count: int, beats: Iterable[Beat]) -> Iterator[Beat]:
    for number in range(1, count + 1):
        yield Emit((Text(thought(number), thought=True),))
    yield from beats


def _said(texts: Iterable[str], end: End | None = None) -> Iterator[Beat]:
    for text in texts:
        yield Emit((Text(text),))
    yield end or End()


def _pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _echo(_: Ask, directive: Directive) -> Answer:
    quiet = Directive("echo", "", directive.options)  # an option-like word of the text is text
    return _paced(quiet, _said(pieces(directive.rest)))


def _report(ask: Ask, directive: Directive) -> Answer:
    return _paced(directive, _said(pieces(_pretty(report(ask)))))


def _think(_: Ask, directive: Directive) -> Answer:
    directive = directive.leading()
    musing, _bar, said = directive.rest.partition(" | ")
    beats = [Emit((Text(text, thought=True),)) for text in pieces(musing)]
    quiet = Directive("think", "", directive.options)
    return _paced(quiet, [*beats, *_said(pieces(said or "Done thinking."))])


def _chunks(_: Ask, directive: Directive) -> Answer:
    count, size = directive.integer("n", 50), directive.integer("size", 20)
    return _paced(directive, _said(chunk(number, size) for number in range(1, count + 1)))


def _long(_: Ask, directive: Directive) -> Answer:
    lines = numbered_lines(directive.integer("chars", 200_000))
    answer = _paced(directive, _said(_joined(lines, LINES_PER_EVENT)))
    return Answer(answer.beats, answer.ttft, LONG_PACE if answer.pace is None else answer.pace)


def _joined(lines: Iterable[str], count: int) -> Iterator[str]:
    gathered: list[str] = []
    for line in lines:
        gathered.append(line)
        if len(gathered) == count:
            yield "".join(gathered)
            gathered = []
    if gathered:
        yield "".join(gathered)


def _call(_: Ask, directive: Directive) -> Answer:
    directive = directive.leading()
    calls = [_read_call(text, index) for index, text in enumerate(directive.rest.split("&&"))]
    quiet = Directive("call", "", directive.options)
    return _paced(quiet, [Emit(tuple(calls)), End()])


def _read_call(text: str, index: int) -> Call:
    name, _, written = text.strip().partition(" ")
    try:
        args = json.loads(written) if written.strip() else {}
    except json.JSONDecodeError as error:
        raise BadDirectiveError(f"/call {name}: {written!r} is no JSON object: {error}") from error
    if not name or not isinstance(args, dict):
        raise BadDirectiveError(
            f'/call needs a name and a JSON object, got {text!r}; write /call f {{"a":1}}'
        )
    return Call(name, args, short_id(name, written, str(index)), SIGNATURE)


def _fill(ask: Ask, directive: Directive) -> Answer:
    value = {} if ask.config.schema is None else filled(ask.config.schema)
    return _paced(directive, _said(pieces(_pretty(value))))


def _parts(_: Ask, directive: Directive) -> Answer:
    several = Emit(
        (Text("**Two things**\n\n", thought=True), Text("First. "), Text("Second. ", signature=SIGNATURE))
    )
    return _paced(
        directive, [several, Emit((Text("", signature=SIGNATURE),)), Emit((Text("Third."),)), End()]
    )


def _image(_: Ask, directive: Directive) -> Answer:
    return _paced(directive, _picture(" ".join(directive.words()), directive.integer("size", 0)))


def _picture(caption: str = "", size: int = 0) -> list[Beat]:
    """A draft, words, and the picture itself, of at least `size` bytes."""
    return [
        Emit((Blob("image/png", media.encoded(media.png()), thought=True),)),
        *([Emit((Text(caption),))] if caption else []),
        Emit((Blob("image/png", media.encoded(media.png(size)), signature=SIGNATURE),)),
        End(),
    ]


def _audio(_: Ask, directive: Directive) -> Answer:
    return _paced(directive, _speech())


def _speech() -> list[Beat]:
    return [Emit((Blob(media.SPEECH_MIME, media.encoded(media.tone())),)), End()]


def _code(_: Ask, directive: Directive) -> Answer:
    program = directive.line or "print(6 * 7)"
    run = Emit((Code(program), CodeResult("42\n")))
    return _paced(Directive("code", "", directive.options), [run, *_said(["It printed 42."])])


def _search(_: Ask, directive: Directive) -> Answer:
    text = "The simulator has searched nothing, and found it."
    source = ("https://example.com/simulator", "About the simulator", "example.com")
    found = Grounding((directive.line or "simulator",), (source,), ((0, len(text), text, (0,)),))
    return _paced(Directive("search", "", directive.options), _said(pieces(text), End(grounding=found)))


def _cite(_: Ask, directive: Directive) -> Answer:
    text = directive.line or "Words that somebody has said before."
    source = Citation(0, len(text.encode()), "https://example.com/said-before", "mit")
    end = End(citations=(source,))
    return _paced(Directive("cite", "", directive.options), _said(pieces(text), end))


def _finish(_: Ask, directive: Directive) -> Answer:
    words = directive.words()
    name = words[0].upper() if words else ""
    if name not in FinishReason.__members__:
        known = ", ".join(FinishReason.__members__)
        raise BadDirectiveError(f"/finish {name!r} is not a finish reason; known: {known}")
    end = End(FinishReason[name], " ".join(words[1:]) or None)
    return _paced(directive, _said(pieces("This answer does not end as usual."), end))


def _fail(_: Ask, directive: Directive) -> Answer:
    return failure(directive)


DIRECTIVES: dict[str, Handler] = {
    "echo": _echo,
    "report": _report,
    "think": _think,
    "chunks": _chunks,
    "long": _long,
    "call": _call,
    "fill": _fill,
    "parts": _parts,
    "image": _image,
    "audio": _audio,
    "code": _code,
    "search": _search,
    "cite": _cite,
    "finish": _finish,
    "fail": _fail,
}
