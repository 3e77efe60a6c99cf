"""Dialogs: a press opens a form with a text in it, and what is sent comes back to where it was pressed."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from slack_sdk.models.views import View as SdkView

from adapters.slack.emulator import Channel, Message, User, View
from adapters.slack.pages import Form, fill_modal, filled
from bot.domain.errors import Ambiguous, MessengerError, Unrenderable
from bot.domain.incoming import Filled, Press
from bot.domain.messenger import Asking, Button, Dialog, HomeSection, Outgoing
from bot.domain.place import Place
from tests.adapters.slack_cast import Stage, stage

HEARD = Outgoing("> 🎤 the ridge is closed", buttons=((Button("Fix", "fix:7"),),))
DIALOG = Dialog("Fix", "What you said", "Send", "Cancel", "fix:7", "the ridge is closed")
SOMEWHERE = Place("slack", "C1", "1795262400.000100", "T1")


@pytest.fixture
async def here() -> AsyncIterator[Stage]:
    async with stage() as one:
        yield one


async def pressed(here: Stage, ann: User, channel: Channel, thread: "str | Message" = "") -> Press:
    """Ann presses Fix under what was heard."""
    await here.app.send(here.at(channel, thread), HEARD)
    before = len(here.inbox.stored)
    await ann.presses("Fix")
    press = (await here.heard(before + 1)).payload
    assert isinstance(press, Press)
    return press


async def asked(here: Stage, ann: User, channel: Channel, thread: "str | Message" = "") -> View:
    """The form that opens then."""
    press = await pressed(here, ann, channel, thread)
    await here.app.ask(here.at(channel, thread), press.press, DIALOG)
    assert ann.modal is not None
    return ann.modal


async def test_what_was_heard_is_changed_in_a_form(here: Stage) -> None:
    assert isinstance(here.app, Asking)
    ann = here.slack.user("Ann")
    modal = await asked(here, ann, ann.dm)
    assert (modal.title, modal.inputs, modal.value("said")) == ("Fix", ["What you said"], "the ridge is closed")
    await ann.submits(modal, said="the bridge is closed\nreally & <truly>")
    heard = await here.heard(2)
    assert heard.payload == Filled("fix:7", "the bridge is closed\nreally & <truly>")
    assert heard.place == here.at(ann.dm)
    assert (heard.sender.id, heard.sender.name.lower()) == (ann.id, "ann")
    submission = here.slack.deliveries[-1].body
    assert heard.id == f"slack:{here.slack.home.id}:{submission['trigger_id']}"
    await here.settles()
    assert not modal.is_open


async def test_an_answer_from_a_thread_goes_to_the_thread(here: Stage) -> None:
    ann = here.slack.user("Ann")
    team = here.slack.channel("team", [ann])
    for channel in (team, ann.dm):
        message = await ann.says("listen", to=channel)
        count = len(here.inbox.stored) + 1
        await here.inbox.holds(count)
        modal = await asked(here, ann, channel, message)
        await ann.submits(modal)
        heard = await here.heard(count + 2)
        assert heard.payload == Filled("fix:7", "the ridge is closed")
        assert heard.place == here.at(channel, message)


async def test_a_press_still_can_be_answered_with_a_note(here: Stage) -> None:
    ann = here.slack.user("Ann")
    press = await pressed(here, ann, ann.dm)
    await here.app.acknowledge(press.press, "Not yours")
    assert [one.text_content for one in ann.ephemerals] == ["Not yours"]


async def test_a_press_on_the_home_page_opens_a_form_too(here: Stage) -> None:
    ann = here.slack.user("Ann")
    await here.app.show_home(here.at(ann.dm), ann.id, (HomeSection("Fixes", "x", ((Button("Fix", "fix:7"),),)),))
    await ann.presses("Fix")
    heard = await here.heard()
    assert isinstance(heard.payload, Press)
    await here.app.ask(heard.place, heard.payload.press, DIALOG)
    assert ann.modal is not None
    await ann.submits(ann.modal, said="that")
    assert (await here.heard(2)).place == here.at(ann.dm)


async def test_a_late_press_opens_nothing(here: Stage) -> None:
    ann = here.slack.user("Ann")
    press = await pressed(here, ann, ann.dm)
    await here.clock.advance(3.5)
    with pytest.raises(MessengerError, match="expired_trigger_id") as trouble:
        await here.app.ask(here.at(ann.dm), press.press, DIALOG)
    assert not trouble.value.retryable
    assert ann.modal is None


async def test_a_press_opens_one_form(here: Stage) -> None:
    ann = here.slack.user("Ann")
    press = await pressed(here, ann, ann.dm)
    await here.app.ask(here.at(ann.dm), press.press, DIALOG)
    for used in (press.press, "nonsense", f"{here.slack.home.id}/{ann.id}/{ann.dm.id}/"):
        with pytest.raises(MessengerError):
            await here.app.ask(here.at(ann.dm), used, DIALOG)


async def test_trouble_while_a_form_opens_is_not_waited_for(here: Stage) -> None:
    ann = here.slack.user("Ann")
    press = await pressed(here, ann, ann.dm)
    here.slack.faults.floods(30, method="views.open")
    with pytest.raises(MessengerError) as trouble:
        await here.app.ask(here.at(ann.dm), press.press, DIALOG)
    assert type(trouble.value) is MessengerError
    here.slack.faults.drops_after(method="views.open")
    with pytest.raises(Ambiguous):
        await here.app.ask(here.at(ann.dm), press.press, DIALOG)


async def test_a_long_text_is_left_to_another_way(here: Stage) -> None:
    ann = here.slack.user("Ann")
    press = await pressed(here, ann, ann.dm)
    for text in ("x" * 3_001, "🎤" * 1_501):
        with pytest.raises(Unrenderable):
            await here.app.ask(here.at(ann.dm), press.press, replace(DIALOG, text=text))
    assert here.called("views.open") == 0
    await here.app.ask(here.at(ann.dm), press.press, replace(DIALOG, text="x" * 3_000))
    assert ann.modal is not None
    assert ann.modal.value("said") == "x" * 3_000


async def test_nothing_but_spaces_keeps_the_form_open(here: Stage) -> None:
    ann = here.slack.user("Ann", locale="ru-RU")
    modal = await asked(here, ann, ann.dm)
    await ann.submits(modal, said=" \n ")
    await here.settles()
    assert modal.is_open
    assert modal.errors == {"text": "Напишите здесь что-нибудь."}
    await ann.submits(modal, said="мост закрыт")
    assert (await here.heard(2)).payload == Filled("fix:7", "мост закрыт")
    await here.settles()
    assert not modal.is_open


async def test_a_form_without_a_question_stays_open_and_says_so(here: Stage) -> None:
    ann = here.slack.user("Ann")
    team = here.slack.channel("team", [ann])
    modal = await ann.uses_shortcut(await ann.says("The tax is 7 %.", to=team, mention=False))
    await ann.submits(modal, question="  ")
    await here.settles()
    assert modal.is_open
    assert modal.errors == {"question": "Please write something here."}
    assert here.inbox.stored == []


def sent(view: dict[str, Any], text: str) -> dict[str, Any]:
    """The form as Slack sends it back."""
    return view | {"state": {"values": {"text": {"text": {"type": "plain_text_input", "value": text}}}}}


def test_the_form_keeps_to_slacks_limits() -> None:
    view = fill_modal(SOMEWHERE, Dialog("t" * 50, "l" * 3_000, "s" * 50, "c" * 50, "fix:" + "7" * 18))
    assert SdkView(**view).to_dict()["type"] == "modal"
    (block,) = view["blocks"]
    assert [len(view[name]["text"]) for name in ("title", "submit", "close")] == [24, 24, 24]
    assert len(block["label"]["text"]) == 2_000
    assert "initial_value" not in block["element"]
    assert len(view["private_metadata"]) < 3_000


def test_only_our_own_forms_are_read() -> None:
    view = sent(fill_modal(SOMEWHERE, DIALOG), " the bridge ")
    assert filled(view) == Form("fix:7", "C1", "1795262400.000100", "the bridge")
    for other in (
        {},
        view | {"callback_id": "ask_specialist"},
        view | {"private_metadata": "[]"},
        view | {"private_metadata": "{"},
        sent(view, "  "),
    ):
        assert filled(other) is None
