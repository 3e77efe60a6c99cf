"""The engine of order specialists that needs no key: it asks the brief field by field and keeps the answers."""

from collections.abc import AsyncGenerator
from decimal import Decimal

from bot.domain.errors import ApiFailed, Refused, StorageError, UnknownFailure
from bot.domain.ports import Actions
from bot.domain.reply import Failed, Finished, Prompt, ReplyEvent, TextDelta, Usage
from bot.texts import Texts
from specialists.brief import BriefRules
from specialists.interviewer import Interviewer, Reply, Vocabulary
from specialists.progress import Kept, kept, resumed
from storage.store import Store


class InterviewEngine:
    """Implements `Engine` for specialists with a brief.

    All it knows between two messages is the stored brief. A turn that runs again, also with another text, goes on from
    where the interview stood before it.
    """

    def __init__(self, store: Store, texts: Texts) -> None:
        self._store = store
        self._texts = texts
        self._vocabulary = Vocabulary(texts)
        self._rules = BriefRules()

    async def reply(self, prompt: Prompt) -> AsyncGenerator[ReplyEvent, None]:
        """Say one thing. Ends with `Failed`, and nothing said, when the answer could not be kept."""
        if prompt.actions is None:
            yield Failed(UnknownFailure("the brief: nothing may be kept here"))
            return
        try:
            reply = await self._answer(prompt, prompt.actions)
        except StorageError as error:
            yield Failed(ApiFailed(f"the brief: {error.detail}"))
            return
        except Refused as error:
            yield Failed(UnknownFailure(f"the brief: {error.detail}"))
            return
        yield TextDelta(reply.text)
        usage = Usage(provider="interview", model="brief", specialist=prompt.specialist.name, cost_usd=Decimal())
        yield Finished((usage,), confidence=1.0, suggestions=reply.suggestions)

    async def _answer(self, prompt: Prompt, actions: Actions) -> Reply:
        async with self._store.begin() as tx:
            brief = await tx.briefs.of_thread(prompt.thread, prompt.specialist.name)
        stored = None if brief is None else Kept(brief.values, complete=brief.complete)
        before = resumed(stored, prompt.turn)
        reply = Interviewer(self._texts, self._vocabulary, self._rules, prompt).hear(before)
        after = kept(reply.progress, before, prompt.turn)
        if after != (stored or Kept({}, complete=False)):
            await actions.save_brief(after.values, complete=after.complete)
        return reply
