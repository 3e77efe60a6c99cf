"""Buttons, feedback, slash commands, shortcuts, modals, the Home tab: pressed by people, heard by a Bolt app."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from adapters.slack.emulator import SlackEmulator
from bot.domain.errors import Refused
from tests.emulators.slack_apps import client_of, connected, hearing_app
from tests.fakes.clock import ManualClock


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def row(*labels: str) -> dict[str, Any]:
    return {
        "type": "actions",
        "elements": [
            {"type": "button", "action_id": f"sb:{index}", "text": plain(label), "value": f"do {label}"}
            for index, label in enumerate(labels)
        ],
    }


FEEDBACK = {
    "type": "context_actions",
    "elements": [
        {
            "type": "feedback_buttons",
            "action_id": "sb:feedback",
            "positive_button": {"text": plain("Good"), "value": "up"},
            "negative_button": {"text": plain("Bad"), "value": "down"},
        }
    ],
}


def ask_modal(**more: object) -> dict[str, Any]:
    options = [{"text": plain(name), "value": name.lower()} for name in ("Anyone", "Lawyer")]
    question = {"type": "plain_text_input", "action_id": "text", "multiline": True}
    select = {"type": "static_select", "action_id": "who", "options": options, "initial_option": options[0]}
    return {
        "type": "modal",
        "callback_id": "ask",
        "private_metadata": "kept",
        "title": plain("Ask a specialist"),
        "submit": plain("Ask"),
        "blocks": [
            {"type": "input", "block_id": "specialist", "label": plain("Specialist"), "element": select},
            {"type": "input", "block_id": "question", "label": plain("Your question"), "element": question},
        ],
        **more,
    }


async def test_a_press_tells_which_button_on_which_message(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack, connected(slack) as app:
        ann = slack.user("Ann")
        team = slack.channel("team", [ann])
        asked = await ann.says("what now?", to=team)
        posted = await client_of(slack).chat_postMessage(
            channel=team.id, thread_ts=asked.ts, text="choose", blocks=[row("Stop", "Go on")]
        )
        assert team.replies[0].buttons == ["Stop", "Go on"]
        pressed = await ann.presses("Go on")
        await clock.until(lambda: slack.pending_events == 0)
        assert pressed.acked
        body = app.bodies[-1]
        (action,) = body["actions"]
        assert (body["type"], body["team"]["id"], body["user"]["id"]) == ("block_actions", slack.home.id, ann.id)
        assert (action["action_id"], action["value"], action["text"]["text"]) == ("sb:1", "do Go on", "Go on")
        assert body["container"] == {
            "type": "message",
            "message_ts": posted["ts"],
            "channel_id": team.id,
            "is_ephemeral": False,
            "thread_ts": asked.ts,
        }
        assert (body["channel"], body["message"]["ts"]) == ({"id": team.id, "name": "team"}, posted["ts"])
        assert body["trigger_id"]


async def test_the_newest_button_with_the_label_is_pressed(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack, connected(slack) as app:
        ann, client = slack.user("Ann"), client_of(slack)
        for text in ("old", "new"):
            await client.chat_postMessage(channel=ann.dm.id, text=text, blocks=[row("Stop")])
        old, new = ann.dm.replies
        await ann.presses("Stop")
        await ann.presses("Stop", in_=old)
        await clock.until(lambda: slack.pending_events == 0)
        presses = [body["container"]["message_ts"] for body in app.bodies if "actions" in body]
        assert presses == [new.ts, old.ts]
        with pytest.raises(Refused):
            await ann.presses("Start")


async def test_feedback_is_one_element_with_two_values(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack, connected(slack) as app:
        ann = slack.user("Ann")
        await client_of(slack).chat_postMessage(channel=ann.dm.id, text="answer", blocks=[FEEDBACK])
        (reply,) = ann.dm.replies
        assert reply.buttons == ["Good", "Bad"]
        await ann.gives_feedback(reply)
        await ann.gives_feedback(reply, good=False)
        await clock.until(lambda: slack.pending_events == 0)
        actions = [body["actions"][0] for body in app.bodies if "actions" in body]
        assert [(one["type"], one["action_id"], one["value"]) for one in actions] == [
            ("feedback_buttons", "sb:feedback", "up"),
            ("feedback_buttons", "sb:feedback", "down"),
        ]


async def test_a_response_url_answers_where_the_button_was(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack:
        app = hearing_app(slack)

        @app.app.middleware
        async def replies(body: dict[str, Any], respond: Any, next: Any) -> None:  # noqa: A002
            if "actions" in body:
                await respond(text="only for you", replace_original=False)
            await next()

        async with connected(slack, app):
            ann = slack.user("Ann")
            await client_of(slack).chat_postMessage(channel=ann.dm.id, text="choose", blocks=[row("Stop")])
            await ann.presses("Stop")
            await clock.until(lambda: bool(ann.ephemerals))
            assert [message.text_content for message in ann.ephemerals] == ["only for you"]
            assert slack.violations == []


async def test_a_slash_command_comes_with_its_text(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack, connected(slack) as app:
        ann = slack.user("Ann")
        team = slack.channel("team", [ann])
        app.answers = {"text": "Look into your messages.", "response_type": "ephemeral"}
        await ann.runs("/switchboard", "new", in_=team)
        await clock.until(lambda: slack.pending_events == 0)
        body = app.bodies[-1]
        assert (body["command"], body["text"]) == ("/switchboard", "new")
        assert (body["team_id"], body["channel_id"], body["channel_name"]) == (slack.home.id, team.id, "team")
        (note,) = ann.ephemerals
        assert (note.text_content, note.channel) == ("Look into your messages.", team.state)
        assert team.messages == []


async def test_slack_keeps_some_commands_for_itself(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock, commands=["/switchboard"]) as slack:
        ann = slack.user("Ann")
        for command in ("/help", "/status", "/unknown"):
            with pytest.raises(Refused):
                await ann.runs(command)


async def test_a_command_is_not_sent_twice(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack, connected(slack) as app:
        app.refuses = 1
        given = await slack.user("Ann").runs("/switchboard")
        await clock.until(lambda: bool(app.bodies))
        await clock.advance(3)
        assert await slack.redelivers() == 0
        assert (given.acked, given.given_up, len(app.bodies)) == (False, True, 1)


async def test_a_shortcut_opens_a_modal_that_is_filled_in(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack:
        app = hearing_app(slack)

        @app.app.middleware
        async def opens(body: dict[str, Any], next: Any) -> None:  # noqa: A002
            if body.get("type") == "message_action":
                await client_of(slack).views_open(trigger_id=body["trigger_id"], view=ask_modal())
            await next()

        async with connected(slack, app):
            ann, bob = slack.user("Ann"), slack.user("Bob")
            team = slack.channel("team", [ann, bob], with_app=False)
            said = await bob.says("Is this legal?", to=team, mention=False)
            modal = await ann.uses_shortcut(said)
            action = app.bodies[-1]
            assert (action["callback_id"], action["message"]["text"]) == ("ask_specialist", "Is this legal?")
            assert (action["channel"]["id"], action["message_ts"]) == (team.id, said.ts)
            assert (modal.title, modal.inputs) == ("Ask a specialist", ["Specialist", "Your question"])
            assert modal.options("specialist") == ["Anyone", "Lawyer"]
            assert bob.modal is None
            with pytest.raises(Refused):
                await ann.submits(modal, specialist="Lawyer")
            await ann.submits(modal, question="Well?", specialist="Lawyer")
            await clock.until(lambda: slack.pending_events == 0)
            body = app.bodies[-1]
            assert (body["type"], body["view"]["callback_id"]) == ("view_submission", "ask")
            assert body["view"]["private_metadata"] == "kept"
            values = body["view"]["state"]["values"]
            assert values["question"]["text"]["value"] == "Well?"
            assert values["specialist"]["who"]["selected_option"]["value"] == "lawyer"
            assert not modal.is_open
            assert ann.modal is None
            assert slack.violations == []


async def test_errors_keep_a_modal_open(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack, connected(slack) as app:
        ann = slack.user("Ann")
        await ann.runs("/switchboard")
        await clock.until(lambda: slack.pending_events == 0)
        client = client_of(slack)
        await client.views_open(trigger_id=app.bodies[-1]["trigger_id"], view=ask_modal())
        modal = ann.modal
        assert modal is not None
        app.answers = {"response_action": "errors", "errors": {"question": "too short"}}
        await ann.submits(modal, question="?")
        await clock.until(lambda: slack.pending_events == 0)
        assert modal.errors == {"question": "too short"}
        app.answers = {}
        await ann.submits(modal, question="What is law?")
        await clock.until(lambda: slack.pending_events == 0)
        assert not modal.is_open


async def test_the_answer_to_a_submission_can_be_another_modal(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack, connected(slack) as app:
        ann = slack.user("Ann")
        await ann.runs("/switchboard")
        await clock.until(lambda: slack.pending_events == 0)
        await client_of(slack).views_open(trigger_id=app.bodies[-1]["trigger_id"], view=ask_modal())
        app.answers = {"response_action": "push", "view": ask_modal(title=plain("Are you sure?"))}
        first = ann.modal
        assert first is not None
        await ann.submits(first, question="Well?")
        await clock.until(lambda: slack.pending_events == 0)
        assert ann.modal is not None
        assert ann.modal.title == "Are you sure?"
        app.answers = {"response_action": "clear"}
        await ann.submits(ann.modal, question="Well?")
        await clock.until(lambda: ann.modal is None)
        assert not first.is_open
        assert slack.violations == []


async def test_a_wrong_answer_is_a_violation(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack, connected(slack) as app:
        app.answers = {"blocks": [{"type": "hologram"}]}
        await slack.user("Ann").runs("/switchboard")
        await clock.until(lambda: slack.pending_events == 0)
        assert [violation.split(":")[0] for violation in slack.violations] == ["command"]


async def test_a_trigger_is_good_for_three_seconds(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack, connected(slack) as app:
        ann = slack.user("Ann")
        await ann.runs("/switchboard")
        await clock.until(lambda: slack.pending_events == 0)
        await clock.advance(3.5)
        with pytest.raises(SlackApiError, match="expired_trigger_id"):
            await client_of(slack).views_open(trigger_id=app.bodies[-1]["trigger_id"], view=ask_modal())


async def test_a_press_opens_a_form_with_words_in_it_once(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack, connected(slack) as app:
        ann, client = slack.user("Ann"), client_of(slack)
        await client.chat_postMessage(channel=ann.dm.id, text="heard", blocks=[row("Fix")])
        await ann.presses("Fix")
        await clock.until(lambda: slack.pending_events == 0)
        trigger = app.bodies[-1]["trigger_id"]
        field = {"type": "plain_text_input", "action_id": "text", "initial_value": "the ridge", "max_length": 12}
        view = ask_modal(blocks=[{"type": "input", "block_id": "said", "label": plain("You said"), "element": field}])
        await client.views_open(trigger_id=trigger, view=view)
        with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
            await client.views_open(trigger_id=trigger, view=view)
        modal = ann.modal
        assert modal is not None
        assert (modal.value("said"), modal.value("nothing")) == ("the ridge", "")
        for refused in ("", "the bridge is closed"):
            with pytest.raises(Refused):
                await ann.submits(modal, said=refused)
        await ann.submits(modal)
        await clock.until(lambda: slack.pending_events == 0)
        assert app.bodies[-1]["view"]["state"]["values"]["said"]["text"]["value"] == "the ridge"


@pytest.mark.parametrize(
    "broken",
    [
        {"title": plain("x" * 25)},
        {"submit": plain("x" * 25)},
        {"private_metadata": "x" * 3_001},
        {"label": plain("x" * 2_001)},
        {"field": {"initial_value": "x" * 3_001}},
        {"field": {"initial_value": "xx", "max_length": 1}},
        {"field": {"max_length": 3_001}},
    ],
)
async def test_the_limits_of_a_form_hold(clock: ManualClock, broken: dict[str, Any]) -> None:
    async with SlackEmulator(clock=clock) as slack, connected(slack) as app:
        await slack.user("Ann").runs("/switchboard")
        await clock.until(lambda: slack.pending_events == 0)
        parts = dict(broken)
        field = {"type": "plain_text_input", "action_id": "text"} | parts.pop("field", {})
        block = {"type": "input", "block_id": "said", "label": parts.pop("label", plain("You said")), "element": field}
        with pytest.raises(SlackApiError, match=r"invalid_blocks|invalid_arguments"):
            await client_of(slack).views_open(
                trigger_id=app.bodies[-1]["trigger_id"], view=ask_modal(blocks=[block], **parts)
            )


async def test_a_modal_that_is_put_away_is_told_of_when_asked(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack, connected(slack) as app:
        ann = slack.user("Ann")
        await ann.runs("/switchboard")
        await clock.until(lambda: slack.pending_events == 0)
        trigger = app.bodies[-1]["trigger_id"]
        await client_of(slack).views_open(trigger_id=trigger, view=ask_modal(notify_on_close=True))
        assert ann.modal is not None
        await ann.closes(ann.modal)
        await clock.until(lambda: slack.pending_events == 0)
        assert app.bodies[-1]["type"] == "view_closed"
        assert ann.modal is None


async def test_buttons_of_the_home_tab_have_no_message(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack, connected(slack) as app:
        ann = slack.user("Ann")
        section = {"type": "section", "text": {"type": "mrkdwn", "text": "Your threads"}}
        view = {"type": "home", "blocks": [section, row("Settings")]}
        await client_of(slack).views_publish(user_id=ann.id, view=view)
        assert ann.home is not None
        assert (ann.home.text_content, ann.home.buttons) == ("Your threads", ["Settings"])
        await ann.presses("Settings")
        await clock.until(lambda: slack.pending_events == 0)
        body = app.bodies[-1]
        assert (body["container"]["type"], body["view"]["type"]) == ("view", "home")
        assert body["actions"][0]["value"] == "do Settings"
        assert not {"message", "channel"} & body.keys()


async def test_suggested_prompts_are_tapped(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack, connected(slack) as app:
        ann = slack.user("Ann")
        prompts = [{"title": "Weather", "message": "What is the weather like?"}]
        await client_of(slack).assistant_threads_setSuggestedPrompts(channel_id=ann.dm.id, prompts=prompts)
        assert ann.suggestions == ["Weather"]
        await ann.taps("Weather")
        await clock.until(lambda: slack.pending_events == 0)
        assert app.texts == ["What is the weather like?"]


async def test_a_forged_press_is_delivered_too(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack, connected(slack) as app:
        ann = slack.user("Ann")
        await client_of(slack).chat_postMessage(channel=ann.dm.id, text="nothing to press")
        await ann.presses_value("sb:evil", ann.dm.replies[0])
        await clock.until(lambda: slack.pending_events == 0)
        assert app.bodies[-1]["actions"][0]["value"] == "sb:evil"
