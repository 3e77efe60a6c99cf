"""Where the visitor writes: text, files that go with it, and the microphone."""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from nicegui.events import GenericEventArguments

from adapters.web import MAX_TEXT_BYTES
from bot.console.markup import Tag, icon, icon_button
from bot.console.waiting import MAX_WAITING
from bot.console.words import Words

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SENTENCES = {
    "again": "web-try-again",
    "againNamed": "web-attach-again",
    "remove": "web-remove-file",
    "removed": "web-removed-file",
    "attached": "web-attached-file",
    "failed": "web-attach-failed",
    "tooLarge": "web-upload-too-large",
    "empty": "web-upload-empty",
    "broken": "web-upload-broken",
    "gone": "web-upload-gone-file",
    "bytes": "web-bytes",
    "kilobytes": "web-kilobytes",
    "megabytes": "web-megabytes",
    "recording": "web-recording",
    "cancelled": "web-record-cancelled",
    "full": "web-record-full",
    "micDenied": "web-mic-denied",
    "micMissing": "web-mic-missing",
    "micUnsupported": "web-mic-unsupported",
    "micInsecure": "web-mic-insecure",
    "micBroken": "web-mic-broken",
}
"""What the scripts say; `{name}`, `{size}` and `{megabytes}` are filled in there."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recording of the browser's microphone, uploaded under `token`."""

    token: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Draft:
    """What the visitor sends at once. The browser made it: nothing in it is to be trusted."""

    text: str
    files: tuple[str, ...] = ()
    """Tokens of uploads."""
    voice: Recorded | None = None

    @property
    def tokens(self) -> tuple[str, ...]:
        return self.files if self.voice is None else (*self.files, self.voice.token)


class Composer:
    """`send` gets what the visitor sends, and `stop` is told that the reply shall end."""

    def __init__(
        self,
        words: Words,
        *,
        file_bytes: int,
        voice_seconds: float,
        send: Callable[[Draft], Awaitable[None]],
        stop: Callable[[], Awaitable[None]],
        chooser: Callable[[], None],
    ) -> None:
        """`chooser` builds what says who is asked. There is no microphone when `voice_seconds` is 0."""
        self._words = words
        self._send = send
        sentences = {
            name: words(key, name="{name}", size="{size}", megabytes="{megabytes}") for name, key in _SENTENCES.items()
        }
        self._build_alert()
        form = Tag("form", "composer").on("submit", js_handler="(event) => event.preventDefault()")
        form.set(data_words=json.dumps(sentences), data_file_bytes=file_bytes, data_voice_seconds=int(voice_seconds))
        with form:
            Tag("ul", "tray", id="tray", aria_label=words("web-tray"), hidden=True)
            self.box = Tag("textarea", "", id="message", rows=1, dir="auto")
            self.box.set(enterkeyhint="send", autocomplete="off", maxlength=MAX_TEXT_BYTES // 4)
            self.box.on("keydown", self._sent, js_handler="(event) => switchboard.keydown(event, emit)")
            with Tag("div", "composer-tools"):
                icon_button("clip", words("web-attach"), "quiet", data_attach=True)
                chooser()
                if voice_seconds > 0:
                    microphone = icon_button("microphone", words("web-record"), "quiet", id="microphone")
                    microphone.on("click", self._sent, js_handler="() => switchboard.record(emit)")
                self.stop = icon_button("stop", words("web-stop"), "stop")
                self.stop.on("click", stop, args=[])
                button = icon_button("send", words("web-send"), "send")
                button.on("click", self._sent, js_handler="() => switchboard.send(emit)")
            self._build_recorder()
            Tag("input", "", id="files", type="file", multiple=True, hidden=True, tabindex=-1, aria_hidden="true")
        self._build_templates()

    def _build_alert(self) -> None:
        """What the scripts have to say; the server's own sentences have a place of their own."""
        with Tag("div", "alert hidden", id="problem", role="alert"):
            icon("alert")
            Tag("p", "", id="problem-text", dir="auto")

    def _build_recorder(self) -> None:
        words = self._words
        with Tag("div", "recorder", id="recorder", role="group", aria_label=words("web-record"), hidden=True):
            icon_button("close", words("web-record-cancel"), "quiet", id="recorder-cancel")
            Tag("span", "recorder-light", aria_hidden="true")
            Tag("span", "recorder-time", id="recorder-time", role="timer")
            Tag("span", "recorder-level", id="recorder-level", aria_hidden="true")
            icon_button("send", words("web-record-send"), "send", id="recorder-send")

    def _build_templates(self) -> None:
        for name in ("file", "close"):
            with Tag("div", "hidden", id=f"{name}-icon"):
                icon(name)
        Tag("p", "unseen", id="announcer", aria_live="polite")

    async def _sent(self, event: GenericEventArguments) -> None:
        await self._send(read_draft(event.args))


def read_draft(sent: Any) -> Draft:
    """What the page's script emits, or whatever else came in its place."""
    fields = sent if isinstance(sent, dict) else {}
    files = fields.get("files")
    tokens = (token for token in (files if isinstance(files, list) else []) if _is_token(token))
    return Draft(str(fields.get("text", "")), tuple(dict.fromkeys(tokens))[:MAX_WAITING], _voice(fields.get("voice")))


def _voice(fields: Any) -> Recorded | None:
    if not isinstance(fields, dict) or not _is_token(fields.get("token")):
        return None
    seconds = fields.get("seconds")
    return Recorded(fields["token"], float(seconds) if isinstance(seconds, int | float) and 0 <= seconds < 1e6 else 0.0)


def _is_token(value: object) -> bool:
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None
