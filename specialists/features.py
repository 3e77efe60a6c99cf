"""What of a text can be compared with another text: its stems, its neighbouring words, and the letters of a word."""

from collections.abc import Iterator
from dataclasses import dataclass

from storage.stems import Stemmer, folded_words

_GRAM_CHARS = 3
_HEAD_CHARS = 240
_TAIL_CHARS = 120
"""A request stands at the beginning of a long message or at its end; what is pasted between them tells little."""

_LATIN = str.maketrans(
    dict(
        zip(
            "абвгдежзийклмнопрстуфхцчшщъыьэюяё",
            "a b v g d e zh z i y k l m n o p r s t u f kh ts ch sh sch _ y _ e yu ya e".replace("_", "").split(" "),
            strict=True,
        )
    )
)


@dataclass(frozen=True, slots=True)
class Features:
    """Without repetitions, in the order of the text."""

    stems: tuple[str, ...]
    """In Latin letters, so that a word that both languages share is one word, as is one typed in the other alphabet."""
    pairs: tuple[str, ...]
    """Words next to each other as they were written, short ones included, the first after `^`; any number is `#`."""


def features(text: str, stemmer: Stemmer) -> Features:
    """Of a long text only the beginning and the end are looked at."""
    said = text
    if len(text) > _HEAD_CHARS + _TAIL_CHARS:
        said = f"{text[:_HEAD_CHARS]} {text[-_TAIL_CHARS:]}"
    stems = (latin(stem) for stem in stemmer.stems(said))
    return Features(
        tuple(dict.fromkeys(stem for stem in stems if stem)), tuple(dict.fromkeys(_pairs(folded_words(said))))
    )


def latin(stem: str) -> str:
    """`stem` with its Russian letters spelled in Latin ones."""
    return stem.translate(_LATIN)


def grams(stem: str) -> frozenset[str]:
    """Its runs of three letters, both ends marked."""
    marked = f"^{stem}$"
    return frozenset(marked[at : at + _GRAM_CHARS] for at in range(len(marked) - _GRAM_CHARS + 1))


def _pairs(said: list[str]) -> Iterator[str]:
    before = "^"
    for word in said:
        now = "#" if word.isdigit() else word
        yield f"{before} {now}"
        before = now
