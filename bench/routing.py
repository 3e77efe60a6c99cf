"""How often the router finds the right specialist, on labelled utterances, and what it costs."""

import json
import math
import os
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from genai_prices import Usage as PricedUsage
from genai_prices import calc_price
from pydantic import TypeAdapter

from bench.labelled import OUT_OF_SCOPE, Labelled, Outcome, accuracy, handoffs, route, share, stays_recall, utterances
from bench.report import Measure, Section, percentile
from bot.domain.reply import Usage
from bot.domain.specialist import Specialist
from specialists.memory import estimate_tokens
from specialists.registry import DEFAULT, Registry
from specialists.router import Question, Routed, Router
from storage.stems import Stemmer

TEAM = Path(__file__).parent.parent / "specialists" / "team"

Form = TypeVar("Form")

_ROUNDS = 5
_LANGUAGES = (("English", "en"), ("Russian", "ru"))
_CONFUSIONS = 6
_VERDICT_TOKENS = 40
"""Of the structured answer and what a provider adds around it."""


async def run() -> Section:
    team = Registry.load(TEAM).all()
    unseen = await route(team, utterances("unseen"))
    tuning = await route(team, utterances("tuning"))
    micros = await _micros(team, [one.said for one in unseen])
    p50, p99 = percentile(micros, 50), percentile(micros, 99)
    listener = _Listener()
    clear = await listener.route(team, [one.said for one in unseen])
    return Section(
        "Routing",
        f"{len(unseen)} labelled utterances that were written after the thresholds were set, each as the first message "
        f"of a conversation, to the {len(team)} shipped specialists, without a model; the last column shows the "
        f"{len(tuning)} that the thresholds were set on. Right: it went to whom the label says (for a label with two, "
        "to one of them, or the user was asked and one was offered). Stays: greetings, questions about Switchboard and "
        "what is nobody's work. What goes to the concierge in doubt counts as wrong, though it can ask and hand over. "
        f"Most frequent mistakes of other kinds: {_confusions(unseen)}. With a model, that is asked about what is not "
        "clear by its words. An emulated model answers what it was told to answer, so how well a real one routes is "
        "not shown here: only how often it is asked, with how many tokens (estimated from the real prompts, no cache), "
        "and what that adds on our side.",
        ("what", "all", *(language for language, _ in _LANGUAGES), "tuning"),
        [
            *_quality(unseen, tuning),
            *_per_specialist(team, unseen, tuning),
            ("cost of a routed message without a model", "$0", "", "", ""),
            ("with one: clear by its words", _percent(len(clear) / len(unseen)), "", "", ""),
            ("with one: right, of what is clear by its words", _percent(accuracy(clear)), "", "", ""),
            ("with one: it is asked about", _percent(len(listener.asked) / len(unseen)), "", "", ""),
            ("with one: tokens of a question, in / out", _tokens(listener), "", "", ""),
            ("with one: cost of 1,000 routed messages", _cost(listener, len(unseen)), "", "", ""),
            ("with one: our own CPU time of a route, p50", f"{percentile(listener.micros, 50):.0f} µs", "", "", ""),
            ("CPU time of a route without one, p50 / p99", f"{p50:.0f} / {p99:.0f} µs", "", "", ""),
            ("CPU time of indexing the team", f"{await _index_ms(team):.0f} ms", "", "", ""),
        ],
        [Measure("routing a message without a model", f"p99, {len(team)} specialists", p99 / 1_000, 1, "ms")],
    )


def _quality(unseen: Sequence[Outcome], tuning: Sequence[Outcome]) -> list[tuple[str, ...]]:
    groups = _groups(unseen, tuning)

    def row(what: str, values: Iterable[float]) -> tuple[str, ...]:
        return (what, *(_percent(value) for value in values))

    return [
        ("utterances", *(str(len(group)) for group in groups)),
        row("right", (accuracy(group) for group in groups)),
        row("right, or the right one is among two offered", (share(one.helped for one in group) for group in groups)),
        row("user is asked", (share(bool(one.offered) for one in group) for group in groups)),
        row(
            "when asked: the right one is among the two",
            (share(one.found_among_two for one in group if one.offered) for group in groups),
        ),
        row("stays with the concierge: recall", (stays_recall(group) for group in groups)),
        row(
            "stays with the concierge: precision",
            (share(one.right for one in group if one.goes_to == DEFAULT) for group in groups),
        ),
        row(
            "out of scope alone: recall",
            (stays_recall(one for one in group if one.said.kind == OUT_OF_SCOPE) for group in groups),
        ),
        *(
            row(f"hand-off: {name}", (handoffs(group)[place] for group in groups))
            for place, name in enumerate(("precision", "recall", "F1"))
        ),
    ]


