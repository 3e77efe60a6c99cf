"""How a turn ends: its reply, its cost and what comes after it, written down in the transaction that ends its job."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from bot.bubble import NOTHING_SHOWN, Settled
from bot.domain.ports import Clock
from bot.domain.reply import Usage
from bot.domain.specialist import Team
from bot.domain.thread import TurnState
from bot.lanes import thread_topic
from bot.markdown.plain import plain
from bot.mentions import short_name
from bot.quota import Quota
from bot.scene import Scene, joined
from bot.telemetry import Metrics
from bot.told import Told, heard
from bot.upkeep import Upkeep
from bot.wording import UNSEEN
from bot.work import Work
from storage.store import Tx

log = logging.getLogger(__name__)

_TITLE_CHARS = 60
_CHARGED = (TurnState.COMPLETED, TurnState.STOPPED, TurnState.REQUIRES_ACTION)
"""How a turn ends that counts as a reply of its specialist; its tokens count however it ends."""


class Ending:
    def __init__(self, team: Team, upkeep: Upkeep, quota: Quota, clock: Clock, metrics: Metrics) -> None:
        self._team = team
        self._upkeep = upkeep
        self._quota = quota
        self._clock = clock
        self._metrics = metrics

    async def record(self, work: Work, scene: Scene, told: Told, shown: Settled = NOTHING_SHOWN) -> None:
        """The turn has ended as `told`, or waits for a decision, and `shown` are its messages; ends the job. What was
        heard for it is charged besides what it was told."""
        async with work.finishing() as tx:
            if told.state is TurnState.REQUIRES_ACTION:
                turn = await tx.turns.pause(
                    scene.turn.id,
                    text=told.text,
                    refs=shown.pages,
                    file_refs=shown.files,
                    requests=told.requests,
                    state=told.pause,
                )
            else:
                turn = await tx.turns.finish(
                    scene.turn.id,
                    told.state,
                    text=told.text,
                    refs=shown.pages,
                    file_refs=shown.files,
                    confidence=told.confidence,
                    error=told.sentence or (UNSEEN if told.unseen else ""),
                )
            # Linked identities change who asked meanwhile.
            await self._charge(tx, scene, told.state, (*heard(work.steps), *told.usages), turn.asker)
            title = await self._entitle(tx, scene)
            if told.state is TurnState.COMPLETED:
                await self._upkeep.plan(tx, scene, told.text, title)
            tx.notify(thread_topic(scene.thread.id), told.state.value)
        self._metrics.turns_total.labels(told.state.value).inc()
        log.info("turn ended", extra={"state": told.state.value, "chars": len(told.text), "messages": len(shown.pages)})

    async def _charge(self, tx: Tx, scene: Scene, state: TurnState, usages: Sequence[Usage], asker: int) -> None:
        now, place = self._clock.now(), scene.thread.place
        for usage in usages:
            signed = replace(usage, specialist=usage.specialist or scene.turn.specialist)
            await tx.ledger.record_usage(scene.turn.id, asker, place.workspace, signed, now)
        counted = None
        if state in _CHARGED and not scene.ending:
            counted = self._team.get(scene.turn.specialist) or self._team.default
        await self._quota.charge(tx, asker, place, usages, counted)

    async def _entitle(self, tx: Tx, scene: Scene) -> str:
        """Until a model or the user names the thread, its first words do, or the names of its first files. The title
        that a model may replace; empty when there is none."""
        thread, turn_id = scene.thread, scene.turn.id
        if thread.title and thread.title_turn != turn_id:
            return ""
        # Some of it may have been taken back while the reply was made.
        said = [message for message in await tx.turns.messages(turn_id) if message.role == "user"]
        words = " ".join(plain(joined(said)).split())[:_TITLE_CHARS]
        if not words and said:
            words = ", ".join(map(short_name, await tx.uploads.of_turn(turn_id)))[:_TITLE_CHARS]
        if not words or (thread.title and thread.title != words):
            return ""
        return words if await tx.threads.entitle(thread.id, words, turn_id, instead_of=thread.title) else ""
