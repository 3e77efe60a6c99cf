"""The turns of a thread as the door in sees them: put in line, answered anew, stopped, ended without a decision."""

from bot.domain.place import Place
from bot.domain.thread import Turn, TurnState, User
from bot.lanes import thread_lane, thread_topic
from storage.store import Tx


class TurnQueue:
    """Every method works in the transaction it is given."""

    async def put(
        self,
        tx: Tx,
        turn: Turn,
        *,
        delay_seconds: float = 0.0,
        again: bool = False,
        keeps: bool = False,
        resume: bool = False,
        ending: bool = False,
    ) -> None:
        """A job for the turn: its first, to answer it `again`, or to `resume` it where it paused (for its `ending`).

        `keeps`: should the new reply fail, the one before stays to be read.
        """
        payload = {"turn": turn.id, "again": again, "keeps": keeps, "resume": resume, "ending": ending}
        job = await tx.jobs.put(thread_lane(turn.thread_id), "turn", payload, delay_seconds=delay_seconds)
        if job is not None:
            await tx.turns.attach_job(turn.id, job.id)
        tx.notify(thread_topic(turn.thread_id), "queued")

    async def again(self, tx: Tx, turn: Turn, *, keeps: bool) -> None:
        """Reply to the turn once more; the reply that still runs, if any, ends first. Once more is once more, however
        often it is asked for before that begins. `keeps` as in `put`.

        The turn is locked before its job, as at the end of a reply: two transactions never wait for each other.
        """
        turn = await tx.turns.hold(turn.id)
        job = await tx.turns.job_of(turn.id)
        if turn.state is TurnState.QUEUED or (job is not None and await tx.jobs.is_unbegun(job)):
            return
        if not turn.state.is_open:
            await tx.turns.requeue(turn.id)
        await self.put(tx, turn, again=True, keeps=keeps)
        if turn.state is TurnState.RUNNING:
            await tx.jobs.stop(thread_lane(turn.thread_id))

    async def end(self, tx: Tx, turn: Turn) -> None:
        """The turn waits for a decision that will not come: its last words are said, and it ends."""
        await self.put(tx, turn, resume=True, ending=True)

    async def stop(self, tx: Tx, turn: Turn) -> int:
        """End what is being done for the turn; how much that was."""
        if turn.state is TurnState.REQUIRES_ACTION:
            await self.end(tx, turn)
            return 1
        return await tx.jobs.stop(thread_lane(turn.thread_id)) if turn.state.is_open else 0

    async def take_back(self, tx: Tx, turn: Turn, *, is_empty: bool) -> None:
        """A message of the turn is gone, the last one when it `is_empty` now. What answers it ends; what has not begun
        is never begun when there is nothing left to answer."""
        turn = await tx.turns.hold(turn.id)
        match turn.state:
            case TurnState.QUEUED if is_empty and turn.version == 1:
                await tx.turns.drop(turn.id)
            case TurnState.QUEUED if is_empty:
                await tx.turns.withdraw_jobs(turn)
                refs, files = turn.reply_refs, turn.file_refs
                await tx.turns.finish(turn.id, TurnState.STOPPED, text="", refs=refs, file_refs=files)
            case TurnState.RUNNING:
                if is_empty:
                    await tx.turns.withdraw_jobs(turn, begun=False)
                await tx.jobs.stop(thread_lane(turn.thread_id))
            case TurnState.REQUIRES_ACTION:
                await self.end(tx, turn)
            case _:
                pass

    async def stop_all(self, tx: Tx, user: User, place: Place) -> int:
        """Whatever is being written in this place for the user, and in a shared one for anybody; in threads that were
        left as well."""
        return sum([await self.stop(tx, turn) for turn in await tx.turns.open_at(user.id, place)])
