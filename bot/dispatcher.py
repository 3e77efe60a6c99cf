"""One turn: read it, choose who answers, show the reply in the messenger, record how it ended."""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from bot.acts import TurnActions
from bot.bubble import NOTHING_SHOWN, Bubble
from bot.courier import Courier
from bot.domain.errors import Blocked, MessengerError, StorageError, SwitchboardError, TopicGone
from bot.domain.messenger import File
from bot.domain.ports import Clock
from bot.domain.reply import Engine
from bot.domain.specialist import Specialist, Team
from bot.domain.thread import TurnState
from bot.enclosures import Enclosures
from bot.ending import Ending
from bot.media import MediaStep
from bot.opening import Opening
from bot.quota import Quota, Spent
from bot.relay import Relay
from bot.running import Running
from bot.scene import Scene
from bot.telemetry import Metrics, bound
from bot.texts import Texts
from bot.told import Told
from bot.upkeep import Upkeep
from bot.voices import Voices
from bot.wording import Wording
from bot.work import ATTEMPTS, Handler, Work
from specialists.memory import Window
from specialists.router import Ambiguous, Question, Routed, Router
from storage.store import Store
from storage.vault import Vault

log = logging.getLogger(__name__)

_DELIVERY_ATTEMPTS = 200
_BLIND = "pictures-unseen-only"
"""Fluent key of what is said when pictures are all there is, and the model cannot look at them."""


@dataclass(frozen=True, slots=True)
class Minds:
    """Who thinks for the dispatcher."""

    team: Team
    engine: Callable[[Specialist], Engine]
    """Who speaks for a specialist."""
    router: Router
    window: Window
    """How much of a thread an engine is given."""
    remembers: bool
    """Facts that users asked to keep are kept, and told to engines."""


