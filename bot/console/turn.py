"""One turn on the page: what the visitor said, the reply, and what can be done with both."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from nicegui import ui

from bot.console.asking import Decisions, show_question
from bot.console.attachment import show_file
from bot.console.cast import Cast
from bot.console.conversation import Exchange
from bot.console.live import Live
from bot.console.markup import Tag, icon, icon_button, shown
from bot.console.prose import Prose
from bot.console.question import Asked, Changes, QuestionsView
from bot.console.reply import LiveReply
from bot.console.words import Words
from bot.domain.action import Verb
from bot.domain.status import Level, level_of
from bot.domain.thread import Turn, TurnState
from bot.wording import NOTHING_USABLE


@dataclass(frozen=True, slots=True)
class Deck:
    """What all turns of a page share: words, looks, and where the visitor's wishes go."""

    words: Words
    prose: Prose
    cast: Cast
    press: Callable[[Verb, Turn], Awaitable[None]]
    choose: Callable[[Turn, str], Awaitable[None]]
    """Who answers a turn that waits for exactly that."""
    changes: Changes


class TurnView:
    """Shows an `Exchange`, and renews only what has changed since it was last shown."""

    def __init__(self, deck: Deck) -> None:
        self._deck = deck
        self._replied: tuple[object, ...] | None = None
        self._offered: tuple[object, ...] | None = None
        self._live: LiveReply | None = None
        self.section = Tag("section", "turn")
        with self.section:
            self._questions = QuestionsView(deck.words, deck.prose, deck.changes)
            self._reply = Tag("article", "reply")
            self._actions = Tag("div", "actions")

    def show(self, exchange: Exchange, *, latest: bool) -> None:
        turn, answer = exchange.turn, exchange.answer
        is_open = turn.state.is_open
        self._questions.show(Asked(exchange.questions, exchange.uploads, latest and not is_open, is_open))
        said = (turn.state, turn.version, turn.specialist, turn.error, answer, exchange.files, exchange.pause)
        if self._replied != said:
            self._replied = said
            self._show_reply(exchange)
        if self._offered != (offered := (turn, answer, latest, exchange.is_escalated)):
            self._offered = offered
            self._show_actions(exchange, latest=latest)

    def show_live(self, live: Live) -> None:
        """Paint the reply that is being written; nothing happens when it is there already."""
        if self._live is not None:
            self._live.show(live)

    def _show_reply(self, exchange: Exchange) -> None:
        self._live = None
        self._reply.clear()
        with self._reply:
            self._show_author(exchange.turn)
            with Tag("div", "said"):
                if exchange.answer is not None:
                    self._show_text(exchange.answer.text)
                self._show_state(exchange)
                if not exchange.turn.state.is_open:
                    for file in exchange.files:
                        show_file(self._deck.words, file)

    def _show_text(self, text: str) -> None:
        ui.html(text, sanitize=self._deck.prose.html).classes("prose")

    def _show_author(self, turn: Turn) -> None:
        """Who replies, as long as that is not open; before the router has decided nobody does."""
        cast = self._deck.cast
        specialist = cast.get(turn.specialist)
        if specialist is None and not turn.specialist and turn.state is not TurnState.QUEUED:
            specialist = cast.default if turn.state is not TurnState.RUNNING else None
        Tag("div", "avatar", (specialist.emoji if specialist else "") or "✳️", aria_hidden="true")
        name = turn.specialist or self._deck.words("web-routing")
        Tag("h2", "author", specialist.title if specialist else name, dir="auto")

    def _show_state(self, exchange: Exchange) -> None:
        words, turn = self._deck.words, exchange.turn
        match turn.state:
            case TurnState.QUEUED:
                Tag("p", "waiting shimmer", words("web-queued"))
            case TurnState.RUNNING:
                self._live = LiveReply(words, self._deck.prose)
            case TurnState.REQUIRES_ACTION:
                self._show_pause(exchange)
            case TurnState.STOPPED:
                Tag("p", "mark", words("web-stopped"))
            case TurnState.FAILED:
                with Tag("div", "failure", role="alert"):
                    icon("alert")
                    Tag("p", "", failure_sentence(words, turn), dir="auto")
            case TurnState.COMPLETED if turn.error:
                count = sum(upload.sort == "picture" for upload in exchange.uploads)
                self._show_text(words(turn.error, count=count))
            case TurnState.COMPLETED:
                pass

    def _show_pause(self, exchange: Exchange) -> None:
        deck, pause = self._deck, exchange.pause
        if pause is None:
            return
        if pause.text.strip():
            self._show_text(pause.text)
        for file in exchange.files:
            show_file(deck.words, file)
        show_question(deck.words, deck.cast, exchange.turn, pause, Decisions(deck.press, deck.choose))

    def _show_actions(self, exchange: Exchange, *, latest: bool) -> None:
        turn, answer = exchange.turn, exchange.answer
        self._actions.clear()
        if turn.state.is_open:
            return
        words = self._deck.words
        with self._actions:
            if turn.state is TurnState.FAILED:
                if latest and turn.error != NOTHING_USABLE:
                    retry = Tag("button", "button", words("web-try-again"), type="button")
                    retry.on("click", lambda: self._deck.press("again", turn), args=[])
                return
            if answer is not None:
                icon_button("copy", words("web-copy"), "quiet", data_copy_reply=shown(answer.text))
            self._thumb("up", turn, pressed=turn.rating > 0)
            self._thumb("down", turn, pressed=turn.rating < 0)
            if latest:
                icon_button("again", words("web-again"), "quiet").on(
                    "click", lambda: self._deck.press("again", turn), args=[]
                )
            self._show_remarks(exchange)

    def _thumb(self, verb: Verb, turn: Turn, *, pressed: bool) -> None:
        label = self._deck.words(f"web-{verb}")
        button = icon_button("thumb", label, f"quiet thumb-{verb}", aria_pressed="true" if pressed else "false")
        button.on("click", lambda: self._deck.press(verb, turn), args=[])

    def _show_remarks(self, exchange: Exchange) -> None:
        words, turn = self._deck.words, exchange.turn
        level = level_of(turn.confidence) if turn.state is TurnState.COMPLETED else None
        if level is not None:
            chip = Tag("span", f"remark confidence {level}", words(f"web-confidence-{level}"))
            chip.set(title=words("web-confidence"))
        if level is Level.LOW:
            Tag("span", "remark", words("web-unsure"))
        if exchange.is_escalated:
            Tag("span", "remark escalated", words("web-escalated"))
        if turn.version > 1:
            Tag("span", "remark", words("web-version", number=turn.version))


def failure_sentence(words: Words, turn: Turn) -> str:
    """What the visitor was told. Limits of a day, whose sentences say when they end, end at midnight in UTC."""
    ended = turn.finished_at or turn.created_at
    left = timedelta(hours=24) - timedelta(hours=ended.hour, minutes=ended.minute)
    return words(turn.error or "error-unknown", time="00:00", hours=max(1, round(left.total_seconds() / 3600)))
