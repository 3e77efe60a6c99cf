"""The verbs, through the real client, against an emulated Telegram that enforces its rules."""

import asyncio

import pytest

from adapters.telegram.emulator.emulator import TelegramEmulator
from adapters.telegram.messenger import TelegramMessenger
from bot.domain.errors import (
    MessageGone,
    NotModified,
    Unrenderable,
)
from bot.domain.incoming import Incoming, Press, StopRequest
from bot.domain.messenger import (
    Acknowledging,
    Button,
    Drafting,
    File,
    Finding,
    Hooked,
    Menus,
    Messenger,
    Outgoing,
    Typing,
)
from bot.domain.place import Ref
from tests.adapters.telegram_cast import AGAIN, at
from tests.fakes.clock import ManualClock


def last_call(tg: TelegramEmulator, method: str) -> dict[str, object]:
    return next(call.params for call in reversed(tg.calls) if call.method == method)


def test_it_offers_what_the_house_asks_for() -> None:
    made: Messenger = TelegramMessenger("42:TEST", ManualClock())
    assert isinstance(made, Drafting)
    assert isinstance(made, Typing)
    assert isinstance(made, Acknowledging)
    assert isinstance(made, Finding)
    assert isinstance(made, Menus)
    assert isinstance(made, Hooked)
    assert made.hook_path is None
    assert made.name == "telegram"
    hooked = TelegramMessenger(
        "42:TEST", ManualClock(), mode="webhook", public_url="https://bot.example", webhook_secret="hush"
    )
    assert hooked.hook_path == "/telegram/webhook"


def test_private_chats_grow_by_drafts_and_groups_by_edits() -> None:
    made = TelegramMessenger("42:TEST", ManualClock())
    assert made.capabilities(at(7)).streaming == "drafts"
    assert made.capabilities(at(7)).draft_ttl_seconds == 30
    assert made.capabilities(at(-100, 3)).streaming == "edits"
    assert any(rate.count <= 20 and rate.seconds == 60 for rate in made.capabilities(at(-100)).sends)
    assert made.fits(at(7), "x" * 20_000)
    assert not made.fits(at(-100), "x" * 5_000)


# Sending


async def test_in_private_the_final_is_a_rich_message(tg: TelegramEmulator, bot: TelegramMessenger) -> None:
    ann = tg.user("Ann")
    ref = await bot.send(at(ann.id), Outgoing("# Plan\n\n- **one**\n- two", AGAIN))
    (reply,) = ann.private.replies
    assert ref == Ref(at(ann.id), str(reply.message_id))
    assert reply.rich_html is not None
    assert "<h1>" in reply.rich_html
    assert [(one["text"], one["callback_data"], one.get("style")) for one in reply.buttons] == [
        ("Again", "again:7", None),
        ("👍", "up:7", "success"),
    ]


async def test_in_a_group_the_final_is_text_with_entities(tg: TelegramEmulator, bot: TelegramMessenger) -> None:
    team = tg.supergroup("Team")
    await bot.send(at(team.id), Outgoing("so **bold** 😀 `code`", AGAIN))
    (reply,) = team.replies
    assert reply.text == "so bold 😀 code"
    assert [entity["type"] for entity in reply.entities] == ["bold", "code"]
    call = last_call(tg, "sendMessage")
    assert "parse_mode" not in call
    assert call["link_preview_options"] == {"is_disabled": True}


async def test_a_topic_keeps_its_replies(tg: TelegramEmulator, bot: TelegramMessenger) -> None:
    ann = tg.user("Ann")
    forum = tg.supergroup("Forum", members=[ann], forum=True)
    topic = await ann.creates_topic("Case", forum)
    asked = await ann.says("hm", forum, topic)
    place = at(forum.id, topic.id)
    await bot.send(place, Outgoing("here", reply_to=Ref(place, str(asked.message_id))))
    reply = forum.replies[-1]
    assert (reply.topic, reply.reply_to) == (topic.id, asked)


async def test_a_private_topic_is_answered_in_the_topic(tg: TelegramEmulator, bot: TelegramMessenger) -> None:
    ann = tg.user("Ann")
    topic = await ann.creates_topic("Travel")
    await bot.draft(at(ann.id, topic.id), 1, Outgoing("to", streaming=True))
    await bot.send(at(ann.id, topic.id), Outgoing("to Rome"))
    assert ann.private.replies[-1].topic == topic.id
    assert ann.private.drafts[-1].topic == topic.id


