"""What is written down about a turn while its reply is being made."""

from collections.abc import Callable

from bot.domain.messenger import File
from bot.domain.reply import Usage
from bot.lanes import thread_topic
from bot.scene import Scene
from storage.store import Store
from storage.vault import Vault


class Running:
    """The turn of `scene`, which changes when another specialist takes over."""

    def __init__(self, store: Store, vault: Vault, scene: Scene, check: Callable[[], None]) -> None:
        """`check` raises `LeaseLost` when another process may have the turn by now."""
        self._store = store
        self._vault = vault
        self.check = check
        self.scene = scene
        self.spent: tuple[Usage, ...] = ()
        """What was taken from models so far; it is charged however the turn ends."""
        self.files = 0
        """How many files of the reply were kept."""

    async def save_partial(self, text: str) -> None:
        """Keep what has come so far where a page that is loaded now can read it."""
        async with self._store.begin() as tx:
            await tx.turns.save_partial(self.scene.turn.id, text)

    async def keep_file(self, file: File) -> None:
        """Keep a file of the reply; whoever says the reply's last words sends it."""
        scene = self.scene
        async with self._vault.hold(file.content) as blob, self._store.begin() as tx:
            owner = (await tx.turns.get(scene.turn.id)).asker  # linked identities change it meanwhile
            await tx.files.add(
                owner,
                file.name,
                file.media_type,
                len(file.content),
                blob,
                turn_id=scene.turn.id,
                version=scene.turn.version,
            )
        self.files += 1

    async def assign(self, specialist: str, *, sticky: bool) -> None:
        """`specialist` answers the turn and, when `sticky`, what comes after it."""
        turn, thread = self.scene.turn, self.scene.thread
        self.scene = self.scene.assigned(specialist)
        async with self._store.begin() as tx:
            await tx.turns.assign(turn.id, specialist)
            if sticky:
                await tx.threads.set_specialist(thread.id, specialist)
            tx.notify(thread_topic(thread.id), "assigned")
