"""The page around the conversation: side list, head, column, composer."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.console.cast import Cast
from bot.console.chooser import Choices, Chooser, Hello
from bot.console.composer import Composer, Draft
from bot.console.markup import Tag, icon, icon_button
from bot.console.settings import SettingsPanel
from bot.console.sidebar import Errands, Sidebar
from bot.console.words import Words
from bot.domain.status import Status


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the visitor can ask of the page as a whole."""

    say: Callable[[str], Awaitable[None]]
    """What they chose from what is offered; commands too."""
    send: Callable[[Draft], Awaitable[None]]
    """What they wrote, recorded and attached."""
    stop: Callable[[], Awaitable[None]]
    earlier: Callable[[], Awaitable[None]]
    choose: Callable[[str], Awaitable[None]]
    """The specialist of the next message; empty for whoever fits."""


@dataclass(frozen=True, slots=True)
class SendLimits:
    """What the visitor can send at most."""

    file_bytes: int
    voice_seconds: float


class Frame:
    """Everything of the page that stays while the conversation changes."""

    def __init__(
        self, words: Words, title: str, cast: Cast, limits: SendLimits, wishes: Wishes, errands: Errands
    ) -> None:
        self._words = words
        self._cast = cast
        self._limits = limits
        self._wishes = wishes
        with Tag("div", "app"):
            Tag("a", "skip", words("web-skip"), href="#message")
            self.sidebar = Sidebar(words, title, errands)
            self.settings = SettingsPanel(words, wishes.say)
            with Tag("main", "main"):
                self._build_head()
                with Tag("div", "scroll", id="scroll", tabindex=0, aria_label=words("web-conversation"), role="region"):
                    self._build_column()
                with Tag("div", "dock"):
                    self._build_dock()
                Tag("div", "drop", words("web-drop"), aria_hidden="true")

    def show_specialist(self, chosen: str, *, is_settled: bool) -> None:
        """Who is asked next: `chosen`, or whoever fits. `is_settled`: someone answers here already."""
        specialist = self._cast.get(chosen)
        head = specialist or self._cast.default
        self._emoji.set_text(head.emoji)
        self._title.set_text(head.title)
        words = self._words
        label = words("web-message", name=specialist.title) if specialist else words("web-message-anyone")
        self._composer.box.set(placeholder=label, aria_label=label)
        self._chooser.show(chosen, is_settled=is_settled)
        self._hello.show(chosen)

    def show_status(self, status: Status) -> None:
        """What whoever speaks here is doing; nothing is shown when that is nothing."""
        self._status.set(data_status=str(status))
        self._status.set_text(self._words(f"web-status-{status}"))
        self._status.set_visibility(status is not Status.IDLE)

    def show_hello(self, empty: bool) -> None:
        self._hello.element.set_visibility(empty)

    def show_earlier(self, has_earlier: bool) -> None:
        self._earlier.set_visibility(has_earlier)

    def show_streaming(self, streaming: bool) -> None:
        """Offer to stop, and let screen readers wait until the reply is whole."""
        self._composer.stop.set_visibility(streaming)
        self.turns.set(aria_busy="true" if streaming else "false")

    def alert(self, text: str) -> None:
        """Say what went wrong beside the composer; an empty text takes it back."""
        self._alert.set_visibility(bool(text))
        self._alert_text.set_text(text)

    def _build_head(self) -> None:
        words = self._words
        with Tag("header", "head"):
            icon_button("menu", words("web-open-list"), "only-narrow", data_drawer="open", aria_controls="side")
            self._emoji = Tag("span", "head-emoji", aria_hidden="true")
            self._title = Tag("h1", "head-title", dir="auto")
            self._status = Tag("span", "status")
            with Tag("a", "icon-button only-narrow head-new", href="/", aria_label=words("web-new")):
                icon("plus")

    def _build_column(self) -> None:
        words = self._words
        with Tag("div", "column", id="column"):
            self._earlier = Tag("button", "button earlier", words("web-earlier"), type="button")
            self._earlier.on("click", self._wishes.earlier, args=[])
            self._hello = Hello(words, self._cast, Choices(self._wishes.say, self._wishes.choose))
            self.turns = Tag("div", "turns", role="log", aria_live="polite", aria_busy="false")
            self.notices = Tag("div", "notices", aria_live="polite")

    def _build_dock(self) -> None:
        words = self._words
        latest = words("web-latest")
        with Tag("button", "latest", type="button", aria_label=latest, title=latest, data_latest=True):
            icon("down")
        self._alert = Tag("div", "alert", role="alert")
        with self._alert:
            icon("alert")
            self._alert_text = Tag("p", "", dir="auto")
        self._composer = Composer(
            words,
            file_bytes=self._limits.file_bytes,
            voice_seconds=self._limits.voice_seconds,
            send=self._wishes.send,
            stop=self._wishes.stop,
            chooser=self._build_chooser,
        )
        Tag("p", "hint", words("web-hint"))

    def _build_chooser(self) -> None:
        self._chooser = Chooser(self._words, self._cast, self._wishes.choose)