class Dispatcher(Handler):
    """The handler of jobs of kind `turn`."""

    def __init__(
        self,
        store: Store,
        courier: Courier,
        minds: Minds,
        *,
        media: MediaStep,
        vault: Vault,
        upkeep: Upkeep,
        quota: Quota,
        texts: Texts,
        clock: Clock,
        metrics: Metrics,
        entering: Callable[[], None],
    ) -> None:
        """`entering` runs before an engine or the router is asked, and raises when a transaction is open."""
        self._store = store
        self._courier = courier
        self._minds = minds
        self._media = media
        self._vault = vault
        self._enclosures = Enclosures(store, vault)
        self._ending = Ending(minds.team, upkeep, quota, clock, metrics)
        self._quota = quota
        self._texts = texts
        self._wording = Wording(texts, minds.team)
        self._opening = Opening(store, minds.window, courier.capabilities, remembers=minds.remembers)
        self._clock = clock
        self._metrics = metrics
        self._entering = entering

    async def run(self, work: Work) -> None:
        scene = await self._opening.open(work)
        if scene is None:
            return
        running = Running(self._store, self._vault, scene, work.check)
        with bound(turn=scene.turn.id, thread=scene.thread.id):
            if not scene.thread.reachable:
                await self._ending.record(work, running.scene, Told(TurnState.FAILED, sentence=MessengerError.sentence))
                return
            started = self._clock.monotonic()
            try:
                await self._reply(work, running)
            except Blocked as error:
                log.info("the user cannot be reached any more", extra={"error": type(error).__name__})
                await self._unreachable(work, running, topic_only=isinstance(error, TopicGone))
            self._metrics.turn_seconds.observe(self._clock.monotonic() - started)

    def attempts(self, work: Work) -> int:
        """An answer that is there is tried for hours; one that must be made anew is not paid for again and again."""
        return _DELIVERY_ATTEMPTS if "told" in work.steps else ATTEMPTS

    async def give_up(self, work: Work, error: Exception) -> None:
        """End the turn as failed and, if the messenger still takes it, tell the user so in the same bubble."""
        scene = await self._opening.open(work)
        if scene is None:
            return
        running = Running(self._store, self._vault, scene, work.check)
        sentence = error.sentence if isinstance(error, SwitchboardError) else SwitchboardError.sentence
        remembered = self._remembered(work)
        text, usages = (scene.replaced, ()) if remembered is None else (remembered.text, remembered.usages)
        told = Told(TurnState.FAILED, text, sentence, usages=usages)
        shown = NOTHING_SHOWN
        try:
            ending, buttons = self._wording.ending(scene, told), self._wording.buttons(scene, told)
            shown = await self._bubble(work, scene).settle(ending, buttons)
        except MessengerError:
            log.exception("could not tell the user that the turn failed")
        await self._ending.record(work, running.scene, told, shown)

    async def _reply(self, work: Work, running: Running) -> None:
        bubble = self._bubble(work, running.scene)
        told = self._remembered(work) or await self._answer(work, running, bubble)
        scene = running.scene
        # What waits for a decision goes on in the same bubble; its files come when it is whole.
        files = await self._files(scene) if told.files and told.state is not TurnState.REQUIRES_ACTION else ()
        shown = await bubble.settle(self._wording.ending(scene, told), self._wording.buttons(scene, told), files)
        await self._ending.record(work, running.scene, told, shown)
        if scene.previous is not None and scene.previous.reply_refs:
            # The job has ended well; whether old buttons can still be taken off changes nothing about that.
            with suppress(MessengerError):
                await self._courier.clear_buttons(scene.previous.reply_refs[-1])

    async def _answer(self, work: Work, running: Running, bubble: Bubble) -> Told:
        """Have the right specialist reply, shown as it comes. The outcome is written down before its last words are
        said, so that an attempt after a crash says them without asking the engine again."""
        told = await self._outcome(work, running, bubble)
        if told.state is TurnState.FAILED and not told.text:
            told = replace(told, text=running.scene.read_already or running.scene.replaced)
        told = replace(told, usages=running.spent)
        await work.record("told", told.dump())
        return told

    async def _outcome(self, work: Work, running: Running, bubble: Bubble) -> Told:
        if running.scene.ending:
            pause = running.scene.pause
            return Told(TurnState.STOPPED, pause.text if pause is not None else "")
        spent = await self._spent(running.scene)
        if spent is None and running.scene.uploads:
            told = await self._media.run(work, running)
            if told is not None:
                return told
            if not running.scene.is_answerable:
                return self._wording.unusable(running.scene)
        if spent is None and not running.scene.turn.specialist:
            routed = await self._route(running)
            if isinstance(routed, Ambiguous):
                return self._wording.question(running.scene, routed)
            spent = await self._spent(running.scene, self._specialist(running.scene))
        if spent is not None:
            self._metrics.refusals_total.labels(spent.sentence).inc()
            return self._wording.refusal(spent, self._clock.now())
        return await self._listen(work, running, bubble)

    async def _route(self, running: Running) -> Routed | Ambiguous:
        """Let the router decide who answers. What it gives to the default is routed anew next time."""
        scene, team = running.scene, self._minds.team
        self._entering()
        history = scene.prompt(team.default).history
        question = Question(scene.question, scene.user.locale, history, scene.choices, has_files=scene.has_files)
        routed = await self._minds.router.route(question)
        if routed.usage is not None:
            running.spent += (replace(routed.usage, specialist=team.default.name),)
        if isinstance(routed, Routed):
            await running.assign(routed.specialist, sticky=routed.specialist != team.default.name)
            log.info("routed", extra={"specialist": routed.specialist, "how": routed.how})
        return routed

    async def _spent(self, scene: Scene, specialist: Specialist | None = None) -> Spent | None:
        """The limit of the day that stands in the way, `specialist`'s own included; of the turn's when not given."""
        chosen = specialist or (self._specialist(scene) if scene.turn.specialist else None)
        if not self._quota.limits(chosen):
            return None
        async with self._store.begin() as tx:
            return await self._quota.spent(tx, scene.user.id, scene.thread.place, chosen)

    async def _listen(self, work: Work, running: Running, bubble: Bubble) -> Told:
        if running.scene.shelf:
            running.scene = await self._enclosures.enclose(running.scene)
        minds, scene = self._minds, running.scene
        shows_speaker = self._courier.capabilities(scene.thread.place).speaker
        lead = "" if shows_speaker else self._wording.lead(scene)
        began = self._clock.monotonic()
        relay = Relay(
            bubble,
            work,
            self._courier.on_behalf_of(work.check),
            self._clock,
            buttons=self._wording.growing_buttons(scene),
            save_partial=running.save_partial,
            keep_file=running.keep_file,
            first_text=lambda: self._metrics.first_text_seconds.observe(self._clock.monotonic() - began),
            title=lambda title: self._wording.tool(scene.user.locale, title),
            thinking=scene.user.thinking,
            lead=lead,
            said=scene.read_already,
        )
        remembers = minds.remembers and not scene.thread.shared
        actions = TurnActions(self._store, self._clock, running, remembers=remembers)
        prompt = replace(scene.prompt(self._specialist(scene)), actions=actions, today=self._clock.now().date())
        if prompt.decision is not None and prompt.decision.granted:
            prompt = replace(prompt, decision=replace(prompt.decision, begun="acting" in work.steps))
            await work.record("acting", True)
        self._entering()
        voices = Voices(minds.team, minds.engine, self._texts, lambda to: self._pass_on(running, to))
        try:
            with self._metrics.streams_active.track_inprogress():
                told = await relay.listen(voices.reply(prompt))
        finally:
            running.spent += relay.spent
        if told.unseen and told.state is TurnState.COMPLETED and not told.text.strip():
            told = replace(told, state=TurnState.FAILED, unseen=0, sentence=_BLIND)
        return replace(told, lead=lead, files=running.files)

    async def _pass_on(self, running: Running, to: Specialist) -> str:
        """Another specialist takes over, for the thread too; the sentence that says why not when its day is full."""
        spent = await self._spent(running.scene, to)
        if spent is not None:
            refusal = self._wording.refusal(spent, self._clock.now())
            return self._texts.say(running.scene.user.locale, refusal.sentence, **refusal.arguments)
        await running.assign(to.name, sticky=True)
        return ""

    def _remembered(self, work: Work) -> Told | None:
        value = work.steps.get("told")
        return None if value is None else Told.load(value)

    def _specialist(self, scene: Scene) -> Specialist:
        return self._minds.team.get(scene.turn.specialist) or self._minds.team.default

    async def _files(self, scene: Scene) -> Sequence[File]:
        async with self._store.begin() as tx:
            kept = await tx.files.of_turn(scene.turn.id, scene.turn.version)
        files = []
        for file in kept:
            try:
                files.append(await self._vault.file(file))
            except StorageError as error:
                if error.retryable:
                    raise
                log.warning("a file of the reply is not there any more", extra={"file": file.id})
        return files

    def _bubble(self, work: Work, scene: Scene) -> Bubble:
        place = scene.thread.place
        after = scene.said[-1].ref if scene.said else None
        reply_to = after if self._courier.capabilities(place).quotes else None

        ours = self._courier.on_behalf_of(work.check)
        old = scene.turn.file_refs
        return Bubble(
            work,
            ours,
            place,
            reply_to,
            after,
            lambda file: self._wording.code_note(scene, file),
            old,
            recipient=scene.recipient,
        )

    async def _unreachable(self, work: Work, running: Running, *, topic_only: bool) -> None:
        async with self._store.begin() as tx:
            await tx.threads.set_reachable(running.scene.thread.place, False, topic_only=topic_only)
        remembered = self._remembered(work)
        text = remembered.text if remembered is not None else ""
        told = Told(TurnState.FAILED, text, MessengerError.sentence, usages=running.spent)
        await self._ending.record(
            work, running.scene, told if remembered is None else replace(told, usages=remembered.usages)
        )
