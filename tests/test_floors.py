"""The house stands: imports run downhill only, and every third-party name has one home (DESIGN, 'The floors')."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("bot", "adapters", "specialists", "storage")

FLOORS: tuple[tuple[str, int], ...] = (
    ("bot.domain", 0),
    ("bot.markdown", 1),
    ("bot.documents", 1),
    ("bot.texts", 1),
    ("bot.telemetry", 1),
    ("bot.clock", 1),
    ("storage", 1),
    ("specialists", 2),
    ("adapters", 2),
    ("bot.api", 4),
    ("bot.console", 4),
    ("bot.settings", 5),
    ("bot.secret", 5),
    ("bot.minds", 5),
    ("bot.senses", 5),
    ("bot.manifest", 5),
    ("bot.outside", 5),
    ("bot.parts", 5),
    ("bot.main", 5),
    ("bot.serve", 5),
    ("bot.doctor", 5),
    ("bot.cli", 5),
    ("bot", 3),
)
"""The first line that matches decides; what of `bot` is not named above it lives on floor 3."""

WINGS = ("specialists", "adapters.telegram", "adapters.slack", "adapters.web")

MODEL_EMULATOR = ("specialists.emulator", "specialists.emulated_playing")

HOMES: dict[str, tuple[str, ...]] = {
    "aiogram": ("adapters.telegram",),
    "telegramify_markdown": ("adapters.telegram",),
    "pyromark": ("adapters.telegram",),
    "tdjson": ("adapters.telegram.emulator",),
    "slack_bolt": ("adapters.slack",),
    "slack_sdk": ("adapters.slack",),
    "aiohttp": ("adapters.telegram", "adapters.slack", *MODEL_EMULATOR),
    "av": ("bot.documents", "specialists.emulated_sound", "specialists.emulated_sound_rules"),
    "pypdf": ("bot.documents",),
    "docx": ("bot.documents",),
    "pptx": ("bot.documents",),
    "python_calamine": ("bot.documents",),
    "markdownify": ("bot.documents",),
    "puremagic": ("bot.documents",),
    "PIL": ("bot.documents",),
    "charset_normalizer": ("bot.documents",),
    "lxml": ("bot.documents",),
    "bs4": ("bot.documents",),
    "obstore": ("storage.object_files",),
    "faster_whisper": ("specialists.local_hearing",),
    "asyncpg": ("storage",),
    "aiosqlite": ("storage",),
    "jwt": ("bot.api",),
    "yaml": ("specialists", "bot.manifest"),
    "fluent": ("bot.texts",),
    "snowballstemmer": ("storage",),
    "pydantic_settings": ("bot.settings",),
    "fastapi": ("bot.api", "adapters.web", "bot.main", "bot.serve", "bot.console"),
    "socketio": ("bot.api", "adapters.web", "bot.main"),
    "nicegui": ("bot.console",),
    "pygments": ("bot.console",),
    "markdown_it": ("bot.markdown", "bot.console"),
    "sqlalchemy": ("storage",),
    "alembic": ("storage",),
    "pydantic_ai": ("specialists",),
    "openai": ("specialists",),
    "genai_prices": ("specialists.prices", "specialists.models"),
    "matplotlib": ("specialists.tools",),
    "mcp": ("specialists.tools",),
    "fastmcp": ("specialists.tools",),
    "httpx2": ("specialists",),
    "cryptography": ("storage",),
    "anthropic": ("specialists",),
    "uvicorn": ("bot.serve",),
    "apscheduler": ("bot.cron",),
    "prometheus_client": ("bot.telemetry",),
    "structlog": ("bot.telemetry",),
}

LATE_IMPORTS = {
    ("bot.outside", "adapters.telegram.messenger"),
    ("bot.outside", "adapters.slack.messenger"),
    ("bot.outside", "adapters.slack.oauth"),
    ("bot.outside", "adapters.slack.socket_mode"),
    ("bot.minds", "specialists.google"),
    ("bot.senses", "specialists.local_hearing"),
    ("bot.minds", "specialists.tools.mcp"),
}
"""What is heavy or optional is imported by the roof when it is configured (DESIGN, 'The floors', 4)."""


@dataclass(frozen=True)
class Import:
    importer: str
    imported: str
    line: int
    late: bool

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.imported}"


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _imports(path: Path) -> Iterator[Import]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    late = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [_as_module(node.module or "", alias.name) for alias in node.names]
        else:
            continue
        for name in names:
            yield Import(_module(path), name, node.lineno, node in late)


def _as_module(base: str, name: str) -> str:
    """`from bot.domain import place` imports the module `bot.domain.place`."""
    path = ROOT.joinpath(*base.split("."), name)
    return f"{base}.{name}" if path.with_suffix(".py").exists() or path.is_dir() else base


@cache
def _all_imports() -> list[Import]:
    files = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    assert len(files) > 30, "the reader of imports has lost its way"
    return [found for path in files for found in _imports(path)]


def _within(module: str, room: str) -> bool:
    return module == room or module.startswith(room + ".")


def _floor(module: str) -> int:
    return next(floor for room, floor in FLOORS if _within(module, room))


def _ours(found: Import) -> bool:
    return found.imported.split(".")[0] in PACKAGES


def _refuse(offenders: list[Import]) -> None:
    assert not offenders, "\n".join(map(str, offenders))


def test_imports_run_downhill() -> None:
    _refuse([i for i in _all_imports() if _ours(i) and _floor(i.imported) > _floor(i.importer)])


def test_the_ground_needs_the_standard_library_only() -> None:
    ground = [i for i in _all_imports() if _within(i.importer, "bot.domain") and not _ours(i)]
    _refuse([i for i in ground if i.imported.split(".")[0] not in sys.stdlib_module_names])


def test_wings_never_see_each_other() -> None:
    _refuse(
        [
            i
            for i in _all_imports()
            for mine in WINGS
            for other in WINGS
            if mine != other and _within(i.importer, mine) and _within(i.imported, other)
        ]
    )


def test_adapters_do_not_know_the_database() -> None:
    _refuse([i for i in _all_imports() if _within(i.importer, "adapters") and _within(i.imported, "storage")])


def test_only_the_roof_reads_settings() -> None:
    _refuse([i for i in _all_imports() if _within(i.imported, "bot.settings") and _floor(i.importer) < 5])


@pytest.mark.parametrize("name", HOMES)
def test_a_library_has_one_home(name: str) -> None:
    homes = HOMES[name]
    users = [i for i in _all_imports() if _within(i.imported, name)]
    _refuse([i for i in users if not any(_within(i.importer, home) for home in homes)])


def test_no_import_inside_a_function() -> None:
    _refuse([i for i in _all_imports() if i.late and (i.importer, i.imported) not in LATE_IMPORTS])


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_does_nothing_when_it_is_imported(package: str) -> None:
    assert not (ROOT / package / "__init__.py").read_text(encoding="utf-8").strip()
