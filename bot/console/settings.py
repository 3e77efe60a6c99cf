"""The visitor's settings: language, thinking, and what else concerns them alone. Each is one of the commands."""

from collections.abc import Awaitable, Callable
from typing import get_args

from nicegui.events import GenericEventArguments

from bot.console.markup import Tag, icon_button
from bot.console.words import Words
from bot.domain.thread import Thinking, User

_COMMANDS = ("link", "memory", "usage", "forget")
_EMIT_CHOICE = "(event) => emit(event.target.value)"


class SettingsPanel:
    def __init__(self, words: Words, command: Callable[[str], Awaitable[None]]) -> None:
        """`command` takes a command as it is written, as in `/thinking full`."""
        self._words = words
        self._command = command
        with Tag("div", "panel", id="settings", popover="auto", role="dialog", aria_labelledby="settings-label"):
            with Tag("div", "panel-head"):
                Tag("h2", "dialog-title", words("web-settings"), id="settings-label")
                icon_button("close", words("web-close"), "quiet", popovertarget="settings", popovertargetaction="hide")
            self._build_languages()
            self._thinking = self._build_thinking()
            for name in _COMMANDS:
                button = Tag("button", "entry", words(f"web-do-{name}"), type="button", data_hide="settings")
                button.on("click", lambda name=name: self._command(f"/{name}"), args=[])

    def show(self, user: User | None) -> None:
        """What is set now; nothing yet for a visitor whom nobody knows."""
        now = user.thinking if user is not None else "brief"
        for level, option in self._thinking.items():
            option.set(checked=level == now)

    def _build_languages(self) -> None:
        words = self._words
        with Tag("label", "setting"):
            Tag("span", "", words("web-language"))
            with Tag("select", "field", aria_label=words("web-language")) as select:
                for language in words.texts.languages:
                    option = Tag(
                        "option", "", words.texts.say(language, "language-name"), value=language, lang=language
                    )
                    option.set(selected=language == words.locale)
        select.on("change", self._language_chosen, js_handler=_EMIT_CHOICE)

    def _build_thinking(self) -> dict[str, Tag]:
        words = self._words
        options = {}
        with Tag("fieldset", "setting-group") as group:
            Tag("legend", "", words("web-thinking-setting"))
            for level in get_args(Thinking):
                with Tag("label", "radio"):
                    options[level] = Tag("input", "", type="radio", name="thinking", value=level)
                    Tag("span", "", words(f"web-thinking-{level}"))
        group.on("change", self._thinking_chosen, js_handler=_EMIT_CHOICE)
        return options

    async def _language_chosen(self, event: GenericEventArguments) -> None:
        if (language := str(event.args)) in self._words.texts.languages:
            await self._command(f"/language {language}")

    async def _thinking_chosen(self, event: GenericEventArguments) -> None:
        if (level := str(event.args)) in get_args(Thinking):
            await self._command(f"/thinking {level}")
