"""Channels that workspaces share: people of other workspaces speak, press and are answered in ours."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from adapters.slack.emulator import payloads
from adapters.slack.emulator.people import User
from adapters.slack.emulator.screens import Channel
from adapters.slack.origin import workspace_of
from bot.domain.incoming import Press
from bot.domain.messenger import Outgoing
from bot.domain.place import Ref
from tests.adapters.slack_cast import Stage, said, stage


@dataclass
class Shared:
    here: Stage
    bob: User
    team: Channel

    async def presses(self, action: str) -> None:
        """Bob, whose interactions name his own workspace."""
        reply = self.team.replies[-1]
        body = payloads.block_actions(
            reply.world,
            self.here.slack.home.state,
            reply.world.teams[self.here.slack.home.id].members[self.bob.id],
            {"type": "button", "action_id": "sb:0", "value": action, "action_ts": "1.000001"},
            channel=self.team.state,
            message=reply.state,
        )
        body["team"] = {"id": self.bob.team.id, "domain": "zoo"}
        body["user"]["team_id"] = self.bob.team.id
        await self.here.slack.push_body("interactive", body)


@pytest.fixture
async def shared() -> AsyncIterator[Shared]:
    async with stage() as here:
        bob = here.slack.user("Bob", workspace=here.slack.workspace("Zoo", installed=False))
        home = here.slack.home.state
        home.members[bob.id] = bob.team.members[bob.id]
        team = here.slack.channel("bridges", [here.slack.user("Ann")])
        team.state.members.append(bob.id)
        yield Shared(here, bob, team)


async def test_a_press_from_another_workspace_is_heard_in_ours(shared: Shared) -> None:
    here = shared.here
    ref = await here.app.send(here.at(shared.team), said("because"))
    await shared.presses("again:7")
    heard = await here.heard()
    assert heard.place == here.at(shared.team, ref.message)
    assert isinstance(heard.payload, Press)
    assert (heard.payload.action, heard.payload.ref) == ("again:7", Ref(heard.place, ref.message))
    assert heard.sender.id == shared.bob.id
    assert heard.sender.name.lower() == "bob"


async def test_a_reply_for_a_person_of_another_workspace_is_streamed(shared: Shared) -> None:
    here = shared.here
    opening = await here.app.send(here.at(shared.team), said("Hello all"))
    place = here.at(shared.team, opening.message)
    ref = await here.app.begin_stream(place, Outgoing("Because", streaming=True), shared.bob.id)
    await here.app.edit(ref, said("Because of you."))
    assert shared.team.replies[-1].text_content == "Because of you."
    begun = next(call for call in here.slack.calls if call.method == "chat.startStream")
    assert begun.arguments["recipient_team_id"] == shared.bob.team.id


@pytest.mark.parametrize(
    ("body", "workspace"),
    [
        ({"team_id": "T2", "authorizations": [{"team_id": "T1"}]}, "T1"),
        ({"team_id": "T1", "authorizations": []}, "T1"),
        ({"team": {"id": "T2"}, "view": {"app_installed_team_id": "T1", "team_id": "T2"}}, "T1"),
        ({"team": {"id": "T2"}, "api_app_id": "A1", "message": {"bot_id": "B1", "app_id": "A1", "team": "T1"}}, "T1"),
        ({"team": {"id": "T1"}, "api_app_id": "A1", "message": {"user": "U2", "team": "T2"}}, "T1"),
        ({"team": "T1"}, "T1"),
        ({"team": None, "user": {"id": "U1", "team_id": "T1"}}, "T1"),
        ({"team_id": "T1", "command": "/new"}, "T1"),
        ({"team": [], "team_id": 7, "authorizations": "?", "message": "?"}, ""),
    ],
)
def test_the_workspace_that_installed_us_is_found_in_a_body(body: dict[str, object], workspace: str) -> None:
    assert workspace_of(body) == workspace
