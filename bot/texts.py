"""What we say to users, in their language: Fluent files under `bot/locales/<language>/`."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from fluent.runtime import FluentBundle, FluentResource
from fluent.runtime.types import FluentInt
from fluent.syntax.ast import Junk, Resource

from bot.domain.errors import SettingsError

FALLBACK = "en"
_ARGUMENT_CHARS = 1_000  # Fluent refuses to format longer ones; nothing that long belongs in a sentence.


class Texts:
    """All languages of a folder: a sub-folder is a language, and every `*.ftl` file in it is loaded.

    SettingsError, with file and line, when a file cannot be read as Fluent or English is missing.
    """

    def __init__(self, folder: Path) -> None:
        self._bundles = {path.name: _bundle(path) for path in sorted(folder.iterdir()) if any(path.glob("*.ftl"))}
        if FALLBACK not in self._bundles:
            raise SettingsError(f"{folder}: texts in English are missing")
        self._known = {name.lower(): name for name in self._bundles}

    @property
    def languages(self) -> tuple[str, ...]:
        """Names of the languages, English first."""
        return (FALLBACK, *(name for name in self._bundles if name != FALLBACK))

    def match(self, tag: str) -> str:
        """Our language for an IETF tag: `ru-RU` is `ru`, and what we do not speak is `en`."""
        parts = tag.replace("_", "-").lower().split("-")
        for length in range(len(parts), 0, -1):
            if known := self._known.get("-".join(parts[:length])):
                return known
        return FALLBACK

    def say(self, locale: str, key: str, **args: str | int | float) -> str:
        """The text `key` in the language of `locale`, else in English. Text arguments are cut at 1,000 characters.

        KeyError when English has no such key either, or when an argument is missing: both are mistakes in the code.
        """
        bundle = self._bundles[self.match(locale)]
        if not bundle.has_message(key):
            bundle = self._bundles[FALLBACK]
        pattern = bundle.get_message(key).value
        if pattern is None:
            raise KeyError(key)
        text, errors = bundle.format_pattern(pattern, _clipped(args))
        if errors:
            raise KeyError(f"{key}: {errors[0]}")
        return str(text)

    def find(self, locale: str, key: str) -> str:
        """The text `key`, which takes no arguments; empty when there is none."""
        return self.say(locale, key) if self._bundles[FALLBACK].has_message(key) else ""


def _clipped(args: Mapping[str, str | int | float]) -> dict[str, str | int | float]:
    return {
        name: value[:_ARGUMENT_CHARS] + "…" if isinstance(value, str) and len(value) > _ARGUMENT_CHARS else value
        for name, value in args.items()
    }


def _length(text: str) -> FluentInt:
    return FluentInt(len(text))


def _bundle(folder: Path) -> FluentBundle:
    sources = []
    for path in sorted(folder.glob("*.ftl")):
        source = path.read_text(encoding="utf-8")
        for entry in _resource(source).body:
            if isinstance(entry, Junk):
                raise SettingsError(f"{path}, line {_line(source, entry)}: {entry.annotations[0].message}")
        sources.append(source)
    return _filled(folder.name, tuple(sources))


@lru_cache(maxsize=16)
def _filled(language: str, sources: tuple[str, ...]) -> FluentBundle:
    """It compiles a message when that is said first, and nothing is added to it any more."""
    bundle = FluentBundle([language], functions={"LENGTH": _length}, use_isolating=False)
    for source in sources:
        bundle.add_resource(_resource(source))
    return bundle


@lru_cache(maxsize=64)
def _resource(source: str) -> Resource:
    """Parsing takes most of a start, and what was parsed never changes."""
    return FluentResource(source)


def _line(source: str, junk: Junk) -> int:
    start = junk.annotations[0].span.start if junk.annotations[0].span else 0
    return source.count("\n", 0, start) + 1
