"""What is answered at once while a person waits: forms, what is wrong in them, and the note after a command."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from adapters.slack.client import Client
from adapters.slack.pages import Words, ask_modal, blank
from adapters.slack.parse import Shortcut, shortcut
from adapters.slack.people import People
from bot.domain.errors import MessengerError
from bot.texts import Texts

log = logging.getLogger(__name__)

Specialists = Callable[[str], Sequence[tuple[str, str]]]
"""(name, title) of everyone who may be asked, in the language of an IETF tag."""


class Shortcuts:
    """Nothing of this is stored: a form is only a form, and a note only a note."""

    def __init__(self, client: Client, people: People, texts: Texts, specialists: Specialists) -> None:
        self._client = client
        self._people = people
        self._texts = texts
        self._specialists = specialists

    async def opened(self, body: Mapping[str, Any], team: str) -> bool:
        """Whether `body` was a press of the shortcut, whose form is on the screen now if Slack lets us."""
        wish = shortcut(body)
        if wish is None:
            return False
        try:
            await self._open(wish, team)
        except MessengerError as trouble:
            # The right to open a form lasts three seconds; there is no second try.
            log.warning("the form of a shortcut in %s could not be opened: %s", team, trouble.detail)
        return True

    async def refused(self, body: Mapping[str, Any], team: str) -> dict[str, Any]:
        """What acknowledges a form that was sent with nothing in it: it stays open and says so; else nothing.

        See https://docs.slack.dev/surfaces/modals#displaying_errors.
        """
        view = body.get("view")
        if body.get("type") != "view_submission" or not isinstance(view, Mapping) or not (field := blank(view)):
            return {}
        user = body.get("user")
        person = await self._people.describe(team, str(user.get("id") or "") if isinstance(user, Mapping) else "")
        return {"response_action": "errors", "errors": {field: self._texts.say(person.locale, "slack-form-empty")}}

    async def note(self, body: Mapping[str, Any], team: str) -> dict[str, Any]:
        """What acknowledges `body`: after a command in a channel, where its answer is; else nothing."""
        if "command" not in body or str(body.get("channel_id") or "").startswith("D"):
            return {}
        person = await self._people.describe(team, str(body.get("user_id") or ""))
        return {
            "response_type": "ephemeral",
            "text": self._texts.say(person.locale, "slack-answered-privately"),
        }

    async def _open(self, wish: Shortcut, team: str) -> None:
        person = await self._people.describe(team, wish.user)
        writer = str(wish.message.get("user") or "")
        author = (await self._people.describe(team, writer)).name if writer else ""
        view = ask_modal(self._specialists(person.locale), wish.message, self._words(person.locale), author)
        await self._client.call(team, lambda web: web.views_open(trigger_id=wish.trigger, view=view))

    def _words(self, locale: str) -> Words:
        def say(key: str) -> str:
            return self._texts.say(locale, f"slack-ask-{key}")

        return Words(
            title=say("title"),
            specialist=say("specialist"),
            anyone=say("anyone"),
            question=say("question"),
            about=say("about"),
            submit=say("submit"),
            cancel=say("cancel"),
        )
