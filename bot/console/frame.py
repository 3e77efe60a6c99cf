"""The page around the conversation: side list, head, column, composer."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from nicegui.events import GenericEventArguments

from adapters.web import MAX_TEXT_BYTES
from bot.console.conversation import Shelved
from bot.console.markup import Tag, icon, icon_button
from bot.console.words import Words
from bot.domain.specialist import Specialist


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the visitor can ask of the page as a whole."""

    say: Callable[[str], Awaitable[None]]
    stop: Callable[[], Awaitable[None]]
    earlier: Callable[[], Awaitable[None]]


class Shelf:
    """The visitor's conversations, the open one marked."""

    def __init__(self, words: Words, title: str) -> None:
        self._words = words
        self._shown: tuple[tuple[Shelved, ...], str] | None = None
        with Tag("aside", "side", id="side", aria_label=words("web-conversations")):
            with Tag("div", "side-head"):
                Tag("span", "brand", title)
                icon_button("close", words("web-close-list"), "only-narrow", data_drawer="close")
            with Tag("a", "new-chat", href="/"):
                icon("plus")
                Tag("span", "", words("web-new"))
            self._heading = Tag("h2", "side-heading", words("web-conversations"))
            self._list = Tag("nav", "shelf", aria_label=words("web-conversations"))
        Tag("div", "scrim", data_drawer="close")

    def show(self, items: tuple[Shelved, ...], open_key: str) -> None:
        if self._shown == (items, open_key):
            return
        self._shown = (items, open_key)
        self._heading.set_visibility(bool(items))
        self._list.clear()
        with self._list:
            for item in items:
                link = Tag("a", "shelved", item.title or self._words("web-untitled"), href=f"/c/{item.key}", dir="auto")
                if item.key == open_key:
                    link.set(aria_current="page")


class Frame:
    """Everything of the page that stays while the conversation changes."""

    def __init__(self, words: Words, title: str, greeter: Specialist, wishes: Wishes) -> None:
        self._words = words
        self._wishes = wishes
        with Tag("div", "app"):
            Tag("a", "skip", words("web-skip"), href="#message")
            self.shelf = Shelf(words, title)
            with Tag("main", "main"):
                self._build_head(greeter)
                with Tag("div", "scroll", id="scroll", tabindex=0, aria_label=words("web-conversation"), role="region"):
                    self._build_column(greeter)
                with Tag("div", "dock"):
                    self._build_dock(greeter)

    def show_hello(self, empty: bool) -> None:
        self._hello.set_visibility(empty)

    def show_earlier(self, has_earlier: bool) -> None:
        self._earlier.set_visibility(has_earlier)

    def show_streaming(self, streaming: bool) -> None:
        """Offer to stop, and let screen readers wait until the reply is whole."""
        self._stop.set_visibility(streaming)
        self.turns.set(aria_busy="true" if streaming else "false")

    def alert(self, text: str) -> None:
        """Say what went wrong beside the composer; an empty text takes it back."""
        self._alert.set_visibility(bool(text))
        self._alert_text.set_text(text)

    def _build_head(self, greeter: Specialist) -> None:
        words = self._words
        with Tag("header", "head"):
            icon_button("menu", words("web-open-list"), "only-narrow", data_drawer="open", aria_controls="side")
            Tag("span", "head-emoji", greeter.emoji, aria_hidden="true")
            Tag("h1", "head-title", greeter.title)
            with Tag("a", "icon-button only-narrow head-new", href="/", aria_label=words("web-new")):
                icon("plus")

    def _build_column(self, greeter: Specialist) -> None:
        words = self._words
        with Tag("div", "column", id="column"):
            self._earlier = Tag("button", "button earlier", words("web-earlier"), type="button")
            self._earlier.on("click", self._wishes.earlier, args=[])
            self._hello = Tag("div", "hello")
            with self._hello:
                Tag("div", "hello-emoji", greeter.emoji, aria_hidden="true")
                Tag("h2", "hello-title", words("web-hello"))
                Tag("p", "hello-text", greeter.description, dir="auto")
                with Tag("div", "chips"):
                    for starter in greeter.starters:
                        self._build_chip(starter)
            self.turns = Tag("div", "turns", role="log", aria_live="polite", aria_busy="false")
            self.notices = Tag("div", "notices", aria_live="polite")

    def _build_chip(self, starter: str) -> None:
        chip = Tag("button", "chip", starter, type="button", dir="auto")
        chip.on("click", lambda: self._wishes.say(starter), args=[])

    def _build_dock(self, greeter: Specialist) -> None:
        words = self._words
        with Tag(
            "button",
            "latest",
            type="button",
            aria_label=words("web-latest"),
            title=words("web-latest"),
            data_latest=True,
        ):
            icon("down")
        self._alert = Tag("div", "alert", role="alert")
        with self._alert:
            icon("alert")
            self._alert_text = Tag("p", "", dir="auto")
        with Tag("form", "composer").on("submit", js_handler="(event) => event.preventDefault()"):
            label = words("web-message", name=greeter.title)
            box = Tag("textarea", "", id="message", rows=1, placeholder=label, aria_label=label, dir="auto")
            box.set(enterkeyhint="send", autocomplete="off", maxlength=MAX_TEXT_BYTES // 4)
            box.on("keydown", self._said, js_handler="(event) => switchboard.keydown(event, emit)")
            self._stop = icon_button("stop", words("web-stop"), "stop")
            self._stop.on("click", self._wishes.stop, args=[])
            send = icon_button("send", words("web-send"), "send")
            send.on("click", self._said, js_handler="() => switchboard.send(emit)")
        Tag("p", "hint", words("web-hint"))

    async def _said(self, event: GenericEventArguments) -> None:
        await self._wishes.say(str(event.args))
