"""Who plays in the tests of the Slack adapter: an emulated Slack, our messenger in it, and a door in."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from adapters.slack.emulator.emulator import SlackEmulator
from adapters.slack.emulator.limits import Limits
from adapters.slack.emulator.screens import Channel, Message
from adapters.slack.manifest import SCOPES
from adapters.slack.messenger import SlackMessenger
from bot.domain.incoming import Incoming
from bot.domain.messenger import Button, Outgoing
from bot.domain.place import Place, Ref
from bot.texts import Texts
from tests.adapters.telegram_cast import Inbox, SwiftClock, eventually
from tests.fakes.clock import ManualClock

TEXTS = Texts(Path(__file__).parents[2] / "bot" / "locales")
BUTTONS = ((Button("Again", "again:7"), Button("👍", "up:7"), Button("👎", "down:7")),)
SPECIALISTS = {"": (("mentor", "Mentor"), ("analyst", "Analyst"))}


class Door(Inbox):
    """Takes each event once, as the intake does: Slack sends a mention as two events, and some twice."""

    async def take(self, incoming: Incoming) -> None:
        if all(one.id != incoming.id for one in self.stored):
            await super().take(incoming)


@dataclass
class Stage:
    """One test's Slack, and our messenger with its memory of conversations."""

    slack: SlackEmulator
    app: SlackMessenger
    clock: ManualClock
    inbox: Inbox
    ours: set[Place] = field(default_factory=set)
    left: list[str] = field(default_factory=list)
    messenger: Callable[[], SlackMessenger] = field(kw_only=True)
    """Makes another one, as another process of ours has it."""

    def at(self, channel: Channel, thread: "str | Message" = "") -> Place:
        """The place of a conversation, or of a thread in it."""
        topic = thread if isinstance(thread, str) else thread.thread_ts or thread.ts
        return Place("slack", channel.id, topic, channel.team.id)

    def ref(self, channel: Channel, message: Message) -> Ref:
        """A message by the place in which we say such things."""
        thread = message.thread_ts if message.thread_ts != message.ts else ""
        return Ref(self.at(channel, thread), message.ts)

    def seen(self, channel: Channel, ref: Ref) -> Message:
        """A message of ours as people see it now."""
        found = channel.message(ref.message)
        assert found is not None
        return found

    async def heard(self, count: int = 1) -> Incoming:
        """The newest event, once there are `count` of them."""
        await self.inbox.holds(count)
        assert len(self.inbox.stored) == count
        return self.inbox.stored[-1]

    def called(self, method: str) -> int:
        """How often the app has called it."""
        return sum(call.method == method for call in self.slack.calls)

    async def settles(self) -> None:
        """Everything that is due is delivered and answered."""
        await eventually(lambda: self.slack.pending_events == 0)


@asynccontextmanager
async def stage(
    *,
    clock: ManualClock | None = None,
    limits: Limits | None = None,
    inbox: Inbox | None = None,
    tokens: Callable[[str], Awaitable[str]] | None = None,
    mode: Literal["socket", "http"] = "socket",
    agent_view: bool = True,
    scopes: Sequence[str] = SCOPES,
    running: bool = True,
) -> AsyncIterator[Stage]:
    """A stage; with `running`, the messenger is connected and stores what it hears in the inbox."""
    clock = clock or ManualClock()
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(
            SlackEmulator(
                clock=clock, limits=limits, agent_view=agent_view, socket_mode=mode == "socket", scopes=scopes
            )
        )
        ours: set[Place] = set()
        left: list[str] = []

        async def is_ours(place: Place) -> bool:
            return place in ours

        async def note_left(team: str) -> None:
            left.append(team)

        def messenger() -> SlackMessenger:
            made = SlackMessenger(
                tokens or slack.token,
                clock,
                TEXTS,
                api_base=slack.url,
                mode=mode,
                app_token=slack.app_token,
                signing_secret=slack.signing_secret,
                commands=lambda: ("new", "help"),
                ours=is_ours,
                specialists=lambda locale: SPECIALISTS.get(locale, SPECIALISTS[""]),
                left=note_left,
            )
            stack.push_async_callback(made.close)
            return made

        one = Stage(slack, messenger(), clock, inbox or Door(), ours, left, messenger=messenger)
        if running:
            await stack.enter_async_context(receiving(one))
        yield one
        assert slack.violations == []


@asynccontextmanager
async def receiving(one: Stage) -> AsyncIterator["asyncio.Task[None]"]:
    """The messenger at work, once it is connected."""
    task = asyncio.create_task(one.app.run(one.inbox.take))
    try:
        if one.app.hook_path is None:
            await eventually(lambda: bool(one.slack.connections) or task.done())
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def said(text: str, *, mark: str = "") -> Outgoing:
    """A whole reply with the buttons of one."""
    return Outgoing(text, buttons=BUTTONS, mark=mark)


__all__ = ["BUTTONS", "Door", "Inbox", "Stage", "SwiftClock", "eventually", "receiving", "said", "stage"]
