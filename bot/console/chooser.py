"""Who is asked: the empty page with everyone on it, and the choice in the composer."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.console.cast import Cast
from bot.console.markup import Tag, icon
from bot.console.words import Words
from bot.domain.specialist import Specialist


@dataclass(frozen=True, slots=True)
class Choices:
    say: Callable[[str], Awaitable[None]]
    choose: Callable[[str], Awaitable[None]]
    """A specialist by name; the empty name leaves it to the router."""


class Hello:
    """The page before anything is said: who receives the visitor, questions to begin with, and everybody else."""

    def __init__(self, words: Words, cast: Cast, choices: Choices) -> None:
        self._words = words
        self._cast = cast
        self._choices = choices
        self._shown: Specialist | None = None
        self._cards: dict[str, Tag] = {}
        self.element = Tag("div", "hello")
        with self.element:
            self._about = Tag("div", "hello-about")
            self._build_cards()

    def show(self, chosen: str) -> None:
        """With `chosen`, or else the default specialist, in front."""
        specialist = self._cast.get(chosen) or self._cast.default
        for name, card in self._cards.items():
            card.set(aria_pressed="true" if name == chosen else "false")
        if self._shown == specialist:
            return
        self._shown = specialist
        is_default = specialist.name == self._cast.default.name
        self._about.clear()
        with self._about:
            Tag("div", "hello-emoji", specialist.emoji, aria_hidden="true")
            Tag("h2", "hello-title", self._words("web-hello") if is_default else specialist.title, dir="auto")
            Tag("p", "hello-text", specialist.description, dir="auto")
            with Tag("div", "chips"):
                for starter in specialist.starters:
                    chip = Tag("button", "chip", starter, type="button", dir="auto")
                    chip.on("click", lambda text=starter: self._choices.say(text), args=[])

    def _build_cards(self) -> None:
        team = self._cast.all()
        if len(team) < 2:
            return
        Tag("h3", "hello-team", self._words("web-team"))
        with Tag("div", "cards"):
            for specialist in team:
                card = Tag("button", "card", type="button", aria_pressed="false", data_compose=True)
                card.on("click", lambda name=specialist.name: self._toggle(name), args=[])
                show_specialist(card, specialist)
                self._cards[specialist.name] = card

    async def _toggle(self, name: str) -> None:
        await self._choices.choose("" if self._cards[name].props["aria-pressed"] == "true" else name)


class Chooser:
    """Says in the composer who is asked, and offers everyone."""

    def __init__(self, words: Words, cast: Cast, choose: Callable[[str], Awaitable[None]]) -> None:
        self._words = words
        self._cast = cast
        self._choose = choose
        self._options: dict[str, Tag] = {}
        self._button = Tag("button", "chooser", type="button", popovertarget="chooser", aria_haspopup="menu")
        with self._button:
            self._emoji = Tag("span", "chooser-emoji", aria_hidden="true")
            self._label = Tag("span", "chooser-label", dir="auto")
            icon("chevron")
        self._button.set_visibility(len(cast.all()) > 1)
        with Tag("div", "menu choices", id="chooser", popover="auto", role="menu", aria_label=words("web-ask")):
            self._build_option("", "✨", words("web-anyone"), words("web-anyone-text"))
            for one in cast.all():
                self._build_option(one.name, one.emoji, one.title, one.description)

    def show(self, chosen: str, *, is_settled: bool) -> None:
        """`is_settled`: someone answers in this conversation, so the router is not asked any more."""
        specialist = self._cast.get(chosen)
        title = specialist.title if specialist is not None else self._words("web-anyone")
        self._emoji.set_text(specialist.emoji if specialist is not None else "✨")
        self._label.set_text(title)
        self._button.set(aria_label=self._words("web-ask-whom", name=title), title=self._words("web-ask"))
        for name, option in self._options.items():
            option.set(aria_checked="true" if name == chosen else "false")
        self._options[""].set_visibility(not is_settled)

    def _build_option(self, name: str, emoji: str, title: str, text: str) -> None:
        option = Tag("button", "entry option", type="button", role="menuitemradio", aria_checked="false")
        option.set(data_compose=True)
        option.on("click", lambda: self._choose(name), args=[])
        with option:
            Tag("span", "card-emoji", emoji, aria_hidden="true")
            with Tag("span", "card-about"):
                Tag("span", "card-title", title, dir="auto")
                Tag("span", "card-text", text, dir="auto")
        self._options[name] = option


def show_specialist(card: Tag, specialist: Specialist) -> None:
    """Fill `card` with who that is."""
    with card:
        Tag("span", "card-emoji", specialist.emoji, aria_hidden="true")
        with Tag("span", "card-about"):
            Tag("span", "card-title", specialist.title, dir="auto")
            Tag("span", "card-text", specialist.description, dir="auto")