async def test_a_reply_to_a_message_that_is_gone_is_sent_anyway(tg: TelegramEmulator, bot: TelegramMessenger) -> None:
    ann = tg.user("Ann")
    await bot.send(at(ann.id), Outgoing("still here", reply_to=Ref(at(ann.id), "999")))
    assert ann.private.replies[-1].text_content == "still here"


@pytest.mark.parametrize("text", ["", "   ", "\n\n", "\u0000", "```\n```"])
async def test_what_nobody_would_see_is_never_sent(tg: TelegramEmulator, bot: TelegramMessenger, text: str) -> None:
    ann, team = tg.user("Ann"), tg.supergroup("Team")
    for chat in (ann.id, team.id):
        with pytest.raises(Unrenderable):
            await bot.send(at(chat), Outgoing(text))
    assert tg.calls == []


@pytest.mark.parametrize(
    "text", ["a\ud800b", "\u202eright to left مرحبا", "z" + "\u0301" * 500, "x\x00y", "<b>tag</b> & <script>", "[a](b"]
)
async def test_nasty_text_is_accepted_everywhere(tg: TelegramEmulator, bot: TelegramMessenger, text: str) -> None:
    ann, team = tg.user("Ann"), tg.supergroup("Team")
    await bot.draft(at(ann.id), 1, Outgoing(text, thinking=text, streaming=True))
    for chat in (ann.id, team.id):
        await bot.send(at(chat), Outgoing(text))
    assert {call.status for call in tg.calls} == {200}


async def test_a_rich_message_that_is_refused_goes_out_as_text(tg: TelegramEmulator, bot: TelegramMessenger) -> None:
    ann = tg.user("Ann")
    tg.faults.fails(400, "Bad Request: can't parse rich message", method="sendRichMessage")
    await bot.send(at(ann.id), Outgoing("so **bold**", AGAIN))
    (reply,) = ann.private.replies
    assert reply.text == "so bold"
    assert len(reply.buttons) == 2


async def test_a_refused_rich_message_too_long_for_text_is_unrenderable(
    tg: TelegramEmulator, bot: TelegramMessenger
) -> None:
    ann = tg.user("Ann")
    tg.faults.fails(400, "Bad Request: RICH_MESSAGE_INVALID", method="sendRichMessage")
    with pytest.raises(Unrenderable):
        await bot.send(at(ann.id), Outgoing("word " * 2_000))
    assert ann.private.replies == []


async def test_a_bot_api_server_without_rich_messages_gets_text(tg: TelegramEmulator, bot: TelegramMessenger) -> None:
    ann = tg.user("Ann")
    tg.faults.fails(404, "Not Found: method not found", method="sendRichMessage")
    await bot.send(at(ann.id), Outgoing("hello"))
    assert ann.private.replies[-1].text == "hello"


async def test_a_file_carries_its_caption(tg: TelegramEmulator, bot: TelegramMessenger) -> None:
    ann = tg.user("Ann")
    await bot.send(at(ann.id), Outgoing("the **code**", AGAIN, file=File("ma\nin.py", b"print(1)", "text/x-python")))
    (reply,) = ann.private.replies
    assert reply.caption == "the code"
    assert reply.media["document"]["file_name"] == "ma_in.py"
    assert len(reply.buttons) == 2


@pytest.mark.parametrize(
    "outgoing",
    [
        Outgoing("x" * 1025, file=File("a.txt", b"a")),
        Outgoing("", file=File("a.txt", b"")),
        Outgoing("", file=File("a.txt", bytes(50_000_001))),
    ],
    ids=["caption too long", "empty file", "huge file"],
)
async def test_a_file_that_telegram_would_refuse_is_not_sent(
    tg: TelegramEmulator, bot: TelegramMessenger, outgoing: Outgoing
) -> None:
    with pytest.raises(Unrenderable):
        await bot.send(at(tg.user("Ann").id), outgoing)
    assert tg.calls == []


