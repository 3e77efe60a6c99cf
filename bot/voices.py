"""The specialists who answer one turn, one after the other: who has the floor, and what the user sees of a change."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace

from bot.domain.reply import Engine, Failed, Finished, Handover, Paused, Prompt, ReplyEvent, TextDelta
from bot.domain.specialist import Specialist, Team
from bot.texts import Texts

_MOST_HANDOVERS = 3


class Voices:
    """Implements `Engine` for the whole turn."""

    def __init__(
        self,
        team: Team,
        engine: Callable[[Specialist], Engine],
        texts: Texts,
        passed: Callable[[Specialist], Awaitable[str]],
    ) -> None:
        """`engine` speaks for a specialist; `passed` keeps durably that one has taken over, or gives the sentence that
        says why it may not."""
        self._team = team
        self._engine = engine
        self._texts = texts
        self._passed = passed

    async def reply(self, prompt: Prompt) -> AsyncGenerator[ReplyEvent, None]:
        """Everything that is said, with one line where another takes over. Nobody gets the floor twice in a turn."""
        spoken = {prompt.specialist.name}
        while True:
            handover, ended, said = None, None, False
            async with aclosing(self._engine(prompt.specialist).reply(prompt)) as events:
                async for event in events:
                    match event:
                        case Handover():
                            handover = event
                        case Finished() | Paused() | Failed():
                            ended = event
                        case TextDelta(text):
                            said = said or bool(text.strip())
                            yield event
                        case _:
                            yield event
            next_one = self._next(handover, ended, spoken)
            if next_one is None:
                if ended is not None:
                    yield ended
                return
            if handover is not None and ended is not None:
                yield handover
                yield ended
            spoken.add(next_one.name)
            gap = "\n\n" if said or prompt.said else ""
            if refusal := await self._passed(next_one):
                yield TextDelta(gap + refusal)
                yield Finished()
                return
            yield TextDelta(gap + self._announcement(next_one, prompt.locale))
            reason = handover.reason if handover is not None else ""
            prompt = replace(prompt, specialist=next_one, passed_on=reason, said="", decision=None)

    def _next(
        self, handover: Handover | None, ended: Finished | Paused | Failed | None, spoken: set[str]
    ) -> Specialist | None:
        if handover is None or not isinstance(ended, Finished) or len(spoken) > _MOST_HANDOVERS:
            return None
        return None if handover.specialist in spoken else self._team.get(handover.specialist)

    def _announcement(self, specialist: Specialist, locale: str) -> str:
        title = f"{specialist.emoji} {specialist.localised(locale).title}".strip()
        return self._texts.say(locale, "takes-over", specialist=title) + "\n\n"
