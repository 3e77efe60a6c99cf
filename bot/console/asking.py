"""A reply that waits for a decision: what it asks for leave to do, or who should answer."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.console.cast import Cast
from bot.console.chooser import show_specialist
from bot.console.markup import Tag, icon
from bot.console.words import Words
from bot.domain.action import Verb
from bot.domain.reply import Request
from bot.domain.thread import Turn
from storage.pauses import Pause


@dataclass(frozen=True, slots=True)
class Decisions:
    """Where the visitor's decisions go."""

    press: Callable[[Verb, Turn], Awaitable[None]]
    choose: Callable[[Turn, str], Awaitable[None]]


def show_question(words: Words, cast: Cast, turn: Turn, pause: Pause, decisions: Decisions) -> None:
    """What is asked with its buttons; once it is decided, that the reply goes on."""
    if pause.granted is not None or (not pause.requests and turn.specialist):
        Tag("p", "waiting shimmer", words("web-going-on"))
    elif pause.requests:
        _show_requests(words, turn, pause, decisions)
    else:
        _show_choice(cast, turn, pause, decisions)


def _show_requests(words: Words, turn: Turn, pause: Pause, decisions: Decisions) -> None:
    with Tag("div", "asking", role="group", aria_label=words("web-leave")):
        with Tag("div", "asking-head"):
            icon("shield")
            Tag("h3", "asking-title", words("web-leave"))
        for request in pause.requests:
            _show_request(words, request)
        with Tag("div", "asking-buttons"):
            approve = Tag("button", "button primary", words("web-approve"), type="button")
            approve.on("click", lambda: decisions.press("approve", turn), args=[])
            deny = Tag("button", "button", words("web-deny"), type="button")
            deny.on("click", lambda: decisions.press("deny", turn), args=[])


def _show_request(words: Words, request: Request) -> None:
    tool = words.find(f"tool-{request.tool}".replace("_", "-")) or request.tool
    with Tag("div", "request"):
        Tag("div", "request-tool", tool)
        if request.arguments:
            Tag("pre", "request-arguments", request.arguments, tabindex=0, dir="auto")


def _show_choice(cast: Cast, turn: Turn, pause: Pause, decisions: Decisions) -> None:
    names: list[str] = json.loads(pause.state)["choice"]
    with Tag("div", "cards"):
        for specialist in filter(None, map(cast.get, names)):
            card = Tag("button", "card", type="button")
            card.on("click", lambda name=specialist.name: decisions.choose(turn, name), args=[])
            show_specialist(card, specialist)
