"""The manifest names exactly what the wing uses."""

import re
from pathlib import Path

import pytest

from adapters.slack.address import UMBRELLA
from adapters.slack.manifest import EVENTS, RESERVED, SCOPES, manifest
from adapters.slack.pages import ASK
from bot.commands.names import MENU

WING = Path(__file__).parents[2] / "adapters" / "slack"
COMMANDS = [(name, f"About {name}") for name in MENU]
METHODS = {
    "app_mentions:read": (),
    "assistant:write": ("assistant_threads_setSuggestedPrompts",),
    "channels:history": ("conversations_replies", "conversations_history"),
    "chat:write": ("chat_postMessage", "chat_update", "agents_sessions_setStatus"),
    "commands": (),
    "files:read": ("files_info",),
    "files:write": ("files_upload_v2",),
    "groups:history": ("conversations_replies",),
    "im:history": ("conversations_history",),
    "im:write": ("conversations_open",),
    "mpim:history": ("conversations_replies",),
    "reactions:read": ("reactions_get",),
    "users:read": ("users_info",),
}
"""Scope → calls of ours that need it; scopes without calls are for events and commands."""


def test_every_scope_has_its_use_and_stands_once() -> None:
    source = "\n".join(path.read_text() for path in WING.glob("*.py"))
    assert list(SCOPES) == sorted(set(SCOPES)) == sorted(METHODS)
    for scope, methods in METHODS.items():
        for method in methods:
            assert re.search(rf"\b{method}\(", source), (scope, method)


def test_every_event_is_understood_and_stands_once() -> None:
    source = "\n".join((WING / name).read_text() for name in ("parse.py", "receiver.py"))
    assert list(EVENTS) == sorted(set(EVENTS))
    for event in EVENTS:
        assert f'"{event.partition(".")[0]}"' in source, event


def test_by_socket_nothing_of_ours_has_an_address() -> None:
    made = manifest("Switchboard", "Answers.", commands=COMMANDS)
    assert made["settings"]["socket_mode_enabled"] is True
    assert "url" not in str(made).replace("urls", "")
    assert "redirect_urls" not in made["oauth_config"]
    assert made["oauth_config"]["scopes"]["bot"] == list(SCOPES)
    assert made["settings"]["event_subscriptions"] == {"bot_events": list(EVENTS)}


def test_by_http_everything_is_posted_to_one_address() -> None:
    made = manifest(
        "Switchboard",
        "Answers.",
        commands=COMMANDS,
        public_url="https://sb.example/",
        return_url="https://sb.example/slack/back",
    )
    hook = "https://sb.example/slack/events"
    settings = made["settings"]
    assert settings["socket_mode_enabled"] is False
    assert settings["event_subscriptions"]["request_url"] == settings["interactivity"]["request_url"] == hook
    assert {command["url"] for command in made["features"]["slash_commands"]} == {hook}
    assert made["oauth_config"]["redirect_urls"] == ["https://sb.example/slack/back"]


def test_our_commands_are_registered_but_those_that_slack_reserves() -> None:
    made = manifest("Switchboard", "Answers.", commands=COMMANDS)
    names = [command["command"] for command in made["features"]["slash_commands"]]
    assert names[0] == f"/{UMBRELLA}"
    assert "/new" in names
    assert not {"/search", "/help", "/archive", "/rename"} & set(names)
    assert set(names[1:]) == {f"/{name}" for name in MENU if name not in RESERVED}


def test_the_shortcut_leads_to_the_form() -> None:
    (found,) = manifest("Switchboard", "Answers.", commands=())["features"]["shortcuts"]
    assert (found["type"], found["callback_id"]) == ("message", ASK)


@pytest.mark.parametrize("description", ["", "x" * 500])
def test_texts_keep_slacks_limits(description: str) -> None:
    made = manifest("S" * 50, description, commands=COMMANDS)
    assert len(made["display_information"]["name"]) <= 35
    assert len(made["display_information"]["description"]) <= 140
    assert len(made["features"]["shortcuts"][0]["name"]) <= 24
