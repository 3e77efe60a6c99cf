"""The interface's sentences in one language."""

from dataclasses import dataclass

from bot.texts import Texts


@dataclass(frozen=True, slots=True)
class Words:
    texts: Texts
    locale: str

    def __call__(self, key: str, **args: str | int | float) -> str:
        return self.texts.say(self.locale, key, **args)

    def find(self, key: str) -> str:
        """Empty when there is no such text."""
        return self.texts.find(self.locale, key)


def preferred_locale(texts: Texts, accept_language: str) -> str:
    """The first language of an Accept-Language header (RFC 9110 §12.5.4) that we have texts for."""
    wanted: list[tuple[float, int, str]] = []
    for rank, part in enumerate(accept_language[:500].split(",")):
        tag, _, parameters = part.strip().partition(";")
        quality = parameters.strip().removeprefix("q=")
        try:
            wanted.append((-float(quality or 1), rank, tag))
        except ValueError:
            continue
    for weight, _, tag in sorted(wanted):
        known = texts.match(tag)
        if weight < 0 and tag.lower().split("-")[0] == known.lower().split("-")[0]:
            return known
    return texts.languages[0]
