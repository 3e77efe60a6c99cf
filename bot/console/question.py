"""What the visitor said in one turn: their words, what came with them, and how both are changed."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.console.enclosed import is_spoken, show_enclosed, show_spoken
from bot.console.markup import Tag, icon_button
from bot.console.prose import Prose
from bot.console.words import Words
from bot.domain.media import Upload, worded
from bot.domain.place import Ref
from bot.domain.thread import Message

_LONG_CHARS = 1_500
_EMIT_EDIT = "(event) => emit(event.target.closest('.editing').querySelector('textarea').value)"


@dataclass(frozen=True, slots=True)
class Changes:
    """What the visitor can do to what they said; each tells whether it is durable."""

    edit: Callable[[Ref, str], Awaitable[bool]]
    fix: Callable[[Upload, str], Awaitable[bool]]
    """Say what was really said in a recording."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is shown of a turn's questions."""

    questions: tuple[Message, ...] = ()
    uploads: tuple[Upload, ...] = ()
    editable: bool = False
    is_open: bool = False
    """What is not ready yet will be."""


class QuestionsView:
    def __init__(self, words: Words, prose: Prose, changes: Changes) -> None:
        self._words = words
        self._prose = prose
        self._changes = changes
        self._shown = Asked()
        self._element = Tag("div", "questions")

    def show(self, asked: Asked) -> None:
        """Nothing is renewed when nothing has changed."""
        if self._shown != asked:
            self._shown = asked
            self._build()

    def _build(self) -> None:
        self._element.clear()
        with self._element:
            for message in self._shown.questions:
                uploads = [upload for upload in self._shown.uploads if upload.message_id == message.id]
                self._build_question(message, uploads)

    def _build_question(self, message: Message, uploads: Sequence[Upload]) -> None:
        words, asked = self._words, self._shown
        spoken = [upload for upload in uploads if is_spoken(upload)]
        text = _written(message, uploads)
        with Tag("div", "question"):
            Tag("h2", "unseen", words("web-you"))
            rest = [upload for upload in uploads if upload not in spoken]
            is_ours = message.ref is not None and message.ref.place.messenger == "web"
            show_enclosed(words, self._prose, rest, is_open=asked.is_open, is_ours=is_ours)
            long = len(text) > _LONG_CHARS
            if text:
                Tag("div", "bubble long" if long else "bubble", text, dir="auto")
            for upload in spoken:
                show_spoken(words, upload, is_open=asked.is_open)
            if not text and not any(upload.text for upload in spoken):
                return
            with Tag("div", "question-tools"):
                if long:
                    Tag("button", "text-button", words("web-more"), type="button", data_more=words("web-less"))
                icon_button("copy", words("web-copy"), "quiet", data_copy_bubble=True)
                if asked.editable:
                    self._build_pencils(message, spoken)

    def _build_pencils(self, message: Message, spoken: Sequence[Upload]) -> None:
        words, ref = self._words, message.ref
        if ref is not None and not spoken:
            pencil = icon_button("edit", words("web-edit"), "quiet")
            pencil.on("click", lambda: self._rewrite(message.text, ref), args=[])
        for upload in spoken:
            if upload.text:
                pencil = icon_button("edit", words("web-fix-long"), "quiet fix")
                with pencil:
                    Tag("span", "", words("web-fix"), aria_hidden="true")
                pencil.on("click", lambda upload=upload: self._fix(upload), args=[])

    def _rewrite(self, text: str, ref: Ref) -> None:
        self._edit(text, self._words("web-edit"), lambda changed: self._changes.edit(ref, changed))

    def _fix(self, upload: Upload) -> None:
        self._edit(upload.text, self._words("web-fix-long"), lambda changed: self._changes.fix(upload, changed))

    def _edit(self, text: str, label: str, save: Callable[[str], Awaitable[bool]]) -> None:
        """Put an editor in the place of the questions; it stays there until it is saved or cancelled."""
        words = self._words

        async def saved(changed: str) -> None:
            if changed.strip() and await save(changed):
                self._build()

        self._element.clear()
        with self._element, Tag("div", "editing"):
            Tag("textarea", "", text, aria_label=label, dir="auto", data_focus=True)
            with Tag("div", "editing-tools"):
                cancel = Tag("button", "button", words("web-cancel"), type="button", data_escape=True)
                cancel.on("click", self._build, args=[])
                keep = Tag("button", "button primary", words("web-save"), type="button", data_submit=True)
                keep.on("click", lambda event: saved(str(event.args)), js_handler=_EMIT_EDIT)


def _written(message: Message, uploads: Sequence[Upload]) -> str:
    """The words of the message that are not shown as what was heard."""
    heard = [upload for upload in uploads if upload.sort == "speech"]
    if not heard:
        return message.text
    caption = heard[0].caption
    others = [upload for upload in uploads if upload.sort != "speech"]
    return worded(caption, others)
