"""What the administrators' routes work with."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.specialist import Specialist, Team
from specialists.persona import Rules
from storage.sealing import Sealing
from storage.store import Store


@dataclass(frozen=True, slots=True)
class Administration:
    """The platform as those see it who change it while it runs."""

    store: Store
    team: Team
    sealing: Sealing
    rules: Rules
    """What the source of a specialist is held against."""
    check: Callable[[Specialist], None]
    """SettingsError when it wants a tool or a server that is not there."""
    check_model: Callable[[str], None]
    """SettingsError when the model cannot be asked."""
    source: Callable[[str], str | None]
    """The file of a specialist, where there is one. Reads from the disk; SettingsError when that fails."""
    models_in_use: Callable[[], Mapping[str, Sequence[str]]]
    """Setting or specialist → the models that it names."""
    taken: frozenset[str]
    """Names that no provider can have: those of the built-in ones."""
    adopt_catalog: Callable[[], Awaitable[None]]
    """Put the specialists of the database in force in this process. StorageError."""
    adopt_providers: Callable[[], Awaitable[None]]
    """The same for the providers."""

    async def adopt(self) -> None:
        """Both, for a process that may not have heard of the last change yet. StorageError."""
        await self.adopt_providers()
        await self.adopt_catalog()
