"""Whatever a program sends, the emulator answers as Slack would: with a result or with a refusal."""

from typing import Any

import hypothesis.strategies as st
from hypothesis import given, settings

from adapters.slack.emulator.methods.table import implemented_methods
from adapters.slack.emulator.request import Request
from adapters.slack.emulator.wire import Refusal
from adapters.slack.emulator.world import World
from tests.emulators.slack_api import SCOPES
from tests.emulators.test_slack_blocks import GOOD, modal
from tests.fakes.clock import ManualClock

Json = dict[str, Any]

small = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 5),
    st.sampled_from(["", "x", "text", "plain_text", "button", "rich_text", "user", "link", "static_select", "modal"]),
    st.sampled_from(
        [[], {}, [[]], [{}], {"type": "user"}, {"type": []}, {"elements": 1}, {"type": "emoji", "text": 1}]
    ),
)
METADATA = {"event_type": "mark", "event_payload": {"mark": "m"}}
CHUNKS = [
    {"type": "markdown_text", "text": "x"},
    {"type": "task_update", "id": "t", "title": "x", "status": "complete", "sources": []},
    {"type": "plan_update", "title": "x"},
    {"type": "blocks", "blocks": GOOD[:2]},
]
GIVEN: list[tuple[str, Json]] = [
    ("chat.postMessage", {"text": "x", "blocks": GOOD[:1] + GOOD[3:], "metadata": METADATA, "unfurl_links": True}),
    ("chat.update", {"text": "x", "blocks": GOOD[3:12], "metadata": METADATA}),
    ("chat.startStream", {"chunks": CHUNKS, "task_display_mode": "plan"}),
    ("views.open", {"view": modal(private_metadata="x")}),
    ("views.publish", {"view": {"type": "home", "blocks": GOOD[1:6]}}),
    ("agents.sessions.setStatus", {"status": "active", "title": "x", "initiator_user_id": "U0"}),
    ("assistant.threads.setStatus", {"status": "x", "loading_messages": ["x"]}),
    ("assistant.threads.setSuggestedPrompts", {"prompts": [{"title": "x", "message": "x"}]}),
    ("files.getUploadURLExternal", {"filename": "x", "length": "3"}),
    ("files.completeUploadExternal", {"files": [{"id": "F0", "title": "x"}]}),
    ("conversations.history", {"limit": "3", "cursor": "1", "oldest": "1.2", "inclusive": "true"}),
    ("reactions.add", {"name": "eyes"}),
]


@st.composite
def spoiled(draw: st.DrawFn, value: object) -> object:
    """The value with one of its parts replaced, somewhere inside."""
    if isinstance(value, dict) and value and draw(st.booleans()):
        key = draw(st.sampled_from(sorted(value)))
        return value | {key: draw(spoiled(value[key]))}
    if isinstance(value, list) and value and draw(st.booleans()):
        index = draw(st.integers(0, len(value) - 1))
        return [*value[:index], draw(spoiled(value[index])), *value[index + 1 :]]
    return draw(small)


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, Json]:
    method, fields = draw(st.sampled_from(GIVEN))
    name = draw(st.sampled_from(sorted(fields)))
    return method, fields | {name: draw(spoiled(fields[name]))}


@settings(deadline=None, database=None, max_examples=200)
@given(calls())
def test_no_call_breaks_the_emulator(call: tuple[str, Json]) -> None:
    name, fields = call
    method = implemented_methods()[name]
    world = World(ManualClock())
    team = world.add_team("Acme", scopes=SCOPES)
    ann = world.add_user(team, "Ann")
    dm = world.open_direct(team, ann.id)
    asked = world.add_message(dm, ann.id, text="why?")
    own = world.add_message(dm, team.bot_user, bot=team.bot, text="because")
    known = {"channel": dm.id, "channel_id": dm.id, "thread_ts": asked.ts, "ts": own.ts, "timestamp": asked.ts}
    known |= {"user_id": ann.id, "trigger_id": world.trigger(team.id, ann.id)}
    fields |= {key: value for key, value in known.items() if key in method.required}
    try:
        answer: Json = method.run(Request(world, name, team, method.read(fields, world.violations)))
    except Refusal as refusal:
        answer = refusal.to_json()
    assert answer.get("error", "x") != ""