def _per_specialist(
    team: Sequence[Specialist], unseen: Sequence[Outcome], tuning: Sequence[Outcome]
) -> list[tuple[str, ...]]:
    return [
        (
            f"right, for the {specialist.name} alone",
            *(
                _percent(accuracy(one for one in group if one.said.right == {specialist.name}))
                for group in _groups(unseen, tuning)
            ),
        )
        for specialist in team
    ]


def _groups(unseen: Sequence[Outcome], tuning: Sequence[Outcome]) -> list[Sequence[Outcome]]:
    spoken = [[one for one in unseen if one.said.language == language] for _, language in _LANGUAGES]
    return [unseen, *spoken, tuning]


def _confusions(outcomes: Iterable[Outcome]) -> str:
    """Whose message went to whom instead, the default left out: it asks, it does not err."""
    wrong = Counter(
        f"{' or '.join(sorted(one.said.right))} → {one.goes_to}"
        for one in outcomes
        if not one.right and one.goes_to not in ("", DEFAULT)
    )
    return ", ".join(f"{pair} ({count})" for pair, count in wrong.most_common(_CONFUSIONS))


async def _micros(team: Sequence[Specialist], said: Sequence[Labelled]) -> list[float]:
    """CPU microseconds of each route."""
    router = Router(lambda: team, ask=None, stemmer=Stemmer())
    await router.route(Question("warm-up"))
    taken = []
    for one in [*said] * _ROUNDS:
        started = time.thread_time()
        await router.route(Question(one.text, one.language))
        taken.append((time.thread_time() - started) * 1e6)
    return taken


async def _index_ms(team: Sequence[Specialist]) -> float:
    router = Router(lambda: team, ask=None, stemmer=Stemmer())
    started = time.thread_time()
    await router.route(Question("warm-up"))
    return (time.thread_time() - started) * 1e3


class _Listener:
    """A model that notes what it is asked, and leaves everything with the concierge."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, type[object]]] = []
        self.micros: list[float] = []

    async def ask(self, instructions: str, text: str, form: type[Form], /) -> tuple[Form, Usage]:
        self.asked.append((instructions, text, form))
        answer = {"specialist": DEFAULT, "confidence": 1.0, "second": None}
        return TypeAdapter(form).validate_python(answer), Usage()

    async def route(self, team: Sequence[Specialist], said: Sequence[Labelled]) -> list[Outcome]:
        """Those that went to somebody without its being asked."""
        clear = []
        router = Router(lambda: team, ask=self.ask, stemmer=Stemmer())
        for one in said:
            before, started = len(self.asked), time.thread_time()
            result = await router.route(Question(one.text, one.language))
            if len(self.asked) > before:
                self.micros.append((time.thread_time() - started) * 1e6)
            elif isinstance(result, Routed) and result.how == "lexical":
                clear.append(Outcome(one, result))
        return clear

    def tokens(self) -> int:
        """Of all questions, with the form that the answer must have."""
        return sum(
            estimate_tokens(f"{instructions}\n{json.dumps(TypeAdapter(form).json_schema())}\n{text}")
            for instructions, text, form in self.asked
        )


def _tokens(listener: _Listener) -> str:
    return f"about {listener.tokens() / len(listener.asked):.0f} / {_VERDICT_TOKENS}"


def _cost(listener: _Listener, messages: int) -> str:
    """In dollars at list price, without a provider's cache, of the model that BENCH_MODEL (`provider:model`) names."""
    name = os.environ.get("BENCH_MODEL", "")
    provider, _, model = name.partition(":")
    if not model:
        return "set BENCH_MODEL to a `provider:model`"
    usage = PricedUsage(input_tokens=listener.tokens(), output_tokens=_VERDICT_TOKENS * len(listener.asked))
    try:
        price = calc_price(usage, model, provider_id=provider).total_price
    except LookupError:
        return f"not known for {name}"
    return f"${price * 1_000 / messages:.2f} with {name}"


def _percent(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.1%}"
