"""What was emitted of an answer, and what of a whole reading of it is still to be emitted."""

from collections.abc import Sequence

from domain.events import Event, TextDelta, ThoughtDelta


class Sent:
    """The events of one answer as they went out. True as soon as there was one."""

    def __init__(self) -> None:
        self._count = 0
        self._thoughts: list[str] = []
        self._texts: list[str] = []

    def __bool__(self) -> bool:
        return self._count > 0

    def add(self, event: Event) -> None:
        self._count += 1
        match event:
            case ThoughtDelta(text):
                self._thoughts.append(text)
            case TextDelta(text):
                self._texts.append(text)

    def rest_of(self, whole: Sequence[Event]) -> list[Event] | None:
        """What completes it, by an exact reading of the whole answer.

        `None` where the reading does not begin with exactly what was sent: other words, thoughts after
        words, or anything that was sent beside words.
        """
        if self._count > len(self._thoughts) + len(self._texts):
            return None
        thoughts, texts = "".join(self._thoughts), "".join(self._texts)
        thought = "".join(event.text for event in whole if isinstance(event, ThoughtDelta))
        text = "".join(event.text for event in whole if isinstance(event, TextDelta))
        if not text.startswith(texts) or (not texts and not thought.startswith(thoughts)):
            return None
        if texts and thought.rstrip() != thoughts.rstrip():
            return None
        words: list[Event] = []
        if not texts and (more := thought[len(thoughts) :]):
            words.append(ThoughtDelta(more))
        if more := text[len(texts) :]:
            words.append(TextDelta(more))
        return [*words, *(event for event in whole if not isinstance(event, ThoughtDelta | TextDelta))]
