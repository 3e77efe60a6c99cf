"""Block Kit's text objects, buttons and inputs, with their limits.

https://docs.slack.dev/reference/block-kit/composition-objects/ and …/block-elements/. Elements that we do not use and
Slack knows (date pickers, conversation selects, …) are refused here like unknown ones.
"""

from adapters.slack.emulator.shapes import (
    Check,
    all_different,
    anything,
    as_object,
    every,
    exactly_one,
    flag,
    list_of,
    number,
    one_of,
    shape,
    tagged,
    text,
    url,
    wrong,
)

ACTION_ID = text(255)
BUTTON_VALUE = text(2000)


def plain(longest: int) -> Check:
    """A `plain_text` object."""
    return shape({"type": one_of("plain_text"), "text": text(longest)}, {"emoji": flag})


def any_text(longest: int) -> Check:
    """A `plain_text` or a `mrkdwn` object."""
    return tagged({"plain_text": plain(longest), "mrkdwn": _mrkdwn(longest)})


def _mrkdwn(longest: int) -> Check:
    return shape({"type": one_of("mrkdwn"), "text": text(longest)}, {"verbatim": flag})


_CONFIRM = shape(
    {"title": plain(100), "text": any_text(300), "confirm": plain(30), "deny": plain(30)},
    {"style": one_of("primary", "danger")},
)
_OPTION = shape({"text": any_text(75), "value": text(150)}, {"description": any_text(75), "url": url()})
_OPTION_GROUP = shape({"label": plain(75), "options": list_of(_OPTION, 1, 100)})
_OPTIONS = {"options": list_of(_OPTION, 1, 100), "option_groups": list_of(_OPTION_GROUP, 1, 100)}
_COMMON = {"action_id": ACTION_ID, "confirm": _CONFIRM, "focus_on_load": flag}
_FEEDBACK_BUTTON = shape({"text": plain(75), "value": BUTTON_VALUE}, {"accessibility_label": text(75)})
IMAGE = shape({"type": anything, "alt_text": text(2000), "image_url": url()})
_BUTTON = shape(
    {"type": anything, "text": plain(75)},
    {
        "action_id": ACTION_ID,
        "value": BUTTON_VALUE,
        "url": url(),
        "style": one_of("primary", "danger"),
        "confirm": _CONFIRM,
        "accessibility_label": text(75),
    },
)


def _initial_is_an_option(value: object, pointer: str) -> None:
    select = as_object(value, pointer)
    groups = [group["options"] for group in select.get("option_groups", [])]
    options = [one for group in [select.get("options", []), *groups] for one in group]
    chosen = [select["initial_option"]] if "initial_option" in select else select.get("initial_options", [])
    if any(one not in options for one in chosen):
        raise wrong("initial option must be one of the options", pointer)


def _options_differ(value: object, pointer: str) -> None:
    values = [one["value"] for one in as_object(value, pointer).get("options", [])]
    all_different(values, "option value", f"{pointer}/options")


_STATIC_SELECT = every(
    shape({"type": anything}, {"placeholder": plain(150), "initial_option": _OPTION, **_OPTIONS, **_COMMON}),
    exactly_one("options", "option_groups"),
    _options_differ,
    _initial_is_an_option,
)


def _choices(initial: str, check: Check) -> Check:
    """Radio buttons or checkboxes."""
    return every(
        shape({"type": anything, "options": list_of(_OPTION, 1, 10)}, {initial: check, **_COMMON}),
        _options_differ,
        _initial_is_an_option,
    )


def _initial_fits(value: object, pointer: str) -> None:
    field = as_object(value, pointer)
    if len(field.get("initial_value", "")) > field.get("max_length", 3000):
        raise wrong("initial_value must be less than max_length", pointer)


_PLAIN_TEXT_INPUT = every(
    shape(
        {"type": anything},
        {
            "action_id": ACTION_ID,
            "initial_value": text(3000, 0),
            "multiline": flag,
            "min_length": number(0, 3000),
            "max_length": number(1, 3000),
            "placeholder": plain(150),
            "focus_on_load": flag,
            "dispatch_action_config": anything,
        },
    ),
    _initial_fits,
)
_OVERFLOW = shape({"type": anything, "options": list_of(_OPTION, 1, 5)}, {"action_id": ACTION_ID, "confirm": _CONFIRM})
_USERS_SELECT = shape({"type": anything}, {"placeholder": plain(150), "initial_user": text(20), **_COMMON})
_RADIO = _choices("initial_option", _OPTION)
_CHECKBOXES = _choices("initial_options", list_of(_OPTION, 1, 10))

ACTION_ELEMENTS = tagged(
    {
        "button": _BUTTON,
        "static_select": _STATIC_SELECT,
        "overflow": _OVERFLOW,
        "radio_buttons": _RADIO,
        "checkboxes": _CHECKBOXES,
        "users_select": _USERS_SELECT,
    }
)
INPUT_ELEMENTS = tagged(
    {
        "plain_text_input": _PLAIN_TEXT_INPUT,
        "static_select": _STATIC_SELECT,
        "radio_buttons": _RADIO,
        "checkboxes": _CHECKBOXES,
        "users_select": _USERS_SELECT,
    }
)
CONTEXT_ACTION_ELEMENTS = tagged(
    {
        "feedback_buttons": shape(
            {"type": anything, "positive_button": _FEEDBACK_BUTTON, "negative_button": _FEEDBACK_BUTTON},
            {"action_id": ACTION_ID},
        ),
        "icon_button": shape(
            {"type": anything, "icon": one_of("trash"), "text": plain(75)},
            {
                "action_id": ACTION_ID,
                "value": BUTTON_VALUE,
                "confirm": _CONFIRM,
                "accessibility_label": text(75),
                "visible_to_user_ids": anything,
            },
        ),
    }
)
ACCESSORIES = tagged(
    {
        "button": _BUTTON,
        "image": IMAGE,
        "static_select": _STATIC_SELECT,
        "overflow": _OVERFLOW,
        "radio_buttons": _RADIO,
        "checkboxes": _CHECKBOXES,
        "users_select": _USERS_SELECT,
    }
)
CONTEXT_ELEMENTS = tagged({"image": IMAGE, "plain_text": plain(3000), "mrkdwn": _mrkdwn(3000)})
