"""Modals filled in, and what the app's acknowledgements do to what is on the screen."""

from collections.abc import Mapping

from adapters.slack.emulator.blocks import read_blocks
from adapters.slack.emulator.screens import find_input
from adapters.slack.emulator.state import ChannelState, TeamState, ViewState
from adapters.slack.emulator.view_rules import read_modal
from adapters.slack.emulator.wire import Json, Refusal
from adapters.slack.emulator.world import World
from bot.domain.errors import Refused

_CHOOSERS = frozenset({"static_select", "radio_buttons"})


def filled_in(blocks: list[Json], values: Mapping[str, str]) -> Json:
    """The `state.values` of a view; Refused when a name fits no input, or a required one is empty."""
    given: dict[str, str] = {}
    for name, value in values.items():
        block = find_input(blocks, name)
        if block is None:
            raise Refused(f"the modal asks for no {name!r}")
        given[str(block["block_id"])] = value
    state: Json = {}
    for block in blocks:
        if block.get("type") != "input":
            continue
        element, key = block["element"], str(block["block_id"])
        entered = _entered(element, given.get(key))
        if not block.get("optional") and entered.get("value", entered.get("selected_option")) in (None, ""):
            raise Refused(f"please fill in {block['label']['text']!r}")
        state[key] = {element["action_id"]: entered}
    return state


def _entered(element: Json, value: str | None) -> Json:
    kind = str(element["type"])
    if kind == "plain_text_input":
        text = element.get("initial_value") if value is None else value
        if text is not None and len(text) > int(element.get("max_length", 3000)):
            raise Refused("the input takes no more characters")
        return {"type": kind, "value": text or None}
    if kind not in _CHOOSERS:
        raise Refused(f"nobody knows how to fill in a {kind} here")
    if value is None:
        return {"type": kind, "selected_option": element.get("initial_option")}
    for option in _options(element):
        if value in (option["text"]["text"], option["value"]):
            return {"type": kind, "selected_option": option}
    raise Refused(f"there is no option {value!r}")


def _options(element: Json) -> list[Json]:
    groups = element.get("option_groups", [])
    return list(element.get("options", [])) + [option for group in groups for option in group["options"]]


def take_view_answer(world: World, team: TeamState, view: ViewState, payload: Json) -> None:
    """What the acknowledgement of a submission does; https://docs.slack.dev/surfaces/modals/#close_current_view."""
    match payload.get("response_action"):
        case None:
            if payload:
                world.violations.append("view_submission: the answer has no response_action")
            view.closed = True
        case "errors":
            view.view["errors"] = _known_errors(world, view, payload.get("errors"))
        case "clear":
            for one in team.modals.values():
                one.closed = one.closed or one.user == view.user
        case "update" | "push" as action:
            _show(world, team, view, action, payload.get("view"))
        case action:
            world.violations.append(f"view_submission: the answer {action!r} is not known")


def _show(world: World, team: TeamState, view: ViewState, action: str, given: object) -> None:
    try:
        shown = read_modal(given, lambda: f"e{next(world.ids)}")
    except Refusal as refusal:
        world.violations.append(f"view_submission: {refusal.error} {refusal.detail}".rstrip())
        return
    if action == "update":
        view.view = shown
        view.versions.append(shown)
    else:
        pushed = world.add_view(view.user, shown)
        team.modals[pushed.id] = pushed


def _known_errors(world: World, view: ViewState, errors: object) -> dict[str, str]:
    inputs = {block.get("block_id") for block in view.view["blocks"] if block.get("type") == "input"}
    if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
        world.violations.append("view_submission: errors name inputs that the view has not")
        return {}
    return {str(name): str(text) for name, text in errors.items()}


def take_command_answer(world: World, team: TeamState, channel: ChannelState, user: str, payload: Json) -> None:
    """The body of an acknowledged command is shown: to its author alone unless it says `in_channel`."""
    try:
        blocks = read_blocks(payload.get("blocks") or [], "message", lambda: f"e{next(world.ids)}")
    except Refusal as refusal:
        world.violations.append(f"command: {refusal.error} {refusal.detail}".rstrip())
        return
    text = str(payload.get("text") or "")
    if not text and not blocks:
        return
    alone = "" if payload.get("response_type") == "in_channel" else user
    world.add_message(channel, team.bot_user, bot=team.bot, text=text, blocks=blocks, ephemeral_for=alone)
