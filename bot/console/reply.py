"""A reply on the page: while it is written, and when it is there."""

from nicegui import ui

from bot.console.live import Live
from bot.console.markup import Tag, shown
from bot.console.prose import Prose
from bot.console.words import Words


class LiveReply:
    """A reply that grows. Settled blocks are sent to the browser once; only the last one is sent again as it grows."""

    def __init__(self, words: Words, prose: Prose) -> None:
        self._words = words
        self._prose = prose
        self._settled = ""
        with Tag("div", "live", aria_busy="true"):
            self._thoughts = Tag("details", "thoughts", open=False)
            with self._thoughts:
                self._status = Tag("summary", "shimmer", words("web-thinking"))
                self._thinking = Tag("div", "thinking", dir="auto")
            with Tag("div", "prose"):
                self._blocks = Tag("div", "blocks")
                self._end = ui.html("", sanitize=prose.open_end).classes("end")

    def show(self, live: Live) -> None:
        has_text = bool(live.text.strip())
        self._thoughts.set_visibility(bool(live.thinking or live.status) or not has_text)
        self._thoughts.set(open=bool(live.thinking) and not has_text, data_thinking=bool(live.thinking))
        self._status.set_text(shown(live.status) or self._words("web-thinking"))
        self._thinking.set_text(shown(live.thinking))
        self._grow(live.text)

    def _grow(self, text: str) -> None:
        if not text.startswith(self._settled):
            self._settled = ""
            self._blocks.clear()
        blocks, end = self._prose.split(text[len(self._settled) :])
        with self._blocks:
            for source, html in blocks:
                self._settled += source
                ui.html(html, sanitize=False)
        self._end.set_content(end)


def pause_seconds(text: str) -> float:
    """Least time between two paintings of a growing `text`: what is long is painted less often."""
    return 0.05 + len(text) / 100_000