async def test_an_action_longer_than_a_button_holds_is_a_mistake_of_ours(
    tg: TelegramEmulator, bot: TelegramMessenger
) -> None:
    with pytest.raises(ValueError, match="64 bytes"):
        await bot.send(at(tg.user("Ann").id), Outgoing("x", ((Button("go", "я" * 33),),)))


# Growing replies


async def test_a_draft_shows_thinking_then_text_and_can_be_stopped(
    tg: TelegramEmulator, bot: TelegramMessenger
) -> None:
    ann = tg.user("Ann")
    await bot.draft(at(ann.id), 5, Outgoing("", thinking="Let me see", streaming=True))
    draft = ann.private.draft
    assert draft is not None
    assert (draft.thinking, draft.can_stop, draft.keep_on_stop) == ("Let me see", True, True)
    await bot.draft(at(ann.id), 5, Outgoing("**Half a", streaming=True))
    draft = ann.private.draft
    assert draft is not None
    assert (draft.draft_id, draft.text_content, draft.thinking) == (5, "Half a", "")
    await bot.send(at(ann.id), Outgoing("**Half a** day"))
    assert ann.private.draft is None


async def test_an_empty_draft_still_shows_that_we_think(tg: TelegramEmulator, bot: TelegramMessenger) -> None:
    ann = tg.user("Ann")
    await bot.draft(at(ann.id), 1, Outgoing("", streaming=True))
    draft = ann.private.draft
    assert draft is not None
    assert draft.thinking == "…"


@pytest.mark.parametrize("draft", [1, 2**31 - 1, 2**31, 2**40, 0, -3])
async def test_every_draft_number_becomes_one_that_telegram_takes(
    tg: TelegramEmulator, bot: TelegramMessenger, draft: int
) -> None:
    ann = tg.user("Ann")
    await bot.draft(at(ann.id), draft, Outgoing("x", streaming=True))
    shown = ann.private.draft
    assert shown is not None
    assert 1 <= shown.draft_id < 2**31


async def test_groups_have_no_drafts(tg: TelegramEmulator, bot: TelegramMessenger) -> None:
    with pytest.raises(Unrenderable):
        await bot.draft(at(tg.supergroup("Team").id), 1, Outgoing("x", streaming=True))


async def test_in_a_group_the_status_is_a_last_line_until_the_final(
    tg: TelegramEmulator, bot: TelegramMessenger
) -> None:
    place = at(tg.supergroup("Team").id)
    (team,) = tg.chats
    ref = await bot.send(place, Outgoing("", status="Thinking", streaming=True))
    assert team.replies[-1].text == "Thinking"
    await bot.edit(ref, Outgoing("Two **words** 😀", status="Searching", streaming=True))
    reply = team.replies[-1]
    assert reply.text == "Two words 😀\n\nSearching"
    assert reply.entities[-1] == {"type": "italic", "offset": 14, "length": 9}
    await bot.edit(ref, Outgoing("Two **words** 😀", AGAIN, status="Searching", thinking="deep"))
    assert team.replies[-1].text == "Two words 😀"
    assert len(team.replies) == 1


async def test_thinking_alone_shows_its_newest_line_shortened(tg: TelegramEmulator, bot: TelegramMessenger) -> None:
    team = tg.supergroup("Team")
    await bot.send(at(team.id), Outgoing("", thinking="old\n\n" + "new " * 100 + "\n", streaming=True))
    shown = team.replies[-1].text
    assert shown is not None
    assert shown.startswith("new new")
    assert len(shown) == 160


async def test_a_growing_text_that_fills_its_message_leaves_the_status_out(
    tg: TelegramEmulator, bot: TelegramMessenger
) -> None:
    team = tg.supergroup("Team")
    await bot.send(at(team.id), Outgoing("x" * 4090, status="Searching", streaming=True))
    assert team.replies[-1].text == "x" * 4090


async def test_a_growing_message_with_nothing_yet_shows_a_sign_of_life(
    tg: TelegramEmulator, bot: TelegramMessenger
) -> None:
    team, ann = tg.supergroup("Team"), tg.user("Ann")
    await bot.send(at(team.id), Outgoing("", streaming=True))
    await bot.send(at(ann.id), Outgoing("", streaming=True))
    assert [chat.replies[-1].text_content for chat in (team, ann.private)] == ["…", "…"]


