"""Keyboards under messages: what Telegram accepts."""

from adapters.telegram.emulator.rich_measure import check_callback_data
from adapters.telegram.emulator.wire import Json, bad_request

MAX_BUTTONS = 100
MAX_BUTTONS_IN_ROW = 8
MAX_PLACEHOLDER = 64
_ACTIONS = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
    "disabled",
)


def read_markup(raw: object, *, inline_only: bool = False) -> Json | None:
    """The markup to store, `None` for none; Refusal when a button or the size is wrong."""
    if raw is None:
        return None
    if not isinstance(raw, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" in raw:
        return _inline(raw)
    if inline_only:
        raise bad_request("inline keyboard expected")
    placeholder = raw.get("input_field_placeholder")
    if placeholder is not None and not 1 <= len(str(placeholder)) <= MAX_PLACEHOLDER:
        raise bad_request("can't parse reply markup: input field placeholder must be of 1-64 characters")
    if "force_reply" in raw and raw["force_reply"] is not True:
        raise bad_request('can\'t parse reply markup: field "force_reply" must be True')
    return dict(raw)


def _inline(raw: Json) -> Json | None:
    rows = [row for row in raw["inline_keyboard"] if row]
    if sum(len(row) for row in rows) > MAX_BUTTONS or any(len(row) > MAX_BUTTONS_IN_ROW for row in rows):
        raise bad_request("reply markup is too long")
    for button in (button for row in rows for button in row):
        _check(button)
    return {"inline_keyboard": rows} if rows else None


def _check(button: Json) -> None:
    if not str(button.get("text", "")).strip():
        raise bad_request("can't parse inline keyboard button: text must be non-empty")
    actions = [name for name in _ACTIONS if button.get(name) is not None]
    if not actions:
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise bad_request("can't parse inline keyboard button: exactly one action must be specified")
    check_callback_data(button)
