"""Who should answer a message that nobody was chosen for.

In this order: what the user chose before for nearly the same words; whom the message calls by name; a clear match with
the words of the specialists' own files (`specialists.lexicon`); one small question to a model, where there is one; the
best match there is, or two of them to choose from; and the default, who asks.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from bot.clock import SystemClock
from bot.domain.ports import Clock
from bot.domain.reply import Usage, Utterance
from bot.domain.specialist import Specialist
from specialists.lexicon import Lexicon, Score
from specialists.summons import Summons
from specialists.triage import Ask, Triage, Verdict
from storage.stems import Stemmer, folded_words

log = logging.getLogger(__name__)

# The thresholds on scores were set on the `tuning` part of tests/data/routing.yaml; `python -m bench routing` publishes
# what they do on the part that was not looked at.
CLEAR = 0.3
"""From here on, with `CLEAR_LEAD`, 19 of 20 were right, and two messages of five are here: no need to pay a model."""
CLEAR_LEAD = 0.4
"""By how much of its own score the best is ahead of the second, to be clear."""
GOOD = 0.17
"""Below it a match is mostly chance: more were nobody's work, or somebody else's, than right."""
CLOSE_LEAD = 0.1
"""With less lead than this it is a toss-up, so the user is asked."""
REMEMBERED = 0.8
"""Share of words in common with a message that the user has decided about: the same request, perhaps one word off."""
REMINDS = 0.5
"""The same, when it only has to tell two candidates apart."""
SURE = 0.6
"""Least confidence of a model that is acted upon; what it is less sure of is a guess between two."""
MODEL_SECONDS = 4.0
"""How long the user waits for a model's verdict before the first word of the real answer can even be begun."""
REST_SECONDS = 30.0
"""A model that failed is not asked again for so long, so that an outage is waited out once and not by every message."""
_TELLING_CHARS = 4
"""A model is not paid for "ok", "да" or a smiley."""
_ENOUGH_STEMS = 2
"""With fewer, one word of an example decides, as "one" in an answer: that takes a clear match."""
_COMPARED_CHARS = 1_000
"""Nobody says the same again at greater length."""
_SAYS_SOMETHING = re.compile(r"[^\W\d_]|\d\D+\d")
"""A letter, or numbers that may be a sum; a lone number answers a question that was asked before."""


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    locale: str = "en"
    history: tuple[Utterance, ...] = ()
    examples: tuple[tuple[str, str], ...] = ()
    """(specialist, stems separated by spaces) of the user's own earlier choices, the newest first."""
    has_files: bool = False
    """There are pictures or documents in the thread that it may be about."""


