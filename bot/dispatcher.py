"""One turn: read it, let its specialist's engine reply, show that in the messenger, record how it ended."""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from bot.bubble import Bubble
from bot.courier import Courier
from bot.domain.action import TurnAction, Verb
from bot.domain.errors import Blocked, MessengerError, SwitchboardError, TopicGone
from bot.domain.messenger import Button, Buttons
from bot.domain.place import Ref
from bot.domain.ports import Clock
from bot.domain.reply import Engine, Prompt, Usage, Utterance
from bot.domain.specialist import Specialist
from bot.domain.thread import Message, Thread, Turn, TurnState, User
from bot.lanes import thread_topic
from bot.markdown.plain import plain
from bot.relay import Relay
from bot.telemetry import Metrics, bound
from bot.texts import Texts
from bot.told import Told
from bot.work import ATTEMPTS, Handler, Work
from storage.store import Store, Tx

log = logging.getLogger(__name__)

_HISTORY_MESSAGES = 40
_TITLE_CHARS = 60
_DELIVERY_ATTEMPTS = 200


@dataclass(frozen=True, slots=True)
class Scene:
    """All that is known about a turn when its reply begins."""

    turn: Turn
    thread: Thread
    user: User
    said: tuple[Message, ...]
    history: tuple[Message, ...]
    previous: Turn | None
    """The turn before, whose buttons disappear when this one is answered."""

    @property
    def text(self) -> str:
        """The burst as one text; a paste that the client cut is whole again."""
        parts = [message.text + ("" if message.cut else "\n") for message in self.said]
        return "".join(parts).removesuffix("\n")


