"""One response of a model, over as many attempts and models as it takes; nothing of it is shown twice."""

import logging
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from pydantic_ai.messages import (
    InstructionPart,
    ModelResponse,
    ModelResponseStreamEvent,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ThinkingPartDelta,
)
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.tools import ToolDefinition

from bot.domain.errors import ApiFailed, ContentRefused, ContextTooLong, TimedOut
from bot.domain.ports import Clock
from bot.domain.reply import Asked, TextDelta, ThinkingDelta
from specialists.accounts import Account
from specialists.conversation import Conversation
from specialists.faults import PICTURES, AttemptError, Fault, fault
from specialists.line import Line
from specialists.listening import Listening, Request, Timeouts
from specialists.memory import rough_tokens
from specialists.models import Models
from specialists.sampling import Hints, settings, thinks
from specialists.wording import PARAGRAPH, Wording

_SHARE_FOR_INPUT = 0.8
"""Of a model's context; the rest is for the answer, and for what our estimate misses."""
_SAYS_WHY = (OpenAIChatModel, OpenAIResponsesModel, AnthropicModel)
"""Models that end a whole response with a reason; a stream without it was cut off."""

Shown = Asked | TextDelta | ThinkingDelta

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asking:
    """What is the same for all requests of a reply."""

    models: Models
    clock: Clock
    timeouts: Timeouts
    deadline: float
    """Of the reply, on the clock's monotonic scale."""
    instructions: Sequence[InstructionPart]
    tools: Sequence[ToolDefinition]
    hints: Hints
    cache_key: str
    only_pictures: bool = False
    """There is nothing to answer for whoever cannot see."""

    @property
    def parameters(self) -> ModelRequestParameters:
        return ModelRequestParameters(function_tools=list(self.tools), instruction_parts=list(self.instructions))

    @property
    def rough_tokens(self) -> int:
        """Of instructions and tools."""
        told = sum(rough_tokens(part.content) for part in self.instructions)
        return told + sum(rough_tokens(f"{tool.description}{tool.parameters_json_schema}") for tool in self.tools)


