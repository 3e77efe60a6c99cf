"""One specialist's share of a reply: responses of its models, with tools in between."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from pydantic_ai.messages import ModelResponse, ToolCallPart

from bot.domain.reply import Finished, Paused, Prompt, ReplyEvent, TextDelta, Unseen
from specialists.accounts import Account
from specialists.confidence import Evidence, confidence
from specialists.conversation import Conversation
from specialists.faults import Fault
from specialists.line import Line
from specialists.pausing import Halted, read, written
from specialists.performing import Toolkit, requests
from specialists.responding import Asking, Responding
from specialists.wording import PARAGRAPH, Wording

_MOST_RESPONSES = 24
"""In one reply; in the last one the model may use no more tools."""


@dataclass(slots=True)
class Speaking:
    """Use its events once, to their end or until they are closed. Without an `Ended` one, `fault` says why."""

    prompt: Prompt
    asking: Asking
    line: Line
    kit: Toolkit
    account: Account
    fault: Fault | None = field(default=None, init=False)
    spoke: bool = field(default=False, init=False)
    """Something was said."""
    _conversation: Conversation = field(init=False)
    _continued: str = field(default="", init=False)
    """What the user has read of the response that comes next."""
    _before: str = field(default="", init=False)
    """Text of the responses that are over."""
    _told: float | None = field(default=None, init=False)
    """The confidence that the model told with its latest response."""
    _cut: bool = field(default=False, init=False)
    _owned_up: bool = field(default=False, init=False)
    """The user knows that nobody saw the pictures."""

    def __post_init__(self) -> None:
        self._conversation = Conversation.of(self.prompt)

    async def events(self) -> AsyncGenerator[ReplyEvent, None]:
        """The reply, from where it paused or broke off if it did."""
        halted = self._taken_up()
        calls: list[ToolCallPart] = []
        if halted is not None:
            calls = halted.calls
            async with aclosing(self._decided(halted)) as events:
                async for event in events:
                    yield event
        for number in range(1, _MOST_RESPONSES + 1):
            if (ending := self._ending(calls)) is not None:
                for event in ending:
                    yield event
                return
            responding = self._responding(no_more_tools=number == _MOST_RESPONSES)
            async with aclosing(responding.events()) as shown:
                async for event in shown:
                    if isinstance(event, TextDelta):
                        if self._is_unseen():
                            yield Unseen(len(self.prompt.pictures))
                        self.spoke = True
                    yield event
            if responding.speechless:
                yield Unseen(len(self.prompt.pictures))
                yield Finished(self.account.usages)
                return
            if (response := self._taken_in(responding)) is None:
                return
            calls = list(response.tool_calls) if number < _MOST_RESPONSES else []
            async with aclosing(self.kit.perform(calls)) as events:
                async for event in events:
                    yield event
            if not calls:
                break
        yield self._finished()

    def _is_unseen(self) -> bool:
        """Whether the user must hear now, before the first words, that whoever speaks does not see the pictures."""
        if not self.prompt.pictures or self.prompt.old_pictures or self._owned_up or self.spoke or self.prompt.said:
            return False
        self._owned_up = not self.asking.models.sees(self.line.name)
        return self._owned_up

    def _taken_up(self) -> Halted | None:
        """Put the conversation where the reply stopped; what waits for a decision that was made, if anything does."""
        decision, said = self.prompt.decision, self.prompt.said
        halted = read(decision.state) if decision is not None else None
        if halted is not None:
            self._conversation.own = halted.own
            self.kit.results = halted.results
            self._before = said
        elif said:
            self._conversation.broke(said)
            self._continued = said
        return halted

    def _decided(self, halted: Halted) -> AsyncGenerator[ReplyEvent, None]:
        decision = self.prompt.decision
        if decision is None or not decision.granted:
            self.kit.deny(halted.waiting)
        elif decision.begun:
            self.kit.doubt(halted.waiting)
        else:
            return self.kit.perform(halted.waiting, granted=True)
        return self.kit.perform(())

    def _responding(self, *, no_more_tools: bool) -> Responding:
        lead = PARAGRAPH if self._before.strip() and not self._continued else ""
        wording = Wording(lead, self._continued)
        self._continued = ""
        return Responding(
            self.asking,
            self.line,
            self._conversation,
            self.account,
            wording,
            may_be_empty=bool(self._before.strip()),
            no_more_tools=no_more_tools,
        )

    def _taken_in(self, responding: Responding) -> ModelResponse | None:
        self.fault = responding.fault
        self._before += responding.wording.said
        self._told = responding.wording.confidence
        self._cut = responding.cut
        return responding.response

    def _ending(self, calls: Sequence[ToolCallPart]) -> Sequence[ReplyEvent] | None:
        """How the reply ends after the tools were used; None when the model is to go on with their results."""
        if not calls:
            return None
        if (handover := self.kit.handover) is not None:
            return (handover, self._finished())
        if self.kit.waiting:
            halted = Halted(self._conversation.own, self.kit.results, self.kit.waiting)
            return (Paused(requests(self.kit.waiting), written(halted), self.account.usages),)
        self._conversation.heard(self.kit.take_results(calls))
        return None

    def _finished(self) -> Finished:
        evidence = Evidence(
            self._before,
            told=self._told,
            failed_tools=self.kit.failed,
            cut=self._cut,
            substitute=self.line.substitute,
        )
        return Finished(self.account.usages, confidence(evidence))
