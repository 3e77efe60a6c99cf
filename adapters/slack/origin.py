"""In which of our workspaces something happened: in channels that workspaces share, people of others speak to us."""

from collections.abc import Mapping
from typing import Any


def workspace_of(body: Mapping[str, Any]) -> str:
    """The workspace that installed us and hears this; '' when the body does not say.

    An event says by whom it may be seen (docs.slack.dev/apis/events-api/#authorizations). An interaction names the
    workspace of the person under `team`, which in a shared channel may be another one; our own message and our own view
    tell ours.
    """
    authorizations = body.get("authorizations")
    first = authorizations[0] if isinstance(authorizations, list) and authorizations else None
    candidates = (
        _field(first, "team_id"),
        _field(body.get("view"), "app_installed_team_id"),
        _of_ours(body),
        _field(body.get("team"), "id") or body.get("team"),
        body.get("team_id"),
        _field(body.get("user"), "team_id"),
        _field(body.get("view"), "team_id"),
    )
    return next((one for one in candidates if isinstance(one, str) and one), "")


def _of_ours(body: Mapping[str, Any]) -> object:
    """The workspace of the message that carried a button of ours."""
    message = body.get("message")
    if not _field(message, "bot_id") or _field(message, "app_id") != body.get("api_app_id"):
        return None
    profile = message.get("bot_profile") if isinstance(message, Mapping) else None
    return _field(profile, "team_id") or _field(message, "team")


def _field(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, Mapping) else None
