"""What a conversation is called, to somebody."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.thread import Thread
from bot.markdown.plain import plain
from storage.store import Tx

_WORDS_CHARS = 60


async def as_seen_by(tx: Tx, user_id: int, threads: Sequence[Thread]) -> list[Thread]:
    """These threads, each shared one under a title with nothing of others' in it: the user's own first words there.

    The title that all share stays with whoever asked the turn it was made of, or chose it. One in which the user said
    nothing has none.
    """
    shared = [thread for thread in threads if thread.shared]
    if not shared:
        return list(threads)
    askers = {turn.id: turn.asker for turn in await tx.turns.many([thread.title_turn for thread in shared])}
    words = await tx.threads.first_words(user_id, [thread.id for thread in shared])
    return [
        thread
        if not thread.shared or askers.get(thread.title_turn, thread.user_id) == user_id
        else replace(thread, title=" ".join(plain(words.get(thread.id, "")).split())[:_WORDS_CHARS])
        for thread in threads
    ]