@dataclass(slots=True)
class Responding:
    """Streams one response. Afterwards there is either a `response` or a `fault`."""

    asking: Asking
    line: Line
    conversation: Conversation
    account: Account
    wording: Wording
    may_be_empty: bool = False
    """Something was said before in this reply."""
    no_more_tools: bool = False
    response: ModelResponse | None = field(default=None, init=False)
    fault: Fault | None = field(default=None, init=False)
    cut: bool = field(default=False, init=False)
    """The response ended at its greatest length, or nobody knows why it ended."""
    speechless: bool = field(default=False, init=False)
    """Whose turn it is cannot see, and there is nothing but pictures: nobody was asked."""
    _asked: set[str] = field(default_factory=set, init=False)
    _shortened: set[str] = field(default_factory=set, init=False)
    _withheld: frozenset[str] = field(default=frozenset(), init=False)
    """What the latest request went without; another reply may have learned more since."""
    _unended: ModelResponse | None = field(default=None, init=False)
    """What the latest attempt gave, if it ended quietly but without a reason."""

    async def events(self) -> AsyncGenerator[Shown, None]:
        """What is new for the user, as it comes."""
        while self.response is None:
            if self._has_nothing_to_say():
                self.speechless = True
                return
            before = len(self.wording.said)
            try:
                async with aclosing(self._attempt()) as shown:
                    async for event in shown:
                        yield event
            except AttemptError as broken:
                wait_seconds = self._mended(broken.fault, spoke=len(self.wording.said) > before)
                if wait_seconds is None:
                    self._give_up(broken.fault)
                    return
                await self.asking.clock.sleep(wait_seconds)

    def _has_nothing_to_say(self) -> bool:
        """Whether there is nothing but pictures for a model that cannot see; what was begun is gone on with."""
        if not self.asking.only_pictures or self.wording.said or len(self.conversation.own) > 1:
            return False
        return not self.asking.models.sees(self.line.name)

    async def _attempt(self) -> AsyncGenerator[Shown, None]:
        """One request. Raises `AttemptError`; what was said until then has been shown, and is in the account."""
        name, models = self.line.name, self.asking.models
        try:
            model = models.get(name)
        except Exception as error:
            raise AttemptError(fault(error, name)) from error
        overhead, sees = self.asking.rough_tokens, models.sees(name)
        self.conversation.fit(int(models.context_tokens(name) * _SHARE_FOR_INPUT) - overhead, sees=sees)
        expected = overhead + self.conversation.rough_tokens(sees=sees)
        if name not in self._asked:
            self._asked.add(name)
            yield Asked(self.account.expected(name, expected))
        listening = self._listening(name, model)
        self.wording.begin()
        self._unended = None
        try:
            async with aclosing(listening.events()) as batches:
                async for batch in batches:
                    for event in self._shown(batch):
                        yield event
            if rest := self.wording.end():
                yield TextDelta(rest)
            response = self._checked(model, listening.response())
        except Exception as error:
            found, partial = fault(error, name), listening.response()
            whole = self.wording.complete and bool(self.wording.said) and found.down
            if rest := self.wording.end(broken=True):
                yield TextDelta(rest)
            if not whole or partial is None:
                if partial is not None or isinstance(found.error, TimedOut):
                    self.account.add(name, partial, expected, whole=False)
                raise AttemptError(found) from error
            response = partial
        self.account.add(name, response, expected, whole=response.state == "complete")
        models.answered(name)
        self._accept(response)

    def _listening(self, name: str, model: Model) -> Listening:
        asking = self.asking
        refused = self._withheld = asking.models.refused(name)
        chosen = settings(model, asking.hints, refused=refused, cache_key=asking.cache_key)
        parameters = asking.parameters
        if "tools" in refused:
            parameters.function_tools = []
        elif self.no_more_tools and parameters.function_tools:
            chosen["tool_choice"] = "none"
        request = Request(self.conversation.messages(sees=asking.models.sees(name)), chosen, parameters)
        reasons = thinks(model, asking.hints.effort)
        return Listening(name, model, request, asking.clock, asking.timeouts, asking.deadline, reasons)

    def _shown(self, batch: Sequence[ModelResponseStreamEvent]) -> Iterator[Shown]:
        """What has come while the listener was busy is shown at once: one event, one wake-up of everybody behind."""
        text = thought = ""
        for event in batch:
            match event:
                case PartDeltaEvent(delta=TextPartDelta(content_delta=piece)):
                    text += piece
                case PartStartEvent(part=TextPart(content=piece), previous_part_kind=before):
                    apart = before not in (None, "text") and (text or self.wording.spoke)
                    text += f"{PARAGRAPH}{piece}" if apart else piece
                case (
                    PartDeltaEvent(delta=ThinkingPartDelta(content_delta=piece))
                    | PartStartEvent(part=ThinkingPart(content=piece))
                ):
                    thought += piece or ""
                case _:
                    pass
        if thought:
            yield ThinkingDelta(thought)
        if text and (shown := self.wording.feed(text)):
            yield TextDelta(shown)

    def _checked(self, model: Model, response: ModelResponse | None) -> ModelResponse:
        """The response if it is whole. Raises `AttemptError`."""
        name = self.line.name
        if response is None:
            raise AttemptError(Fault(ApiFailed(f"{name}: no answer"), again=True))
        if response.finish_reason == "content_filter":
            raise AttemptError(Fault(ContentRefused(f"{name}: refused by content")))
        if response.finish_reason == "error" or response.state == "suspended":
            raise AttemptError(Fault(ApiFailed(f"{name}: gave up on its answer"), again=True))
        reason = (response.provider_details or {}).get("finish_reason")
        if isinstance(model, _SAYS_WHY) and not reason and "ending" not in self.asking.models.refused(name):
            self._unended = response
            raise AttemptError(Fault(ApiFailed(f"{name}: the answer has no end"), again=True))
        if not self.wording.said.strip() and not response.tool_calls and not self.may_be_empty:
            raise AttemptError(Fault(ApiFailed(f"{name}: an empty answer"), again=True))
        return response

    def _accept(self, response: ModelResponse) -> None:
        self.cut = self.cut or response.finish_reason == "length"
        self.response = response
        self.conversation.answered(response, self.wording.said)

    def _mended(self, found: Fault, *, spoke: bool) -> float | None:
        """Seconds to wait before the next attempt, with what is to be changed changed; None when there is none."""
        models, name = self.asking.models, self.line.name
        logger.warning("a model failed", extra={"error": type(found.error).__name__, "detail": found.error.detail})
        if isinstance(found.error, ContentRefused) or self.asking.clock.monotonic() >= self.asking.deadline:
            return None
        if self._unended is not None and self.wording.said.strip() and not spoke:
            return None
        if spoke:
            self.conversation.broke(self.wording.said)
        elif found.parameter and found.parameter not in self._withheld:
            models.refuse(name, found.parameter)
            if found.parameter == PICTURES and any(map(models.sees, self.line.waiting)):
                self._step_back()
            return 0.0
        elif isinstance(found.error, ContextTooLong) and name not in self._shortened and self.conversation.halve():
            self._shortened.add(name)
            return 0.0
        elif (wait_seconds := self.line.attempts.wait_seconds(found)) is not None:
            in_time = self.asking.clock.monotonic() + wait_seconds < self.asking.deadline
            return wait_seconds if in_time else None
        if found.down:
            models.failed(name)
        if not self.line.pass_on(spoke=spoke):
            return None
        if self.line.name != name:
            self.conversation.without_thoughts()
        return 0.0

    def _step_back(self) -> None:
        """Another model of the line may see what this one turned out not to."""
        self.line.step_back()
        self.conversation.without_thoughts()

    def _give_up(self, found: Fault) -> None:
        """No attempt is left. Text that lacks nothing but the reason of its end is an answer after all."""
        if self._unended is not None and self.wording.said.strip():
            self.asking.models.refuse(self.line.name, "ending")
            self.cut = True
            self._accept(self._unended)
        else:
            self.fault = found
