"""Many replies asked at once in one Slack workspace: how each of them came, how soon, and whether Slack was flooded."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from bench.databases import fresh
from bench.emulated_slack import CHANNELS, Read, emulated_slack
from bench.platform import TimedEngine, platform, turns_are_over
from bench.report import Section, number, percentile
from specialists.scripted import Pause, Say

REPLIES = (10, 20, 40, 80)
REPLY_SECONDS = 12.0
CHUNKS = 120
CHUNK_CHARS = 20
LIMIT_SECONDS = 75.0
"""For each workspace: a budget of a minute that is spent comes back within it."""

_SENTENCE = "The bridge opens at nine, and on Sundays at ten. "
_TEXT = (_SENTENCE * 100)[: CHUNKS * CHUNK_CHARS].strip()


@dataclass(frozen=True, slots=True)
class Result:
    replies: Sequence[Sequence[Read]]
    """What each conversation holds."""
    final_seconds: Sequence[float]
    """From the first question to the last call that changed a conversation, for each that is answered."""
    floods: Sequence[str]
    """The method of each call that was refused by the limits."""

    def row(self) -> tuple[str, ...]:
        how = Counter(one[-1].how for one in self.replies if one)
        edited = [reply.texts for one in self.replies for reply in one if reply.how == "grew by edits"]
        whole = sum(len(one) == 1 and _TEXT in one[0].text for one in self.replies)
        refused = Counter(self.floods)
        names = f" ({', '.join(f'{name} {count}' for name, count in refused.most_common())})" if refused else ""
        return (
            str(len(self.replies)),
            str(how["streamed"]),
            str(how["grew by edits"]),
            str(how["came whole"]),
            str(median(edited)) if edited else "–",
            f"{number(percentile(self.final_seconds, 50))} s",
            f"{number(max(self.final_seconds, default=float('nan')))} s",
            f"{len(self.floods)}{names}",
            str(whole),
        )


async def run() -> Section:
    results = [await _measure(count) for count in REPLIES]
    return Section(
        "A Slack workspace",
        f"Replies of {REPLY_SECONDS:.0f} s and {CHUNKS} chunks, asked for at once by as many people, each in a thread "
        f"of its own in {CHANNELS} channels, SQLite. Slack is emulated with its limits enforced, in a process of its "
        "own: in a minute a workspace begins 20 streams, lets all of them together grow 100 times, and takes 50 edits. "
        "Final: from the first question to the call after which the reply stands as it stays. Texts: how many a reply "
        "that grew by edits showed, the last one included. Once: conversations with the whole reply in one message.",
        (
            "replies",
            "streamed",
            "grew by edits",
            "came whole",
            "texts of an edited one, median",
            "final p50",
            "last final",
            "429s",
            "whole and once",
        ),
        [result.row() for result in results],
    )


async def _measure(count: int) -> Result:
    engine = TimedEngine(lambda _: (Pause(0.3), Say(_TEXT, CHUNK_CHARS, REPLY_SECONDS / CHUNKS)))
    async with fresh("SQLite") as url, emulated_slack("slack") as slack, platform(url, engine, slack) as board:
        chats = await slack.people(count, in_groups=True)
        began = time.monotonic()
        for chat in chats:
            await slack.say(chat, f"when? {chat}")
        await asyncio.sleep(REPLY_SECONDS)
        await turns_are_over(board, LIMIT_SECONDS)
        calls = await slack.seen()
        final = {call.chat: call.at for call in calls if call.shows_text}
        return Result(
            [await slack.replies(chat) for chat in chats],
            [final[chat] - began for chat in chats if chat in final],
            [call.method for call in calls if call.status == 429],
        )
