"""Where an interview stands, and how that is kept among the values of its brief."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from specialists.brief import BOOKKEEPING, answers

BEGINNING = ""
SUMMARY = "~"


@dataclass(frozen=True, slots=True)
class Progress:
    """An interview between two messages of the user."""

    answers: Mapping[str, str] = field(default_factory=dict)
    """By name of the field; an empty one was skipped."""
    at: str = BEGINNING
    """Name of the field that was asked for, `SUMMARY` when all was summed up, `BEGINNING` before the first question."""
    complete: bool = False
    """The user has confirmed the summary."""
    language: str = ""
    """Of the questions."""
    locale: str = ""
    """The user's setting when the language was chosen; another one means that they want another."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A brief as it is stored."""

    values: Mapping[str, str]
    complete: bool


def resumed(stored: Kept | None, turn: int) -> Progress:
    """Where the interview stood before `turn`, which may have run already."""
    if stored is None:
        return Progress()
    book = _book(stored.values.get(BOOKKEEPING, ""))
    before = book.get("before")
    if book.get("turn") == turn and isinstance(before, dict):
        return _progress(before)
    at = _text(book.get("at")) or (SUMMARY if stored.complete else BEGINNING)
    said = {name: value for name, value in stored.values.items() if name != BOOKKEEPING}
    return Progress(said, at, stored.complete, _text(book.get("language")), _text(book.get("locale")))


def kept(progress: Progress, before: Progress, turn: int) -> Kept:
    """What to store after `turn`, in which the interview went from `before` to `progress`.

    A complete brief has nothing in it but answers and, where it is not the user's own, the language: what is said of
    it later is said in that too. Of one that was dropped only the language is kept.
    """
    if progress.complete:
        return Kept({**answers(progress.answers), **_foreign(progress)}, complete=True)
    if progress.at == BEGINNING:
        before = Progress(language=before.language, locale=before.locale)
    book = {
        "turn": turn,
        "at": progress.at,
        "language": progress.language,
        "locale": progress.locale,
        "before": {
            "answers": dict(before.answers),
            "at": before.at,
            "complete": before.complete,
            "language": before.language,
            "locale": before.locale,
        },
    }
    return Kept({**progress.answers, BOOKKEEPING: json.dumps(book, ensure_ascii=False)}, complete=False)


def _foreign(progress: Progress) -> dict[str, str]:
    """The language of an interview that is not led in the user's own."""
    if progress.language == progress.locale:
        return {}
    return {BOOKKEEPING: json.dumps({"language": progress.language, "locale": progress.locale})}


def _progress(book: Mapping[str, object]) -> Progress:
    said = book.get("answers")
    return Progress(
        {name: _text(value) for name, value in said.items()} if isinstance(said, dict) else {},
        _text(book.get("at")),
        book.get("complete") is True,
        _text(book.get("language")),
        _text(book.get("locale")),
    )


def _book(text: str) -> dict[str, object]:
    """Whatever else wrote into the brief, an interview can go on with the answers alone."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
