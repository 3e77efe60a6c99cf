"""Which old encoding a text is in, by the words that it makes: those of a language whose letters they are."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_COMMON_RUSSIAN = frozenset("оеаинтсрвлк")
_RARE = 0.6
"""What a rarer letter counts: it tells encodings of the same alphabet apart."""
_WORD = re.compile(r"[^\W\d_]+")
_SURE = 0.4
"""So much of all that is not ASCII must speak for an encoding."""
_USUAL_RUSSIAN = 0.78
_LONG = 30
"""So many letters of Russian have common ones among them, as other languages in its bytes have not."""


@dataclass(frozen=True, slots=True)
class _Alphabet:
    encoding: str
    letters: frozenset[str]
    is_latin: bool = True


def _latin(encoding: str, *alphabets: str) -> Iterator[_Alphabet]:
    return (_Alphabet(encoding, frozenset(letters)) for letters in alphabets)


_ALPHABETS = (
    *_latin("cp1252", "àâæçéèêëîïôœùûüÿ", "äöüß", "áéíñóúü", "áâãàçéêíóôõúü", "àèéìíîòóùú", "åäöæøé"),
    *_latin("cp1252", "áðéíóúýþæö"),
    *_latin("cp1250", "ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţ", "čćđšž"),
    *_latin("cp1254", "çğıöşüâîû"),
    *(
        _Alphabet(encoding, frozenset(letters), is_latin=False)
        for encoding in ("cp1251", "koi8_r", "cp866", "mac_cyrillic")
        for letters in ("абвгдеёжзийклмнопрстуфхцчшщъыьэюя", "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя'")
    ),
)


def encoding_by_words(content: bytes) -> str:
    """The encoding with one byte for each letter that `content` is in; empty when no language speaks for any."""
    texts = {alphabet.encoding: content.decode(alphabet.encoding, "replace") for alphabet in _ALPHABETS}
    words = {encoding: [w for w in _WORD.findall(text) if not w.isascii()] for encoding, text in texts.items()}
    if not words["cp1252"]:
        return "cp1252"  # signs such as € and °, and no letters
    best = max(_ALPHABETS, key=lambda alphabet: _score(words[alphabet.encoding], alphabet))
    score = _score(words[best.encoding], best)
    strange = sum(byte > 127 for byte in content)
    if score < _SURE * strange:
        return ""
    if not best.is_latin and strange > _LONG and score < _USUAL_RUSSIAN * sum(map(len, words[best.encoding])):
        return ""
    return best.encoding


def _score(words: list[str], alphabet: _Alphabet) -> float:
    return sum(_worth(word, alphabet) for word in words)


def _worth(word: str, alphabet: _Alphabet) -> float:
    """What is not ASCII in it, negative when no such word would be written."""
    # Turkish has a capital of which Python makes two letters.
    strange = [letter.lower()[0] if letter != "İ" else "ı" for letter in word if not letter.isascii()]
    has_ascii = len(strange) < len(word)
    is_cased = word.isupper() or word[1:].islower() or len(word) == 1
    is_mixed = has_ascii != alphabet.is_latin and len(word) > 1
    if is_mixed or not is_cased or not alphabet.letters.issuperset(strange):
        return -len(strange)
    if alphabet.is_latin:
        return len(strange)
    return sum(1 if letter in _COMMON_RUSSIAN else _RARE for letter in strange)
