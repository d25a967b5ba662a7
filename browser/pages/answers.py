"""What the page shows of the model's answers."""

from browser.pages.scripting import PageScripts

_LOOK_MS = 20_000
"""A look at the page that sees nothing begins anew; in between the page is only told when it changes."""


class AnswerOnPage:
    """The answer to one run: the turns behind the `shown` ones that were there before Run."""

    def __init__(self, scripts: PageScripts, shown: int) -> None:
        self._scripts = scripts
        self._shown = shown

    async def answered(self) -> None:
        """Return as soon as the page shows something of the answer, or that there will be none.

        Raises:
            SessionLost: the tab is gone.
        """
        while not (await self._scripts.run("answer", shown=self._shown, wait=_LOOK_MS))["answered"]:
            pass


class Answers:
    """The turns of one tab."""

    def __init__(self, scripts: PageScripts) -> None:
        self._scripts = scripts

    def after(self, shown: int) -> AnswerOnPage:
        """The answer to a run that begins while the page shows so many turns."""
        return AnswerOnPage(self._scripts, shown)
