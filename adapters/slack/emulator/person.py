"""A person and what is on their screen."""

from collections.abc import Callable
from dataclasses import dataclass

from adapters.slack.emulator import payloads
from adapters.slack.emulator.bell import Bell
from adapters.slack.emulator.deliveries import Deliveries, Delivery
from adapters.slack.emulator.screens import Channel, Message, View
from adapters.slack.emulator.state import ChannelState, TeamState, UserState
from adapters.slack.emulator.subscriptions import Subscriptions
from adapters.slack.emulator.wire import Json
from adapters.slack.emulator.world import World
from bot.domain.errors import Refused

Answered = Callable[[Json], None]
"""Takes the payload with which the app acknowledged."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What people act on: the world, and the way to the app."""

    world: World
    deliveries: Deliveries
    subscriptions: Subscriptions
    bell: Bell
    commands: frozenset[str] | None
    """The app's slash commands, without the slash; `None` when any will do."""

    def tell(self, team: TeamState, event: Json) -> Delivery | None:
        """Deliver an event, if the app is to hear of it."""
        if not team.token or not self.subscriptions.has(team, event):
            return None
        return self.deliveries.push("events_api", payloads.event_callback(self.world, team, event))


class Person:
    """What the verbs of a person stand on."""

    def __init__(self, stage: Stage, team: TeamState, state: UserState) -> None:
        self._stage = stage
        self._world = stage.world
        self.team = team
        self.state = state

    @property
    def id(self) -> str:
        return self.state.id

    @property
    def name(self) -> str:
        return self.state.name

    @property
    def dm(self) -> Channel:
        """The conversation with the app; opened when it was not."""
        return Channel(self._world, self.team, self._world.open_direct(self.team, self.id))

    @property
    def home(self) -> View | None:
        """The Home tab of the app, as it was published last."""
        published = self.team.homes.get(self.id)
        return None if published is None else View(self.team, published)

    @property
    def modal(self) -> View | None:
        """The modal on the screen."""
        views = [view for view in self.team.modals.values() if view.user == self.id and not view.closed]
        return View(self.team, views[-1]) if views else None

    @property
    def ephemerals(self) -> list[Message]:
        """What only this person sees, in every conversation, the oldest first."""
        found = [
            Message(self._world, channel, one)
            for channel in self.team.channels.values()
            for one in channel.messages
            if one.ephemeral_for == self.id and not one.deleted
        ]
        return sorted(found, key=lambda message: message.ts)

    @property
    def suggestions(self) -> list[str]:
        """The titles of the suggested prompts in the DM."""
        return [title for title, _ in self.dm.suggestions]

    def _tell(self, event: Json) -> None:
        self._stage.tell(self.team, event)

    def _must_be_in(self, channel: ChannelState) -> None:
        if self.id not in channel.members or channel.archived:
            raise Refused("one speaks only where one is")
