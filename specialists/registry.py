"""The team: one Markdown file per specialist, validated when the platform starts, read again when a file changes."""

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock

from bot.domain.errors import SettingsError
from bot.domain.ports import Clock
from bot.domain.specialist import Specialist
from specialists.persona import Rules, refusal, specialist

DEFAULT = "concierge"

_FILE_BYTES = 256_000
_log = logging.getLogger(__name__)


class Registry:
    """The specialists of the platform; immutable."""

    def __init__(self, specialists: Iterable[Specialist]) -> None:
        """A later specialist replaces an earlier one of the same name. SettingsError when the default is missing."""
        self._specialists: Mapping[str, Specialist] = {one.name: one for one in specialists}
        default = self._specialists.get(DEFAULT)
        if default is None:
            raise SettingsError(f"SPECIALISTS_DIR: there is no {DEFAULT}.md, the specialist everyone meets first")
        if default.kind != "chat":
            raise SettingsError(f"SPECIALISTS_DIR: {DEFAULT} must be of the kind 'chat': it meets everyone first")

    @classmethod
    def load(
        cls,
        *folders: Path,
        entries: Mapping[str, str] = {},
        reserved: Collection[str] = (),
        tools: Collection[str] | None = None,
    ) -> "Registry":
        """Read every `*.md` of the folders, then `entries`: name → text of a whole file.

        What is read later replaces specialists of the same name. No specialist may have a name of `reserved`, nor ask
        for a tool that is not in `tools`, where they are given. SettingsError with file, line and reason for the first
        file that is wrong; a wrong entry is logged and skipped.
        """
        rules = Rules.of(reserved, tools)
        files = [read(path, rules) for path in _files(folders)]
        return cls([*files, *_good(entries, rules)])

    def get(self, name: str) -> Specialist | None:
        """The specialist `name`; None when there is none (any more)."""
        return self._specialists.get(name)

    def all(self) -> tuple[Specialist, ...]:
        """Everyone: the default first, the others by name."""
        return tuple(sorted(self._specialists.values(), key=lambda one: (one.name != DEFAULT, one.name)))

    @property
    def default(self) -> Specialist:
        """Who answers when nobody was chosen."""
        return self._specialists[DEFAULT]


@dataclass(frozen=True, slots=True)
class _Stamp:
    """What tells that a file has changed, without reading it."""

    modified_ns: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class _Reading:
    """What was found in a file, and what is in force for it: its last good state."""

    stamp: _Stamp
    specialist: Specialist | None


