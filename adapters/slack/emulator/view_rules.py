"""The rules of modals and Home tabs; https://docs.slack.dev/reference/views/."""

from collections.abc import Callable

from adapters.slack.emulator.blocks import MAX_VIEW_BLOCKS, read_blocks
from adapters.slack.emulator.elements import plain
from adapters.slack.emulator.shapes import Check, anything, as_object, flag, list_of, one_of, shape, text, wrong
from adapters.slack.emulator.wire import Json

_BOTH: dict[str, Check] = {"callback_id": text(255), "private_metadata": text(3000, 0), "external_id": text(255)}
_BLOCKS: Check = list_of(anything, 1, MAX_VIEW_BLOCKS)
_MODAL = shape(
    {"type": one_of("modal"), "title": plain(24), "blocks": _BLOCKS},
    {
        **_BOTH,
        "submit": plain(24),
        "close": plain(24),
        "clear_on_close": flag,
        "notify_on_close": flag,
        "submit_disabled": flag,
    },
)
_HOME = shape({"type": one_of("home"), "blocks": _BLOCKS}, _BOTH)


def read_modal(value: object, name: Callable[[], str]) -> Json:
    """A modal with its ids filled in; Refusal (`invalid_blocks`) when it breaks a rule."""
    _MODAL(value, "/view")
    view = dict(as_object(value, "/view"))
    view["blocks"] = read_blocks(view["blocks"], "modal", name, pointer="/view/blocks")
    if "submit" not in view and any(one["type"] == "input" for one in view["blocks"]):
        raise wrong("missing required field: submit (a modal with input blocks needs it)", "/view")
    return view


def read_home(value: object, name: Callable[[], str]) -> Json:
    """A Home tab with its ids filled in; Refusal (`invalid_blocks`) when it breaks a rule."""
    _HOME(value, "/view")
    view = dict(as_object(value, "/view"))
    view["blocks"] = read_blocks(view["blocks"], "home", name, pointer="/view/blocks")
    return view
