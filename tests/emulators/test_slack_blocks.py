"""Block Kit: what a message or view may be made of, and the words in which the rest is refused."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk.models import blocks as sdk

from tests.emulators.slack_api import SlackApi, actions, button, markdown, refused, running_api, why
from tests.fakes.clock import ManualClock

Json = dict[str, Any]


@pytest.fixture
async def slack(clock: ManualClock) -> AsyncIterator[SlackApi]:
    async with running_api(clock) as api:
        yield api


@pytest.fixture
async def post(slack: SlackApi) -> Any:
    dm = slack.dm(slack.user("Ann"))

    async def posts(*blocks: Any) -> Any:
        return await slack.app.chat_postMessage(channel=dm.id, text="x", blocks=list(blocks))

    return posts


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def section(**more: Any) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": "x"}, **more}


def select(**more: Any) -> Json:
    options = [{"text": plain("A"), "value": "a"}, {"text": plain("B"), "value": "b"}]
    return {"type": "static_select", "action_id": "s", "options": options, **more}


def feedback(**more: Any) -> Json:
    good, bad = {"text": plain("Good"), "value": "up"}, {"text": plain("Bad"), "value": "down"}
    element = {"type": "feedback_buttons", "action_id": "f", "positive_button": good, "negative_button": bad}
    return {"type": "context_actions", "elements": [element | more]}


GOOD: list[Json] = [
    markdown("x" * 12_000),
    section(),
    section(fields=[plain("x")] * 10),
    section(accessory=button()),
    section(accessory=select(initial_option={"text": plain("A"), "value": "a"})),
    {"type": "header", "text": plain("x" * 150)},
    {"type": "divider"},
    {"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}, plain("y")]},
    actions(*[button(action_id=f"b{number}") for number in range(25)]),
    actions(button("x" * 75, "x" * 2000)),
    actions({"type": "button", "text": plain("Docs"), "url": "https://docs.slack.dev", "style": "primary"}),
    feedback(),
    {"type": "image", "alt_text": "x", "image_url": "https://example.com/x.png"},
    {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}]},
    {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * 20] * 20},
    {"type": "task_card", "task_id": "t", "title": "x", "status": "complete"},
    {"type": "plan", "title": "x", "tasks": [{"type": "task_card", "task_id": "t", "title": "x"}]},
]


@pytest.mark.parametrize("block", GOOD, ids=lambda block: str(block["type"]))
async def test_what_slack_takes(post: Any, block: Json) -> None:
    await post(block)


@pytest.mark.parametrize("block", GOOD, ids=lambda block: str(block["type"]))
def test_the_sdk_knows_every_field_that_we_take(block: Json) -> None:
    parsed = sdk.Block.parse(block)
    assert parsed is not None
    assert set(block) - {"type"} <= parsed.attributes


BAD: list[tuple[Json, str]] = [
    ({"type": "poem"}, "unsupported type: poem [json-pointer:/blocks/0/type]"),
    ({"text": "x"}, "unsupported type: None [json-pointer:/blocks/0/type]"),
    (markdown("x" * 12_001), "must be less than 12001 characters [json-pointer:/blocks/0/text]"),
    (markdown(""), "must be more than 0 characters [json-pointer:/blocks/0/text]"),
    ({"type": "markdown"}, "missing required field: text [json-pointer:/blocks/0]"),
    (markdown("x") | {"color": "red"}, "invalid additional property: color [json-pointer:/blocks/0]"),
    (markdown("x") | {"block_id": "b" * 256}, "must be less than 256 characters [json-pointer:/blocks/0/block_id]"),
    ({"type": "section"}, "missing required field: text or fields [json-pointer:/blocks/0]"),
    (section(text=plain("x" * 3001)), "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    (section(text="x"), "must be an object [json-pointer:/blocks/0/text]"),
    (section(fields=[plain("x")] * 11), "no more than 10 items allowed [json-pointer:/blocks/0/fields]"),
    (section(accessory=markdown("x")), "unsupported type: markdown [json-pointer:/blocks/0/accessory/type]"),
    (
        {"type": "header", "text": {"type": "mrkdwn", "text": "x"}},
        "must be one of plain_text [json-pointer:/blocks/0/text/type]",
    ),
    (actions(), "no fewer than 1 items allowed [json-pointer:/blocks/0/elements]"),
    (
        actions(*[button(action_id=f"b{number}") for number in range(26)]),
        "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
    ),
    (actions(button(), button()), 'action_id "sb:0" already exists [json-pointer:/blocks/0/elements]'),
    (
        actions(button("x" * 76)),
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
    ),
    (
        actions(button(value="x" * 2001)),
        "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
    ),
    (actions(button() | {"style": "blue"}), "must be one of primary, danger [json-pointer:/blocks/0/elements/0/style]"),
    (actions(button() | {"url": "nowhere"}), "invalid url [json-pointer:/blocks/0/elements/0/url]"),
    (actions(*feedback()["elements"]), "unsupported type: feedback_buttons [json-pointer:/blocks/0/elements/0/type]"),
    (
        feedback(positive_button={"text": plain("Good")}),
        "missing required field: value [json-pointer:/blocks/0/elements/0/positive_button]",
    ),
    (
        section(accessory=select(initial_option={"text": plain("C"), "value": "c"})),
        "initial option must be one of the options [json-pointer:/blocks/0/accessory]",
    ),
    (
        section(accessory=select(options=[{"text": plain("A"), "value": "a"}] * 2)),
        'option value "a" already exists [json-pointer:/blocks/0/accessory/options]',
    ),
    (
        section(accessory={"type": "static_select", "action_id": "s"}),
        "must have exactly one of options, option_groups [json-pointer:/blocks/0/accessory]",
    ),
    (
        {"type": "table", "rows": [[{"type": "raw_text", "text": "x" * 1001}] * 10]},
        "table must be less than 10001 characters [json-pointer:/blocks]",
    ),
    (
        {"type": "task_card", "task_id": "t", "title": "x", "status": "done"},
        "must be one of pending, in_progress, complete, error [json-pointer:/blocks/0/status]",
    ),
]


@pytest.mark.parametrize(("block", "reason"), BAD, ids=[reason[:60] for _, reason in BAD])
async def test_what_slack_refuses(post: Any, block: Json, reason: str) -> None:
    assert await why(post(block)) == f"invalid_blocks: {reason}"


async def test_fifty_blocks_and_no_more(post: Any) -> None:
    await post(*[{"type": "divider"}] * 50)
    assert "no more than 50 items" in await why(post(*[{"type": "divider"}] * 51))


async def test_markdown_blocks_share_one_limit(post: Any) -> None:
    await post(markdown("x" * 6_000), markdown("y" * 6_000))
    assert "12001 characters together" in await why(post(markdown("x" * 6_000), markdown("y" * 6_001)))


async def test_block_ids_are_unique_in_a_message(post: Any) -> None:
    twice = post(markdown("x") | {"block_id": "b"}, markdown("y") | {"block_id": "b"})
    assert await why(twice) == 'invalid_blocks: block_id "b" already exists [json-pointer:/blocks]'


async def test_action_ids_may_return_in_another_block(post: Any) -> None:
    await post(actions(button()), actions(button()))


async def test_missing_ids_are_made_up(slack: SlackApi, post: Any) -> None:
    answer = await post(actions({"type": "button", "text": plain("Go")}), section(accessory=button()))
    first, second = answer["message"]["blocks"]
    assert first["elements"][0]["action_id"]
    assert first["block_id"] != second["block_id"]


def modal(**more: Any) -> Json:
    question = {"type": "input", "label": plain("Question"), "element": {"type": "plain_text_input"}}
    return {"type": "modal", "title": plain("Ask"), "submit": plain("Send"), "blocks": [question], **more}


async def test_a_modal_opens_within_three_seconds_of_what_asked_for_it(slack: SlackApi, clock: ManualClock) -> None:
    ann = slack.user("Ann")
    trigger = slack.world.trigger(slack.team.id, ann.id)
    opened = (await slack.app.views_open(trigger_id=trigger, view=modal()))["view"]
    assert slack.team.modals[opened["id"]].user == ann.id
    assert opened["blocks"][0]["element"]["action_id"]
    assert await refused(slack.app.views_open(trigger_id=trigger, view=modal())) == "exchanged_trigger_id"
    late = slack.world.trigger(slack.team.id, ann.id)
    await clock.advance(3.1)
    assert await refused(slack.app.views_open(trigger_id=late, view=modal())) == "expired_trigger_id"
    assert await refused(slack.app.views_open(trigger_id="1.2.3", view=modal())) == "invalid_trigger_id"


@pytest.mark.parametrize(
    ("view", "reason"),
    [
        (modal(title=plain("x" * 25)), "must be less than 25 characters [json-pointer:/view/title/text]"),
        (modal(blocks=[]), "no fewer than 1 items allowed [json-pointer:/view/blocks]"),
        (modal(private_metadata="x" * 3001), "must be less than 3001 characters [json-pointer:/view/private_metadata]"),
        (modal(blocks=[markdown("x")]), "unsupported type: markdown [json-pointer:/view/blocks/0/type]"),
        (modal(color="red"), "invalid additional property: color [json-pointer:/view]"),
        (
            {key: value for key, value in modal().items() if key != "submit"},
            "missing required field: submit (a modal with input blocks needs it) [json-pointer:/view]",
        ),
        ({"type": "home", "blocks": [section()]}, "missing required field: title [json-pointer:/view]"),
    ],
)
async def test_what_a_modal_may_not_be(slack: SlackApi, view: Json, reason: str) -> None:
    trigger = slack.world.trigger(slack.team.id, slack.user("Ann").id)
    assert await why(slack.app.views_open(trigger_id=trigger, view=view)) == f"invalid_blocks: {reason}"
    await slack.app.views_open(trigger_id=trigger, view=modal())  # a refused view costs no trigger


async def test_a_modal_can_be_changed_while_it_is_open(slack: SlackApi) -> None:
    trigger = slack.world.trigger(slack.team.id, slack.user("Ann").id)
    opened = (await slack.app.views_open(trigger_id=trigger, view=modal(external_id="ask")))["view"]
    update = slack.app.views_update
    changed = (await update(view=modal(title=plain("Two")), view_id=opened["id"], hash=opened["hash"]))["view"]
    assert changed["title"]["text"] == "Two"
    assert await refused(update(view=modal(), view_id=opened["id"], hash=opened["hash"])) == "hash_conflict"
    assert await refused(update(view=modal(), view_id="V404")) == "not_found"
    slack.team.modals[opened["id"]].closed = True
    assert await refused(update(view=modal(), view_id=opened["id"])) == "not_found"


async def test_a_home_tab_is_published_and_replaced(slack: SlackApi) -> None:
    ann = slack.user("Ann")
    publish = slack.app.views_publish
    await publish(user_id=ann.id, view={"type": "home", "blocks": [section()]})
    first = slack.team.homes[ann.id].id
    await publish(user_id=ann.id, view={"type": "home", "blocks": [actions(button())]})
    assert slack.team.homes[ann.id].id == first
    assert slack.team.homes[ann.id].view["blocks"][0]["type"] == "actions"
    too_many = publish(user_id=ann.id, view={"type": "home", "blocks": [section()] * 101})
    assert "no more than 100 items" in await why(too_many)
    titled = publish(user_id=ann.id, view={"type": "home", "title": plain("x"), "blocks": [section()]})
    assert "invalid additional property: title" in await why(titled)
    assert await refused(publish(user_id="U404", view={"type": "home", "blocks": [section()]})) == "user_not_found"
