"""The engine that speaks through language models."""

import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from random import Random
from typing import TypeVar

from pydantic_ai import Agent
from pydantic_ai.models import Model
from pydantic_ai.toolsets import AbstractToolset
from pydantic_ai.usage import RequestUsage, RunUsage

from bot.domain.errors import ApiFailed, AuthFailed, EngineError, SettingsError
from bot.domain.ports import Clock
from bot.domain.reply import Engine, Failed, Finished, Paused, Prompt, ReplyEvent, Usage
from bot.domain.specialist import Specialist
from specialists.accounts import Account
from specialists.attempts import Attempts
from specialists.faults import Fault, fault
from specialists.instructions import instructions
from specialists.line import Line
from specialists.listening import Timeouts
from specialists.models import Models
from specialists.performing import Toolkit
from specialists.prices import usage
from specialists.responding import Asking
from specialists.sampling import Hints, settings
from specialists.speaking import Speaking
from specialists.tools.call import within

__all__ = ["ModelEngine", "Timeouts"]

_SMALL = Hints(temperature=0.0, max_tokens=2_000, effort="none")

T = TypeVar("T")

logger = logging.getLogger(__name__)


class ModelEngine:
    """Implements `Engine`.

    A reply is streamed from the first model of the specialist's chain that answers; when one fails in the middle, the
    next goes on in the same sentence. When all are down and nothing was said yet, `last` answers. Nothing of a
    provider's words reaches the user: errors are those of `bot.domain.errors`.
    """

    def __init__(
        self,
        models: Models,
        *,
        chain: Callable[[Specialist], Sequence[str]],
        toolsets: Callable[[Prompt], Sequence[AbstractToolset[object]]],
        clock: Clock,
        random: Random,
        timeouts: Timeouts,
        retries: int = 2,
        last: Engine | None = None,
    ) -> None:
        """`chain` names the models to ask for a specialist, in order; `retries` are per model and reply."""
        self._models = models
        self._chain = chain
        self._toolsets = toolsets
        self._clock = clock
        self._random = random
        self._timeouts = timeouts
        self._retries = retries
        self._last = last

    async def reply(self, prompt: Prompt) -> AsyncGenerator[ReplyEvent, None]:
        """Stream the reply; what it took is in the last event, broken attempts included."""
        account = Account(prompt.specialist.name)
        speaking: Speaking | None = None
        found = Fault(ApiFailed("there is no model to ask"))
        try:
            speaking = await self._speaking(prompt, account)
        except EngineError as error:
            found = Fault(error)
        if speaking is not None:
            async with aclosing(speaking.events()) as events:
                async for event in events:
                    yield event
            if speaking.fault is None:
                return
            found = speaking.fault
        spoke = bool(prompt.said or prompt.decision or (speaking is not None and speaking.spoke))
        if self._last is None or spoke or not found.down:
            yield Failed(found.error, account.usages)
            return
        logger.warning("every model is down", extra={"turn": prompt.turn, "detail": found.error.detail})
        async with aclosing(self._last.reply(prompt)) as events:
            async for event in events:
                yield _with(event, account.usages)

    async def ask(self, instructions: str, text: str, output_type: type[T], /, *, model: str) -> tuple[T, Usage]:
        """The answer of `model` to one small question, in the form of `output_type`. Raises EngineError."""
        attempts = Attempts(self._retries, self._random)
        while True:
            withheld = self._models.refused(model)
            try:
                return await self._asked(instructions, text, output_type, model, withheld)
            except Exception as error:
                found = fault(error, model)
                if found.parameter and found.parameter not in withheld:
                    self._models.refuse(model, found.parameter)
                    continue
                wait_seconds = attempts.wait_seconds(found)
                if wait_seconds is None:
                    # Not `from error`: a provider's message may quote what the user said, and errors are logged.
                    raise found.error from None
            await self._clock.sleep(wait_seconds)

    async def _asked(
        self, instructions: str, text: str, output_type: type[T], name: str, withheld: frozenset[str]
    ) -> tuple[T, Usage]:
        model = self._models.get(name)
        agent = Agent(model, output_type=output_type, instructions=instructions)
        chosen = settings(model, _SMALL, refused=withheld)
        result = await within(self._clock, self._timeouts.first_event_seconds, agent.run(text, model_settings=chosen))
        return result.output, usage(name, _one(result.usage))

    async def _speaking(self, prompt: Prompt, account: Account) -> Speaking | None:
        """None when the specialist has no model. Raises AuthFailed when none of them can be asked."""
        chain = self._chain(prompt.specialist)
        if not chain:
            return None
        pictures = bool(prompt.pictures)
        names = self._models.order(chain, pictures=pictures)
        first_choice = self._models.able(chain, pictures=pictures)[0]
        kit = await Toolkit.of(self._toolsets(prompt), self._usable(names))
        asking = Asking(
            models=self._models,
            clock=self._clock,
            timeouts=self._timeouts,
            deadline=self._clock.monotonic() + self._timeouts.reply_seconds,
            instructions=instructions(prompt, kit.rules),
            tools=kit.definitions,
            hints=Hints.of(prompt.specialist),
            cache_key=f"switchboard-{prompt.thread}" if prompt.thread else "",
            only_pictures=_is_only_pictures(prompt),
        )
        return Speaking(prompt, asking, Line(names, first_choice, self._retries, self._random), kit, account)

    def _usable(self, names: Sequence[str]) -> Model:
        """The first model that can be asked. Raises AuthFailed."""
        for name in names:
            try:
                return self._models.get(name)
            except SettingsError as error:
                logger.warning("a model cannot be asked", extra={"detail": error.detail})
        raise AuthFailed(f"none of {', '.join(names)} is set up")


def _is_only_pictures(prompt: Prompt) -> bool:
    """Whether nothing was said or sent along, and nothing has begun."""
    if not prompt.pictures or prompt.old_pictures or prompt.said or prompt.decision is not None:
        return False
    return not prompt.text.strip() and not any(document.is_new for document in prompt.documents)


def _one(taken: RunUsage) -> RequestUsage:
    """All requests of a run as if they were one."""
    return RequestUsage(
        input_tokens=taken.input_tokens,
        cache_read_tokens=taken.cache_read_tokens,
        cache_write_tokens=taken.cache_write_tokens,
        output_tokens=taken.output_tokens,
        output_reasoning_tokens=taken.output_reasoning_tokens,
    )


def _with(event: ReplyEvent, usages: tuple[Usage, ...]) -> ReplyEvent:
    if isinstance(event, Finished | Paused | Failed):
        return replace(event, usages=(*usages, *event.usages))
    return event
