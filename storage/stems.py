"""Text as search sees it: words, without their endings and without words that say nothing."""

import re
import unicodedata
from functools import lru_cache

import snowballstemmer  # type: ignore[import-untyped]

LONGEST_WORD = 64

_WORD = re.compile(r"[^\W_]+")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")

_ENGLISH_STOP_WORDS = """
a about above after again all also am an and any are as at be because been before being below between both but by can
could did do does doing down during each either else few for from further had has have having he her here hers herself
him himself his how i if in into is it its itself just let me more most my myself no nor not now of off on once only
or other our ours ourselves out over own please same shall she should so some such tell than that the their theirs
them themselves then there these they this those through to too under until up us very was we were what when where
which while who whom why will with would you your yours yourself yourselves s t d ll m re ve don isn
get got want need know tell hello hi hey thank thanks
"""
_RUSSIAN_STOP_WORDS = """
а без более больше бы был была были было быть в вам вас ваш ваша ваше ваши вдруг ведь во вот все всего всех вы где да
даже для до его ее если есть еще же за здесь и из или им их к как какая какие какой когда кто ли либо меня мне много
могу может можно мой моя мое мои мы на над надо нам нас наш наша наше наши не него нее нет ни них но ну о об однако он
она они оно от очень по под пожалуйста после потом потому почему при про раз с сам себе себя сейчас со совсем так также
такой там те тем теперь то тоже того той только том тот ту ты у уже хоть чего чем что чтобы чья эта эти это этого этой
этом этот эту я
хочу нужно скажи скажите подскажи подскажите расскажи расскажите привет здравствуйте спасибо
"""


class Stemmer:
    """English by the Latin alphabet, Russian by the Cyrillic; other scripts keep their words as they are."""

    def __init__(self) -> None:
        self._stop_words = frozenset((_ENGLISH_STOP_WORDS + _RUSSIAN_STOP_WORDS).split())

    def stems(self, text: str) -> list[str]:
        """In the order of the text, repetitions included."""
        return [self.stem(word) for word in folded_words(text) if self.says_something(word)]

    def says_something(self, word: str) -> bool:
        """Of a folded word, that it is more than the glue of sentences."""
        return word not in self._stop_words

    def stem(self, word: str) -> str:
        """Of a folded word."""
        return _stem(word)


@lru_cache(maxsize=65_536)
def _stem(word: str) -> str:
    """Snowball's stemmers hold the word they work on, and documents are read in threads: each call has its own."""
    stemmer = snowballstemmer.stemmer("russian" if _CYRILLIC.search(word) else "english")
    return str(stemmer.stemWord(word)) or word


def folded_words(text: str) -> list[str]:
    """All words, each at most 64 characters of it, alike whatever their case."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е").replace("’", "'")
    return [word[:LONGEST_WORD] for word in _WORD.findall(folded)]
