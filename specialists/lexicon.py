"""How well each specialist of a team fits a message, by the words of the specialists' own files.

With `w(f)` the weight of a feature `f` (a stem, or two words next to each other; see `specialists.features`):

- `w(f) = ln(1 + (N - n + 0.5) / (n + 0.5))`, BM25's inverse document frequency: N specialists, n of them use `f`;
  in units of what a word has that one specialist alone uses, so that teams of any size are measured alike;
  times `PAIR_WEIGHT` for a pair of words, times `EVERYDAY_WEIGHT` for a word that everybody uses about everything.
- `vocabulary(s) = Σ w(f) · c / all(f) · c / (c + SATURATION)` over the features of the message, where `c` is how many
  lines of `s` use `f` and `all(f)` how many lines of anybody do; a line that sums up counts `DIGEST_WEIGHT` times.
- `example(s)` = the largest weight that the message has in common with one line of `s`, as a share of the heavier of
  the two.
- `score(s) = (1 - EXAMPLE_SHARE) · vocabulary(s) / weight + EXAMPLE_SHARE · example(s)`, from 0 to 1, where `weight`
  is that of the whole message, unknown words included, and at least `LEAST_WEIGHT`.

A word that no file uses stands for the word that is most like it by its letters (typos, other endings), weakened by
how alike they are (Dice's coefficient of three-letter runs).
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.specialist import Specialist
from specialists.everyday import EVERYDAY
from specialists.features import features, grams, latin
from storage.stems import Stemmer

# All were set on the `tuning` part of tests/data/routing.yaml. All but the last may be halved or doubled for less than
# two points of accuracy (`GOOD` set anew): the words of the files matter far more.
PAIR_WEIGHT = 0.3
"""Pairs tell "what does … mean" from "make me a …", but are rarely met again: less than a word."""
EVERYDAY_WEIGHT = 0.4
"""In a team of a few files "help" or "two" may be as rare as "logo"; in the language they are not."""
DIGEST_WEIGHT = 2
"""Of titles, descriptions and vocabulary: each of their words was chosen, those of an example came along."""
SATURATION = 1.0
"""A word of one line is half as good as a word of every line: it may be there by accident."""
EXAMPLE_SHARE = 0.3
"""One line that is nearly the message says something that its single words do not."""
UNKNOWN_WEIGHT = 0.2
"""Of a word that no file uses: people say many words that no file can foresee, about the matter or not."""
LEAST_WEIGHT = 2.25
"""More than two telling words: a single one is not yet a clear request."""
ALIKE = 0.5
"""Least likeness of letters: a wrong letter in a word of six passes; what is less alike is another word."""
_LEAST_ALIKE_CHARS = 5
"""Shorter words have too many neighbours that are words themselves: "cool" and "cook"."""


@dataclass(frozen=True, slots=True)
class Score:
    specialist: str
    value: float
    """0 to 1."""


@dataclass(frozen=True, slots=True)
class _Line:
    owner: int
    """Place of its specialist in the team."""
    count: int
    """How many lines it counts for."""
    features: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    """What is known of one feature."""

    weight: float
    shares: tuple[tuple[int, float], ...]
    """(specialist, c / all · c / (c + SATURATION)) of those who use it."""
    lines: tuple[int, ...]


class Lexicon:
    """The index of one team; immutable."""

    def __init__(self, team: Sequence[Specialist], stemmer: Stemmer) -> None:
        self._stemmer = stemmer
        self._names = tuple(specialist.name for specialist in team)
        self._everyday = frozenset(latin(stem) for stem in stemmer.stems(EVERYDAY))
        lines = [
            _Line(owner, count, self._features(text))
            for owner, specialist in enumerate(team)
            for text, count in _lines(specialist)
        ]
        self._entries = self._indexed(lines, len(team))
        self._owners = tuple(line.owner for line in lines)
        self._line_weights = tuple(sum(self._entries[feature].weight for feature in line.features) for line in lines)
        self._letters = {
            feature: grams(feature)
            for feature in self._entries
            if " " not in feature and len(feature) >= _LEAST_ALIKE_CHARS
        }
        self._by_gram: dict[str, list[str]] = defaultdict(list)
        for feature, found in self._letters.items():
            for gram in found:
                self._by_gram[gram].append(feature)

    def rank(self, text: str) -> list[Score]:
        """Everyone, the best first; those who fit equally well in the team's order."""
        vocabulary = [0.0] * len(self._names)
        common: defaultdict[int, float] = defaultdict(float)
        weight = 0.0
        for feature in self._features(text):
            known, likeness = self._nearest(feature)
            if not known:
                weight += 0.0 if " " in feature else UNKNOWN_WEIGHT * self._importance(feature)
                continue
            entry = self._entries[known]
            found = entry.weight * likeness
            weight += found
            for owner, share in entry.shares:
                vocabulary[owner] += found * share
            for line in entry.lines:
                common[line] += found
        return self._scores(vocabulary, common, max(weight, LEAST_WEIGHT))

    def _scores(self, vocabulary: Sequence[float], common: Mapping[int, float], weight: float) -> list[Score]:
        example = [0.0] * len(self._names)
        for line, found in common.items():
            owner = self._owners[line]
            example[owner] = max(example[owner], found / max(self._line_weights[line], weight))
        scores = (
            Score(name, (1 - EXAMPLE_SHARE) * words / weight + EXAMPLE_SHARE * line)
            for name, words, line in zip(self._names, vocabulary, example, strict=True)
        )
        return sorted(scores, key=lambda score: -score.value)

    def _indexed(self, lines: Sequence[_Line], specialists: int) -> dict[str, _Entry]:
        counts: dict[str, Counter[int]] = defaultdict(Counter)
        places: dict[str, list[int]] = defaultdict(list)
        for place, line in enumerate(lines):
            for feature in line.features:
                counts[feature][line.owner] += line.count
                places[feature].append(place)
        return {
            feature: _Entry(
                weight=_inverse_frequency(len(users), specialists) * self._importance(feature),
                shares=tuple(
                    (owner, count / users.total() * count / (count + SATURATION)) for owner, count in users.items()
                ),
                lines=tuple(places[feature]),
            )
            for feature, users in counts.items()
        }

    def _importance(self, feature: str) -> float:
        """What a feature counts besides how rare it is in this team."""
        if " " in feature:
            return PAIR_WEIGHT
        return EVERYDAY_WEIGHT if feature in self._everyday else 1.0

    def _features(self, text: str) -> tuple[str, ...]:
        found = features(text, self._stemmer)
        return found.stems + found.pairs

    def _nearest(self, feature: str) -> tuple[str, float]:
        """The known feature that `feature` stands for and how alike they are; ('', 0) when there is none."""
        if feature in self._entries:
            return feature, 1.0
        if " " in feature or len(feature) < _LEAST_ALIKE_CHARS:
            return "", 0.0
        letters = grams(feature)
        shared = Counter(known for gram in letters for known in self._by_gram.get(gram, ()))
        likeness, known = max(
            ((2 * count / (len(letters) + len(self._letters[known])), known) for known, count in shared.items()),
            default=(0.0, ""),
        )
        return (known, likeness) if likeness >= ALIKE else ("", 0.0)


def _lines(specialist: Specialist) -> Iterator[tuple[str, int]]:
    """All that a file says to whoever looks for help, and how much each line counts; the instructions are for the
    model, and what an order asks for is about everything."""
    digest = [specialist.name, specialist.title, specialist.description, *specialist.vocabulary]
    yield from ((starter, 1) for starter in specialist.starters)
    for words in specialist.translations:
        digest += [words.title, words.description]
        yield from ((starter, 1) for starter in words.starters)
    yield from ((line, DIGEST_WEIGHT) for line in digest)
    yield from ((example, 1) for example in specialist.examples)


def _inverse_frequency(users: int, specialists: int) -> float:
    """1 for a word that one specialist alone uses."""
    return _rarity(users, specialists) / _rarity(1, specialists)


def _rarity(users: int, specialists: int) -> float:
    return math.log(1 + (specialists - users + 0.5) / (users + 0.5))