class Dispatcher(Handler):
    """The handler of jobs of kind `turn`."""

    def __init__(
        self,
        store: Store,
        courier: Courier,
        *,
        specialist: Callable[[str], Specialist],
        engine: Callable[[Specialist], Engine],
        texts: Texts,
        clock: Clock,
        metrics: Metrics,
        entering: Callable[[], None],
    ) -> None:
        """`specialist` gives the one in force for a name, `engine` who speaks for it; `entering` runs before an engine
        is asked, and raises when a transaction is open."""
        self._store = store
        self._courier = courier
        self._specialist = specialist
        self._engine = engine
        self._texts = texts
        self._clock = clock
        self._metrics = metrics
        self._entering = entering

    async def run(self, work: Work) -> None:
        scene = await self._open(work)
        if scene is None:
            return
        with bound(turn=scene.turn.id, thread=scene.thread.id):
            if not scene.thread.reachable:
                await self._record(work, scene, Told(TurnState.FAILED, sentence=MessengerError.sentence), ())
                return
            started = self._clock.monotonic()
            try:
                await self._reply(work, scene)
            except Blocked as error:
                log.info("the user cannot be reached any more", extra={"error": type(error).__name__})
                await self._unreachable(work, scene, topic_only=isinstance(error, TopicGone))
            self._metrics.turn_seconds.observe(self._clock.monotonic() - started)

    def attempts(self, work: Work) -> int:
        """An answer that is there is tried for hours; one that must be made anew is not paid for again and again."""
        return _DELIVERY_ATTEMPTS if "told" in work.steps else ATTEMPTS

    async def give_up(self, work: Work, error: Exception) -> None:
        """End the turn as failed and, if the messenger still takes it, tell the user so in the same bubble."""
        scene = await self._open(work)
        if scene is None:
            return
        sentence = error.sentence if isinstance(error, SwitchboardError) else SwitchboardError.sentence
        remembered = self._remembered(work)
        told = Told(TurnState.FAILED, remembered.text if remembered is not None else "", sentence)
        refs: tuple[Ref, ...] = ()
        try:
            refs = await self._bubble(work, scene).settle(self._ending(scene, told), self._final_buttons(scene))
        except MessengerError:
            log.exception("could not tell the user that the turn failed")
        await self._record(work, scene, told, refs)

    async def _open(self, work: Work) -> Scene | None:
        """Begin the turn and read what is needed; None when it has ended already (idempotency)."""
        turn_id = int(work.job.payload["turn"])
        async with self._store.begin() as tx:
            turn = await tx.turns.get(turn_id)
            if work.job.payload.get("again") and not turn.state.is_open and "begun" not in work.steps:
                turn = await tx.turns.requeue(turn_id)
            if not turn.state.is_open:
                return None
            thread = await tx.threads.get(turn.thread_id)
            scene = Scene(
                turn=await tx.turns.begin(turn_id),
                thread=thread,
                user=await tx.users.get(thread.user_id),
                said=tuple(m for m in await tx.turns.messages(turn_id) if m.role == "user"),
                history=tuple(await tx.turns.transcript(thread.id, limit=_HISTORY_MESSAGES, before_turn=turn_id)),
                previous=await tx.turns.before(turn_id),
            )
            pages = {f"page:{number}": {"ref": str(ref)} for number, ref in enumerate(turn.reply_refs)}
            steps = {} if "begun" in work.steps else {"begun": True, **pages}
            for step, value in steps.items():
                await tx.jobs.record(work.job, step, value)
            tx.notify(thread_topic(thread.id), "running")
        work.steps.update(steps)
        return scene

    async def _reply(self, work: Work, scene: Scene) -> None:
        bubble = self._bubble(work, scene)
        told = self._remembered(work) or await self._listen(work, scene, bubble)
        refs = await bubble.settle(self._ending(scene, told), self._final_buttons(scene))
        await self._record(work, scene, told, refs)
        if scene.previous is not None and scene.previous.reply_refs:
            # The job has ended well; whether old buttons can still be taken off changes nothing about that.
            with suppress(MessengerError):
                await self._courier.clear_buttons(scene.previous.reply_refs[-1])

    async def _listen(self, work: Work, scene: Scene, bubble: Bubble) -> Told:
        """Have the engine reply, shown as it comes. The outcome is written down before its last words are said, so that
        an attempt after a crash says them without asking the engine again."""
        specialist = self._specialist(scene.turn.specialist)
        began = self._clock.monotonic()

        async def save_partial(text: str) -> None:
            async with self._store.begin() as tx:
                await tx.turns.save_partial(scene.turn.id, text)

        relay = Relay(
            bubble,
            work,
            self._courier.on_behalf_of(work.check),
            self._clock,
            buttons=((self._button(scene, "stop", "button-stop"),),),
            save_partial=save_partial,
            first_text=lambda: self._metrics.first_text_seconds.observe(self._clock.monotonic() - began),
        )
        self._entering()
        with self._metrics.streams_active.track_inprogress():
            told = await relay.listen(self._engine(specialist).reply(self._prompt(scene, specialist)))
        await work.record("told", told.dump())
        return told

    def _remembered(self, work: Work) -> Told | None:
        value = work.steps.get("told")
        return None if value is None else Told.load(value)

    def _prompt(self, scene: Scene, specialist: Specialist) -> Prompt:
        return Prompt(
            turn=scene.turn.id,
            specialist=specialist,
            text=scene.text,
            history=tuple(Utterance(message.role, message.text) for message in scene.history),
            user_name=scene.user.name,
            locale=scene.user.locale,
        )

    def _bubble(self, work: Work, scene: Scene) -> Bubble:
        place = scene.thread.place
        after = scene.said[-1].ref if scene.said else None
        reply_to = after if self._courier.capabilities(place).quotes else None

        def code_note(file: str) -> str:
            return self._texts.say(scene.user.locale, "code-attached", file=file)

        return Bubble(work, self._courier.on_behalf_of(work.check), place, reply_to, after, code_note)

    def _ending(self, scene: Scene, told: Told) -> str:
        """The final text: what the engine said, and how it ended when that was not well."""
        parts = [told.text.rstrip()]
        if told.state is TurnState.STOPPED:
            parts.append(self._texts.say(scene.user.locale, "stopped-mark"))
        if told.sentence:
            parts.append(self._texts.say(scene.user.locale, told.sentence))
        if not any(parts):
            parts.append(self._texts.say(scene.user.locale, "interrupted-try-again"))
        return "\n\n".join(part for part in parts if part)

    def _final_buttons(self, scene: Scene) -> Buttons:
        verbs: tuple[tuple[Verb, str], ...] = (("again", "button-again"), ("up", "button-up"), ("down", "button-down"))
        return (tuple(self._button(scene, verb, key) for verb, key in verbs),)

    def _button(self, scene: Scene, verb: Verb, key: str) -> Button:
        return Button(self._texts.say(scene.user.locale, key), str(TurnAction(verb, scene.turn.id)))

    async def _record(self, work: Work, scene: Scene, told: Told, refs: tuple[Ref, ...]) -> None:
        async with work.finishing() as tx:
            await tx.turns.finish(
                scene.turn.id, told.state, text=told.text, refs=refs, confidence=told.confidence, error=told.sentence
            )
            if told.usage != Usage():
                turn, now = scene.turn, self._clock.now()
                await tx.ledger.record_usage(turn.id, scene.user.id, turn.specialist, told.usage, now)
            await self._entitle(tx, scene)
            tx.notify(thread_topic(scene.thread.id), told.state.value)
        self._metrics.turns_total.labels(told.state.value).inc()
        log.info("turn ended", extra={"state": told.state.value, "chars": len(told.text), "messages": len(refs)})

    async def _entitle(self, tx: Tx, scene: Scene) -> None:
        """Until a specialist names the thread, its first words do."""
        if not scene.thread.title:
            words = " ".join(plain(scene.text).split())
            if words:
                await tx.threads.rename(scene.thread.id, words[:_TITLE_CHARS])

    async def _unreachable(self, work: Work, scene: Scene, *, topic_only: bool) -> None:
        async with self._store.begin() as tx:
            await tx.threads.set_reachable(scene.thread.place, False, topic_only=topic_only)
        text = told.text if (told := self._remembered(work)) is not None else ""
        await self._record(work, scene, Told(TurnState.FAILED, text, MessengerError.sentence), ())
