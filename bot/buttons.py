"""What presses of our buttons and reactions to our messages do to turns and threads."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import assert_never

from bot.domain.action import Choice, ThreadAction, TurnAction
from bot.domain.errors import NotAllowed
from bot.domain.incoming import Reaction
from bot.domain.messenger import Capabilities
from bot.domain.place import Place
from bot.domain.specialist import Team
from bot.domain.thread import Turn, TurnState, User
from bot.lanes import thread_topic
from bot.queue import TurnQueue
from storage.store import Tx

log = logging.getLogger(__name__)

_THUMBS = {"👍": 1, "👎": -1}
_OLD = "old-button"
"""Fluent key of what is said at a button that has lost its meaning."""


class ButtonPresses:
    """Every method works in the transaction it is given, with the rights of the user who presses."""

    def __init__(
        self,
        queue: TurnQueue,
        team: Team,
        stems: Callable[[str], Sequence[str]],
        within_rate: Callable[[Tx, User], Awaitable[bool]],
        capabilities: Callable[[Place], Capabilities],
    ) -> None:
        """`stems` gives the words of a text in the form in which a routing choice is remembered; `within_rate` counts
        a reply that is to be made, and says whether the user may have it now."""
        self._queue = queue
        self._team = team
        self._stems = stems
        self._within_rate = within_rate
        self._capabilities = capabilities

    async def press(self, tx: Tx, user: User, place: Place, action: str) -> str:
        """Do what the button says; the Fluent key of the short answer shown at it."""
        try:
            if (on_turn := TurnAction.parse(action)) is not None:
                return await self._act(tx, user, place, on_turn)
            if (opening := ThreadAction.parse(action)) is not None:
                return await self._open(tx, user, place, opening.thread)
            if (choice := Choice.parse(action)) is not None:
                return await self._choose(tx, user, choice)
        except NotAllowed as error:
            log.warning("a press on what is not theirs")
            return error.sentence
        return _OLD

    async def react(self, tx: Tx, user: User, reaction: Reaction) -> None:
        """Thumbs on a reply rate it; in a shared thread those of everybody who sees it."""
        turn = await tx.turns.by_reply_ref(reaction.ref)
        thread = None if turn is None else await tx.threads.get(turn.thread_id)
        if turn is None or thread is None or not (thread.shared or thread.user_id == user.id):
            return
        rating = next((_THUMBS[emoji] for emoji in reaction.emoji if emoji in _THUMBS), 0)
        await self._rate(tx, user, turn, rating)

    async def _act(self, tx: Tx, user: User, place: Place, action: TurnAction) -> str:
        """Whoever takes part in the thread may rate and stop. To give leave, or to have it answered again and pay for
        that, is for the one who asked."""
        is_askers = action.verb in ("approve", "deny", "again")
        turn = await (
            tx.turns.asked_by(action.turn, user.id) if is_askers else tx.turns.at_hand(action.turn, user.id, place)
        )
        match action.verb:
            case "up" | "down":
                await self._rate(tx, user, turn, 1 if action.verb == "up" else -1)
                return "feedback-thanks"
            case "stop":
                return "stopping" if await self._queue.stop(tx, turn) else "nothing-to-stop"
            case "approve" | "deny":
                return await self._decide(tx, turn, granted=action.verb == "approve")
            case "again":
                return await self._again(tx, user, turn)
            case _:
                assert_never(action.verb)

    async def _rate(self, tx: Tx, user: User, turn: Turn, rating: int) -> None:
        await tx.turns.rate(turn.id, rating, by=user.id)
        tx.notify(thread_topic(turn.thread_id), "rated")

    async def _decide(self, tx: Tx, turn: Turn, *, granted: bool) -> str:
        """The first decision counts, and the reply goes on with it."""
        if turn.state is not TurnState.REQUIRES_ACTION or not await tx.turns.decide(turn.id, granted):
            return _OLD
        await self._queue.put(tx, turn, resume=True)
        return "leave-given" if granted else "leave-denied"

    async def _choose(self, tx: Tx, user: User, choice: Choice) -> str:
        """Who answers is settled, for the thread too; and the next such question finds the same specialist."""
        turn = await tx.turns.asked_by(choice.turn, user.id)
        specialist = self._team.get(choice.specialist)
        if specialist is None or turn.specialist or turn.state is not TurnState.REQUIRES_ACTION:
            return _OLD
        await tx.turns.assign(turn.id, specialist.name)
        await tx.threads.set_specialist(turn.thread_id, specialist.name)
        words = " ".join(message.text for message in await tx.turns.messages(turn.id) if message.role == "user")
        await tx.examples.add(user.id, specialist.name, " ".join(self._stems(words)), turn_id=turn.id)
        await self._queue.put(tx, turn, resume=True)
        return "thinking"

    async def _again(self, tx: Tx, user: User, turn: Turn) -> str:
        latest = await tx.turns.latest(turn.thread_id)
        if latest is None or latest.id != turn.id or turn.state.is_open:
            return _OLD
        if not any(message.role == "user" for message in await tx.turns.messages(turn.id)):
            return _OLD
        if not await self._within_rate(tx, user):
            return "slow-down"
        await self._queue.again(tx, turn, keeps=True)
        return "thinking"

    async def _open(self, tx: Tx, user: User, place: Place, thread_id: int) -> str:
        """Go on with an earlier thread of the user's, here, wherever it was held; not before others' eyes."""
        thread = await tx.threads.owned(thread_id, user.id)
        if thread.place == place:
            await tx.threads.activate(thread.id)
        elif thread.shared:
            return "thread-stays"
        elif self._capabilities(place).shared:
            return "only-privately"
        else:
            await tx.threads.relocate(thread.id, place)
        return "thread-opened"