async def test_typing_is_shown(tg: TelegramEmulator, bot: TelegramMessenger) -> None:
    ann = tg.user("Ann")
    await bot.typing(at(ann.id))
    assert ann.private.actions == ["typing"]


# Changing what was said


async def test_a_final_is_replaced_in_place_and_its_buttons_go(tg: TelegramEmulator, bot: TelegramMessenger) -> None:
    ann = tg.user("Ann")
    ref = await bot.send(at(ann.id), Outgoing("first", AGAIN))
    await bot.edit(ref, Outgoing("**second**"))
    (reply,) = ann.private.replies
    assert (reply.text_content, reply.buttons) == ("second", [])
    assert reply.rich_html is not None


async def test_an_edit_falls_back_to_text_too(tg: TelegramEmulator, bot: TelegramMessenger) -> None:
    ann = tg.user("Ann")
    ref = await bot.send(at(ann.id), Outgoing("first"))
    tg.faults.fails(400, "Bad Request: can't parse rich message", method="editMessageText")
    await bot.edit(ref, Outgoing("*second*", AGAIN))
    assert ann.private.replies[-1].text == "second"


async def test_an_edit_that_changes_nothing_says_so(tg: TelegramEmulator, bot: TelegramMessenger) -> None:
    for chat in (tg.user("Ann").id, tg.supergroup("Team").id):
        ref = await bot.send(at(chat), Outgoing("same", AGAIN))
        with pytest.raises(NotModified):
            await bot.edit(ref, Outgoing("same", AGAIN))


async def test_a_message_that_is_gone_is_gone(tg: TelegramEmulator, bot: TelegramMessenger) -> None:
    ann = tg.user("Ann")
    ref = await bot.send(at(ann.id), Outgoing("first"))
    asked = await ann.says("mine")
    await bot.delete(ref)
    with pytest.raises(MessageGone):
        await bot.edit(ref, Outgoing("second"))
    with pytest.raises(MessageGone):
        await bot.delete(ref)
    with pytest.raises(MessageGone):
        await bot.edit(Ref(at(ann.id), str(asked.message_id)), Outgoing("not ours"))


# Buttons, menus


async def test_a_press_is_acknowledged_and_a_late_one_is_let_go(
    tg: TelegramEmulator, bot: TelegramMessenger, clock: ManualClock
) -> None:
    ann = tg.user("Ann")
    await bot.send(at(ann.id), Outgoing("hello", AGAIN))
    press, late = await ann.presses("Again"), await ann.presses("Again")
    await bot.acknowledge(press, "Once more " * 50)
    assert tg.presses[press].answered
    assert tg.presses[press].text.startswith("Once more")
    await clock.advance(10_000)
    await bot.acknowledge(late, "")
    assert not tg.presses[late].answered


async def test_the_menu_is_published_for_each_language(tg: TelegramEmulator, bot: TelegramMessenger) -> None:
    await bot.publish_commands({"": (("new", "Start anew"),), "ru": (("new", "Начать заново"),)})
    menus = {key: [one["description"] for one in menu] for key, menu in tg.commands.items()}
    assert menus == {"default:::": ["Start anew"], "default:::ru": ["Начать заново"]}


# Receiving, through the messenger as a whole


async def test_a_conversation_comes_in_with_its_presses_and_stops(tg: TelegramEmulator, bot: TelegramMessenger) -> None:
    ann = tg.user("Ann")
    inbox: asyncio.Queue[Incoming] = asyncio.Queue()
    running = asyncio.create_task(bot.run(inbox.put))
    try:
        asked = await ann.says("hello")
        first = await asyncio.wait_for(inbox.get(), 20)
        assert first.place == at(ann.id)
        assert bot.watermark(at(ann.id)) == str(asked.message_id)
        await bot.draft(first.place, 3, Outgoing("He", streaming=True))
        await ann.presses_stop()
        assert (await asyncio.wait_for(inbox.get(), 20)).payload == StopRequest()
        ref = await bot.send(first.place, Outgoing("Hello", AGAIN))
        press = await ann.presses("Again")
        assert (await asyncio.wait_for(inbox.get(), 20)).payload == Press("again:7", ref, press)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