class Team:
    """The registry in force, read again when its folders or entries change; implements the domain's `Team`.

    Readers see a whole registry, the old one or the new one; a specialist they hold never changes.
    """

    def __init__(
        self,
        *folders: Path,
        entries: Mapping[str, str] = {},
        reserved: Collection[str] = (),
        tools: Collection[str] | None = None,
    ) -> None:
        """As `Registry.load`, SettingsError for a bad file included."""
        self._folders = folders
        self._rules = Rules.of(reserved, tools)
        self._entries = _good(entries, self._rules)
        self._reload = Lock()
        self._readings = {path: self._strictly(path) for path in _files(folders)}
        self._trouble = ""
        self._registry = self._assembled()

    def get(self, name: str) -> Specialist | None:
        """The specialist `name`; None when there is none (any more)."""
        return self._registry.get(name)

    def all(self) -> tuple[Specialist, ...]:
        """Everyone: the default first, the others by name."""
        return self._registry.all()

    @property
    def default(self) -> Specialist:
        """Who answers when nobody was chosen."""
        return self._registry.default

    def adopt(self, entries: Mapping[str, str]) -> bool:
        """Put these entries in the place of the earlier ones; True when the team is another one now."""
        with self._reload:
            self._entries = _good(entries, self._rules)
            return self._renew()

    def reload(self) -> bool:
        """Read what has changed in the folders; True when the team is another one now.

        A file that became bad stays in force as it was before, and is logged with line and reason once per change;
        so does the whole team when a folder or the default specialist is gone.
        """
        with self._reload:
            try:
                paths = _files(self._folders)
                stamps = {path: _stamp(path) for path in paths}
            except SettingsError as error:
                self._tell(error)
                return False
            if self._readings.keys() == stamps.keys() and all(
                self._readings[path].stamp == stamp for path, stamp in stamps.items()
            ):
                return False
            self._readings = {path: self._leniently(path, stamp) for path, stamp in stamps.items()}
            return self._renew()

    async def watch(self, clock: Clock, every_seconds: float = 2.0) -> None:
        """Reload again and again until cancelled."""
        while True:
            await clock.sleep(every_seconds)
            await asyncio.to_thread(self.reload)

    def _renew(self) -> bool:
        try:
            registry = self._assembled()
        except SettingsError as error:
            self._tell(error)
            return False
        self._trouble = ""
        changed = registry.all() != self._registry.all()
        self._registry = registry
        return changed

    def _assembled(self) -> Registry:
        files = [reading.specialist for reading in self._readings.values() if reading.specialist is not None]
        return Registry([*files, *self._entries])

    def _strictly(self, path: Path) -> _Reading:
        stamp = _stamp(path)
        return _Reading(stamp, read(path, self._rules))

    def _leniently(self, path: Path, stamp: _Stamp) -> _Reading:
        before = self._readings.get(path)
        if before is not None and before.stamp == stamp:
            return before
        try:
            return _Reading(stamp, read(path, self._rules))
        except SettingsError as error:
            _log.warning("a specialist's file was not taken: %s", error.detail)
            return _Reading(stamp, before.specialist if before is not None else None)

    def _tell(self, error: SettingsError) -> None:
        if error.detail != self._trouble:
            self._trouble = error.detail
            _log.warning("the team stays as it was: %s", error.detail)


def read(path: Path, rules: Rules = Rules()) -> Specialist:  # noqa: B008
    """The specialist in the file `path`; SettingsError with file, line and reason when it is wrong."""
    try:
        if path.stat().st_size > _FILE_BYTES:
            raise refusal(str(path), 1, f"larger than {_FILE_BYTES} bytes")
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise refusal(str(path), 1, "not UTF-8") from error
    except OSError as error:
        raise refusal(str(path), 1, error.strerror or "cannot be read") from error
    return _parsed(text, path.stem, str(path), rules)


def _good(entries: Mapping[str, str], rules: Rules) -> list[Specialist]:
    found = []
    for name, text in entries.items():
        try:
            found.append(_entry(name, text, rules))
        except SettingsError as error:
            _log.warning("a specialist of the catalog was not taken: %s", error.detail)
    return found


def _entry(name: str, text: str, rules: Rules) -> Specialist:
    origin = f"catalog entry {name!r}"
    if len(text) > _FILE_BYTES:
        raise refusal(origin, 1, f"longer than {_FILE_BYTES} characters")
    made = _parsed(text, name, origin, rules)
    if made.name == DEFAULT and made.kind != "chat":
        raise refusal(origin, 1, f"{DEFAULT} must be of the kind 'chat'")
    return made


@lru_cache(maxsize=64)
def _parsed(text: str, name: str, origin: str, rules: Rules) -> Specialist:
    """As `persona.specialist`: parsing takes most of a reload, and what was parsed never changes."""
    return specialist(text, name, origin, rules)


def _files(folders: Iterable[Path]) -> list[Path]:
    """The files of all folders, in the order of the folders; each file once."""
    found: dict[Path, None] = {}
    for folder in folders:
        if not folder.is_dir():
            raise SettingsError(f"SPECIALISTS_DIR: {folder} is not a folder")
        try:
            pages = sorted(path for path in folder.glob("*.md") if not path.name.startswith("."))
        except OSError as error:
            raise SettingsError(f"SPECIALISTS_DIR: {folder}: {error.strerror or 'cannot be read'}") from error
        found |= dict.fromkeys(page for page in pages if page.name.lower() != "readme.md")
    return list(found)


def _stamp(path: Path) -> _Stamp:
    """Of a file that vanishes meanwhile: zeros, which no file has that is worth reading."""
    try:
        found = path.stat()
    except OSError:
        return _Stamp(0, 0)
    return _Stamp(found.st_mtime_ns, found.st_size)
