"""The deterministic model, without any server."""

from typing import Any

import pytest

from simulator.ask import Ask, Config, Content, Thinking
from simulator.model import answer_to
from simulator.model.beats import Beat, Block, Break, Cut, Emit, End, Garbage, Refuse, Stall
from simulator.model.limits import TextLimit
from simulator.model.schema import filled
from simulator.parts import Blob, Call, FinishReason, Text
from simulator.rejection import Rejection


def ask(text: str, *, model: str = "models/gemini-2.5-flash", **config: Any) -> Ask:
    return Ask(model=model, contents=(Content("user", (text,)),), config=Config(**config))


def beats(text: str, **config: Any) -> list[Beat]:
    return list(answer_to(ask(text, **config)).beats)


def said(found: list[Beat]) -> str:
    parts = [part for beat in found if isinstance(beat, Emit) for part in beat.parts]
    return "".join(part.text for part in parts if isinstance(part, Text) and not part.thought)


def thought(found: list[Beat]) -> str:
    parts = [part for beat in found if isinstance(beat, Emit) for part in beat.parts]
    return "".join(part.text for part in parts if isinstance(part, Text) and part.thought)


def ending(found: list[Beat]) -> End:
    end = found[-1]
    assert isinstance(end, End)
    return end


@pytest.mark.parametrize(
    "text",
    ["plain", "  two blanks first", "a\r\nb\n\n c ", "👩‍👩‍👧 naïve 你好", "every=1 n=2", '[null,"x\\u0041"]'],
)
def test_echo_is_verbatim(text: str) -> None:
    assert said(beats(f"/echo {text}")) == text


def test_directive_is_found_behind_a_transcript() -> None:
    assert said(beats("User: hi\n\nAssistant: hello\n\n/echo now")) == "now"


def test_last_directive_wins() -> None:
    assert said(beats("/echo first\n/echo second")) == "second"


def test_words_that_only_look_like_directives_are_no_directives() -> None:
    assert said(beats("see /echo there\n/etc/passwd\n/echoes x")).startswith("Hello from the simulator")


def test_same_prompt_has_the_same_answer() -> None:
    assert beats("What is the time?") == beats("What is the time?")


def test_plain_answer_thinks_only_when_asked_to() -> None:
    assert thought(beats("hi", thinking=Thinking(include=True)))
    assert not thought(beats("hi", thinking=Thinking(include=True, budget=0)))
    assert not thought(beats("hi"))


def test_thoughts_come_before_the_answer() -> None:
    found = beats("/think first this | then that")
    assert (thought(found), said(found)) == ("first this", "then that")
    assert isinstance(found[0], Emit)
    assert isinstance(found[0].parts[0], Text)
    assert found[0].parts[0].thought


def test_options_set_the_pace() -> None:
    answer = answer_to(ask("/chunks n=2 every=0.5 ttft=1.5"))
    assert (answer.ttft, answer.pace, len(list(answer.beats))) == (1.5, 0.5, 3)
    answer = answer_to(ask("/echo(ttft=2, every=1) every=9"))
    assert (answer.ttft, answer.pace) == (2.0, 1.0)


def test_chunks_have_the_asked_number_and_size() -> None:
    texts = [beat.parts[0] for beat in beats("/chunks n=3 size=30") if isinstance(beat, Emit)]
    assert [len(text.text) for text in texts if isinstance(text, Text)] == [30, 30, 30]
    assert said(beats("/chunks n=3 size=30")).startswith("chunk 0001 ")


def test_long_answer_has_the_asked_length() -> None:
    assert len(said(beats("/long chars=12345"))) == 12345


def test_parallel_calls_share_one_event() -> None:
    found = beats('/call f {"a": [1]} && g {}')
    assert isinstance(found[0], Emit)
    calls = [part for part in found[0].parts if isinstance(part, Call)]
    assert [(call.name, call.args) for call in calls] == [("f", {"a": [1]}), ("g", {})]
    assert calls[0].id != calls[1].id


@pytest.mark.parametrize(
    "line", ["/call f {bad", "/call", "/finish NEVER", "/fail 999", "/chunks n=many", "/fail"]
)
def test_senseless_directive_is_a_bad_request_that_says_why(line: str) -> None:
    with pytest.raises(Rejection) as refused:
        answer_to(ask(line))
    assert refused.value.status == 400
    assert line.split(" ", maxsplit=1)[0] in refused.value.message


def test_image_model_sends_a_draft_and_a_picture() -> None:
    found = beats("a cat", modalities=(2, 1))
    blobs = [
        part for beat in found if isinstance(beat, Emit) for part in beat.parts if isinstance(part, Blob)
    ]
    assert [blob.thought for blob in blobs] == [True, False]


def test_json_is_answered_when_json_is_asked_for() -> None:
    schema = [6, None, None, None, None, None, [["city", [1]], ["size", [3]]], *[None] * 15, ["size", "city"]]
    found = beats("hi", mime_type="application/json", schema=schema)
    assert said(found) == '{\n  "size": 1,\n  "city": "simulated city"\n}'


def test_schema_is_filled_by_type() -> None:
    array = [5, None, None, None, None, [4]]
    enum = [1, None, None, None, ["red", "blue"]]
    low = [3, *[None] * 9, 7]
    any_of = [None] * 17 + [[[7], [1]]]
    schema = [6, *[None] * 5, [["a", array], ["b", enum], ["c", low], ["d", any_of], ["e", [2]]]]
    assert filled(schema) == {"a": [True], "b": "red", "c": 7, "d": None, "e": 1.5}


@pytest.mark.parametrize(
    ("words", "last"),
    [
        ("403", Refuse),
        ("429 slow down", Refuse),
        ("signed-out", Refuse),
        ("stream after=2", Break),
        ("cut", Cut),
        ("stall after=0", Stall),
        ("empty", End),
        ("blocked", Block),
        ("garbage", Garbage),
    ],
)
def test_every_fault_ends_as_it_says(words: str, last: type) -> None:
    assert isinstance(beats(f"/fail {words}")[-1], last)
    assert isinstance(list(answer_to(ask("hi"), words).beats)[-1], last)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_stop_sequence_is_found_across_pieces(size: int) -> None:
    limit = TextLimit(("END", "STOP"), None)
    text = "say EN, then ST and OP, E, then STOP and more"
    out = "".join(
        limit.feed(text[at : at + size]) for at in range(0, len(text), size) if limit.reached is None
    )
    assert out == "say EN, then ST and OP, E, then "
    assert limit.reached is FinishReason.STOP


def test_earliest_stop_sequence_ends_the_answer() -> None:
    found = beats("/echo one two three", stop_sequences=("three", "two"))
    assert said(found) == "one "
    assert ending(found).reason is FinishReason.STOP


def test_beginning_of_a_stop_sequence_is_not_lost() -> None:
    assert said(beats("/echo almost EN", stop_sequences=("END",))) == "almost EN"


def test_output_limit_cuts_between_characters() -> None:
    found = beats("/echo 你好你好", max_output_tokens=1)
    assert said(found) == "你"
    assert ending(found).reason is FinishReason.MAX_TOKENS


def test_output_that_just_fits_is_not_cut() -> None:
    found = beats("/echo 12345678", max_output_tokens=2)
    assert said(found) == "12345678"
    assert ending(found).reason is FinishReason.STOP


def test_finish_reason_is_as_asked() -> None:
    end = ending(beats("/finish safety because of tests"))
    assert (end.reason, end.message) == (FinishReason.SAFETY, "because of tests")
