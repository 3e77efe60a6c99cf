"""Modals and Home tabs; https://docs.slack.dev/reference/methods/#views."""

from adapters.slack.emulator.request import Method, Request
from adapters.slack.emulator.state import ViewState
from adapters.slack.emulator.view_rules import read_home, read_modal
from adapters.slack.emulator.wire import Json, Refusal, invalid_arguments


def open_view(request: Request) -> Json:
    view = read_modal(request.value("view"), request.name_part)
    trigger = request.world.use_trigger(request.team, request.text("trigger_id"))
    state = request.world.add_view(trigger.user, view)
    request.team.modals[state.id] = state
    return _answer(request, state)


def update_view(request: Request) -> Json:
    state = _known(request)
    view = read_modal(request.value("view"), request.name_part)
    if state.closed:
        raise Refusal("not_found")
    _change(request, state, view)
    return _answer(request, state)


def _known(request: Request) -> ViewState:
    if request.has("view_id") == request.has("external_id"):
        raise invalid_arguments("exactly one of view_id and external_id is required")
    wanted = request.text("external_id")
    state = request.team.modals.get(request.text("view_id")) or next(
        (one for one in request.team.modals.values() if wanted and one.view.get("external_id") == wanted), None
    )
    if state is None:
        raise Refusal("not_found")
    return state


def publish_view(request: Request) -> Json:
    user = request.text("user_id")
    if user not in request.team.members:
        raise Refusal("user_not_found")
    view = read_home(request.value("view"), request.name_part)
    state = request.team.homes.get(user)
    if state is None:
        state = request.team.homes[user] = request.world.add_view(user, view)
    else:
        _change(request, state, view)
    return _answer(request, state)


def _change(request: Request, state: ViewState, view: Json) -> None:
    if request.has("hash") and request.text("hash") != state.hash:
        raise Refusal("hash_conflict")
    state.view = view
    state.hash = request.world.new_hash()
    state.versions.append(view)


def _answer(request: Request, state: ViewState) -> Json:
    team = request.team
    ids = {"id": state.id, "team_id": team.id, "app_id": team.app, "bot_id": team.bot, "hash": state.hash}
    return {"view": state.view | ids | {"state": {"values": {}}, "root_view_id": state.id}}


METHODS = (
    Method(
        "views.open",
        open_view,
        "tier4",
        {"trigger_id": "text", "view": "object"},
        channel="",
        not_emulated=frozenset({"interactivity_pointer"}),
    ),
    Method(
        "views.update",
        update_view,
        "tier4",
        {"view": "object"},
        {"view_id": "text", "external_id": "text", "hash": "text"},
        channel="",
    ),
    Method("views.publish", publish_view, "tier4", {"user_id": "text", "view": "object"}, {"hash": "text"}, channel=""),
)
