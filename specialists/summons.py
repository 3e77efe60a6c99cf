"""Hearing that somebody is called by name: "@mentor", "let me talk to the mentor", «позовите аналитика»."""

import re
from collections.abc import Iterator, Sequence

from bot.domain.specialist import Specialist
from specialists.features import latin
from storage.stems import Stemmer, folded_words

_HANDLE = re.compile(r"(?<![\w@.])@([a-z][a-z0-9-]*)(?![\w@])", re.IGNORECASE)
_VOCATIVE = re.compile(r"^\W*([^\n,:!—–]{2,64}?)\s*[,:!—–]")
_BEGINNING_CHARS = 160
"""A call stands at the beginning; behind that a name is only spoken of."""

_POLITE_WORDS = """
please hi hello hey ok okay so well can could may might i we you would want wanna need d like to let me just now
пожалуйста привет здравствуйте ну ок а можно можете можешь могу хочу хочется хотел хотела хотелось бы мне нам надо
нужно давай давайте лучше
"""
_CALL_WORDS = """
talk speak chat ask call connect switch transfer bring give get pass forward invite summon
позови позовите зови соедини соедините переключи переключите поговорить пообщаться спроси спросите спросить передай
передайте дай дайте пригласи пригласите вызови вызовите свяжи свяжите перейти переведи переведите обратиться
"""
_BETWEEN_WORDS = """
me us it this over to with the your
к ко с со на меня мне нас нам это его ее вашего вашему
"""
_POLITE = frozenset(_POLITE_WORDS.split())
_CALL = frozenset(_CALL_WORDS.split())
_BETWEEN = frozenset(_BETWEEN_WORDS.split())


class Summons:
    """The names that the specialists of one team answer to: their titles in every language, and their ids, unless an
    id is a word that people use for the matter itself ("a video") and not for who deals with it."""

    def __init__(self, team: Sequence[Specialist], stemmer: Stemmer) -> None:
        self._stemmer = stemmer
        self._handles = frozenset(specialist.name for specialist in team)
        spoken_of = {
            stem for specialist in team for line in _talk(specialist) for stem in self._spelled(folded_words(line))
        }
        self._names: dict[tuple[str, ...], str] = {}
        self._most_words = 0
        for specialist in team:
            for title in (specialist.title, *(translation.title for translation in specialist.translations)):
                self._learn(title, specialist)
            if not spoken_of.issuperset(self._spelled(folded_words(specialist.name))):
                self._learn(specialist.name, specialist)

    def heard(self, text: str) -> str | None:
        """The one who is called; None when nobody is, or more than one."""
        handles = {name.casefold() for name in _HANDLE.findall(text)} & self._handles
        if handles:
            return handles.pop() if len(handles) == 1 else None
        beginning = text[:_BEGINNING_CHARS]
        return self._addressed(beginning) or self._called(folded_words(beginning))

    def _learn(self, name: str, specialist: Specialist) -> None:
        """Of two with the same title the first is called by it."""
        said = folded_words(name)
        if spelled := self._spelled(said):
            self._names.setdefault(spelled, specialist.name)
            self._most_words = max(self._most_words, len(said))

    def _addressed(self, text: str) -> str | None:
        """ "Mentor, how do I …" """
        found = _VOCATIVE.match(text)
        return self._named(_without_courtesy(folded_words(found[1]))) if found else None

    def _called(self, said: list[str]) -> str | None:
        """ "Let me talk to the mentor", or just "mentor, please"."""
        rest = _without_courtesy(said)
        while rest and rest[-1] in _POLITE:
            rest.pop()
        if name := self._named(rest):
            return name
        if not rest or rest[0] not in _CALL:
            return None
        rest = rest[1:]
        while rest and rest[0] in _BETWEEN:
            rest.pop(0)
        lengths = range(min(self._most_words, len(rest)), 0, -1)
        return next((name for length in lengths if (name := self._named(rest[:length]))), None)

    def _named(self, said: Sequence[str]) -> str | None:
        return self._names.get(self._spelled(said)) if len(said) <= self._most_words else None

    def _spelled(self, said: Sequence[str]) -> tuple[str, ...]:
        return tuple(latin(self._stemmer.stem(word)) for word in said if self._stemmer.says_something(word))


def _talk(specialist: Specialist) -> Iterator[str]:
    yield specialist.description
    yield from specialist.examples
    yield from specialist.starters


def _without_courtesy(said: Sequence[str]) -> list[str]:
    start = next((at for at, word in enumerate(said) if word not in _POLITE), len(said))
    return list(said[start:])