@dataclass(frozen=True, slots=True)
class Routed:
    specialist: str
    how: Literal["lexical", "model", "default"]
    score: float
    """0 to 1: the match with the words, or the model's confidence. Not to be compared between the two."""
    usage: Usage | None = None
    """What the model took, when one was asked and answered."""


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Either may be meant: the user should choose. Neither is the default, who would only ask the same."""

    first: str
    second: str
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class _Desk:
    """All that is prepared for one team."""

    team: tuple[Specialist, ...]
    lexicon: Lexicon
    summons: Summons
    triage: Triage

    @property
    def default(self) -> str:
        return self.team[0].name

    def knows(self, name: str) -> bool:
        return any(specialist.name == name for specialist in self.team)


class Router:
    def __init__(
        self,
        team: Callable[[], Sequence[Specialist]],
        *,
        ask: Ask | None,
        stemmer: Stemmer,
        clock: Clock | None = None,
    ) -> None:
        """`team` gives those in force now, the default first; `ask` is None where no model is configured."""
        self._team = team
        self._ask = ask
        self._stemmer = stemmer
        self._clock = clock or SystemClock()
        self._desk: _Desk | None = None
        self._rests_until = float("-inf")

    async def route(self, question: Question) -> Routed | Ambiguous:
        """Always answers, and within `MODEL_SECONDS`, whatever the model does."""
        desk = self._prepared()
        if not _SAYS_SOMETHING.search(question.text):
            return Routed(desk.default, "default", 0.0)
        choices = self._choices(question, desk)
        if choices and choices[0].value >= REMEMBERED:
            return Routed(choices[0].specialist, "lexical", choices[0].value)
        if called := desk.summons.heard(question.text):
            return Routed(called, "lexical", 1.0)
        best, second = _two_best(desk.lexicon.rank(question.text))
        if best.value >= CLEAR and _lead(best, second) >= CLEAR_LEAD:
            return Routed(best.specialist, "lexical", best.value)
        heard = await self._verdict(desk, question) if best.value > 0 or self._tells(question.text) else None
        if heard is not None:
            return _reminded(_by_model(*heard, desk.default), choices)
        is_merely_good = self._says_enough(question.text) and not question.has_files
        result = _by_words(best, second, desk.default, GOOD if is_merely_good else CLEAR)
        if question.has_files and isinstance(result, Ambiguous):
            # "What does page 3 say?" is like nobody's examples, and whoever meets everyone reads files.
            return Routed(desk.default, "default", best.value)
        return _reminded(result, choices)

    def _prepared(self) -> _Desk:
        """The index of the team in force; made anew only when somebody came, went or changed."""
        team = tuple(self._team())
        old = self._desk
        if old is None or len(old.team) != len(team) or any(a is not b for a, b in zip(old.team, team, strict=True)):
            self._desk = old = _desk(team)
        return old

    async def _verdict(self, desk: _Desk, question: Question) -> tuple[Verdict, Usage] | None:
        """What the model thinks; None when there is none, it rests, fails or is too slow."""
        if self._ask is None or self._clock.monotonic() < self._rests_until:
            return None
        asking = asyncio.ensure_future(desk.triage.ask(self._ask, question.text, question.history))
        timer = asyncio.ensure_future(self._clock.sleep(MODEL_SECONDS))
        try:
            await asyncio.wait({asking, timer}, return_when=asyncio.FIRST_COMPLETED)
            if asking.done():
                return asking.result()
            log.warning("the routing model is too slow")
        except Exception as error:
            # Whatever is wrong with the model, a guess by the words is better than no answer.
            log.warning("the routing model failed", extra={"error": type(error).__name__})
        finally:
            asking.cancel()
            timer.cancel()
            await asyncio.gather(asking, timer, return_exceptions=True)
        self._rests_until = self._clock.monotonic() + REST_SECONDS
        return None

    def _choices(self, question: Question, desk: _Desk) -> list[Score]:
        """The user's earlier choices by how much the words have in common, the newest first among equals."""
        if not question.examples:
            return []
        stems = frozenset(self._stemmer.stems(question.text[:_COMPARED_CHARS]))
        found = []
        for specialist, line in question.examples:
            chosen = frozenset(line.split())
            shared = len(stems & chosen)
            if shared and desk.knows(specialist):
                found.append(Score(specialist, shared / len(stems | chosen)))
        return sorted(found, key=lambda choice: -choice.value)

    def _says_enough(self, text: str) -> bool:
        """Whether there are words enough for a merely good match to mean something."""
        return len(set(self._stemmer.stems(text[:_COMPARED_CHARS]))) >= _ENOUGH_STEMS

    def _tells(self, text: str) -> bool:
        words = folded_words(text[:_COMPARED_CHARS])
        return any(len(word) >= _TELLING_CHARS and self._stemmer.says_something(word) for word in words)


@lru_cache(maxsize=4)
def _desk(team: tuple[Specialist, ...]) -> _Desk:
    """Takes some 50 ms and depends on nothing else, so that platforms of one process with the same team share it."""
    stemmer = Stemmer()
    return _Desk(team, Lexicon(team, stemmer), Summons(team, stemmer), Triage(team, team[0]))


def _by_words(best: Score, second: Score, default: str, least: float) -> Routed | Ambiguous:
    if best.value < (GOOD if best.specialist == default else least):
        return Routed(default, "default", best.value)
    if _lead(best, second) >= CLOSE_LEAD:
        return Routed(best.specialist, "lexical", best.value)
    if default in (best.specialist, second.specialist):
        return Routed(default, "default", best.value)
    return Ambiguous(best.specialist, second.specialist)


def _by_model(verdict: Verdict, usage: Usage, default: str) -> Routed | Ambiguous:
    first, second = verdict.specialist, verdict.second
    if verdict.confidence >= SURE or first == default:
        return Routed(first, "model", verdict.confidence, usage)
    if second is None or second in (first, default):
        return Routed(default, "model", verdict.confidence, usage)
    return Ambiguous(first, second, usage)


def _reminded(result: Routed | Ambiguous, choices: Sequence[Score]) -> Routed | Ambiguous:
    """Do not ask what the user has answered before, about something like it."""
    if isinstance(result, Routed):
        return result
    for choice in choices:
        if choice.value >= REMINDS and choice.specialist in (result.first, result.second):
            return Routed(choice.specialist, "lexical", choice.value, result.usage)
    return result


def _two_best(scores: Sequence[Score]) -> tuple[Score, Score]:
    """A team of one has nobody in second place."""
    return scores[0], scores[1] if len(scores) > 1 else Score(scores[0].specialist, 0.0)


def _lead(best: Score, second: Score) -> float:
    """By which share of its score the best is ahead."""
    return (best.value - second.value) / best.value if best.value else 0.0
