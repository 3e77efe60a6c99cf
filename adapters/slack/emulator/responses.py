"""Answers to an interaction through its `response_url`: five within thirty minutes.

https://docs.slack.dev/interactivity/handling-user-interaction/#message_responses
"""

from adapters.slack.emulator.blocks import read_blocks
from adapters.slack.emulator.shapes import anything, flag, one_of, shape, text
from adapters.slack.emulator.state import ResponseUrlState
from adapters.slack.emulator.texts import MAX_POST_TEXT
from adapters.slack.emulator.wire import Json, Refusal
from adapters.slack.emulator.world import World

RESPONSE_SECONDS = 30 * 60.0
MAX_RESPONSES = 5
_BODY = shape(
    {},
    {
        "text": text(MAX_POST_TEXT, 0),
        "blocks": anything,
        "response_type": one_of("ephemeral", "in_channel"),
        "replace_original": flag,
        "delete_original": flag,
        "thread_ts": text(20),
        "unfurl_links": flag,
        "unfurl_media": flag,
    },
)


def respond(world: World, key: str, body: Json) -> None:
    """Post, replace or delete what the interaction was about; Refusal when the address is used up or the body wrong."""
    place = world.response_urls.get(key)
    if place is None:
        raise Refusal("no_such_url", status=404)
    if place.uses >= MAX_RESPONSES:
        raise Refusal("used_url", status=404)
    if world.clock.monotonic() - place.at > RESPONSE_SECONDS:
        raise Refusal("expired_url", status=404)
    place.uses += 1
    _BODY(body, "")
    if body.get("delete_original") or body.get("replace_original"):
        _change_original(world, place, body)
    else:
        _post(world, place, body)


def _content(world: World, body: Json) -> Json:
    blocks = read_blocks(body.get("blocks", []), "message", lambda: f"e{next(world.ids)}")
    if not blocks and not body.get("text"):
        raise Refusal("no_text", status=400)
    return {"text": body.get("text", ""), "blocks": blocks}


def _change_original(world: World, place: ResponseUrlState, body: Json) -> None:
    channel = world.teams[place.team].channels[place.channel]
    message = next((one for one in channel.messages if one.ts == place.message_ts and not one.deleted), None)
    if message is None:
        raise Refusal("message_not_found", status=404)
    if body.get("delete_original"):
        message.deleted = True
        return
    content = _content(world, body)
    message.text, message.blocks = content["text"], content["blocks"]
    world.change_message(message)


def _post(world: World, place: ResponseUrlState, body: Json) -> None:
    team = world.teams[place.team]
    private = body.get("response_type", "ephemeral") == "ephemeral"
    world.add_message(
        team.channels[place.channel],
        team.bot_user,
        bot=team.bot,
        thread_ts=body.get("thread_ts", place.thread_ts),
        ephemeral_for=place.user if private else "",
        **_content(world, body),
    )
