"""Speech and music that we send, and questions that ask for a reply."""

import pytest

from adapters.telegram.emulator import TelegramEmulator
from adapters.telegram.messenger import TelegramMessenger
from bot.domain.errors import MessageGone, Unrenderable, VoiceRefused
from bot.domain.messenger import File, Outgoing
from bot.domain.place import Ref
from tests.adapters.telegram_cast import AGAIN, at, opus

SPOKEN = Outgoing("The bridge is **open**.", AGAIN, file=File("reply.ogg", opus(), "audio/ogg"), voice=True)


async def test_speech_is_a_voice_message(tg: TelegramEmulator, bot: TelegramMessenger) -> None:
    ann = tg.user("Ann")
    team = tg.supergroup("Team", members=[ann])
    for chat in (ann.private, team):
        asked = await ann.says("Is the bridge open?", chat)
        question = Ref(at(chat.id), str(asked.message_id))
        ref = await bot.send(at(chat.id), Outgoing(SPOKEN.text, AGAIN, reply_to=question, file=SPOKEN.file, voice=True))
        (reply,) = chat.replies
        assert ref.message == str(reply.message_id)
        assert reply.media["voice"]["mime_type"] == "audio/ogg"
        assert tg.file(reply).data == opus()
        assert (reply.caption, reply.reply_to, len(reply.buttons)) == ("The bridge is open.", asked, 2)


async def test_who_takes_no_voice_messages_gets_the_file(tg: TelegramEmulator, bot: TelegramMessenger) -> None:
    ann = tg.user("Ann")
    team = tg.supergroup("Team", members=[ann])
    ann.forbids_voice()
    team.forbids_voice()
    for chat in (ann.private, team):
        with pytest.raises(VoiceRefused) as refusal:
            await bot.send(at(chat.id), SPOKEN)
        assert not refusal.value.retryable
        await bot.send(at(chat.id), Outgoing(SPOKEN.text, file=SPOKEN.file))
        (reply,) = chat.replies
        assert reply.media["document"]["file_name"] == "reply.ogg"


async def test_the_refusal_has_two_wordings(tg: TelegramEmulator, bot: TelegramMessenger) -> None:
    ann = tg.user("Ann")
    tg.faults.fails(400, "Bad Request: user restricted receiving of voice messages", method="sendVoice")
    with pytest.raises(VoiceRefused):
        await bot.send(at(ann.id), SPOKEN)
    await bot.send(at(ann.id), SPOKEN)
    assert "voice" in ann.private.replies[-1].media


async def test_a_voice_message_has_the_limits_of_files(tg: TelegramEmulator, bot: TelegramMessenger) -> None:
    ann = tg.user("Ann")
    for content in (b"", opus(bytes(50_000_000))):
        with pytest.raises(Unrenderable):
            await bot.send(at(ann.id), Outgoing("", file=File("reply.ogg", content, "audio/ogg"), voice=True))
    with pytest.raises(Unrenderable, match="caption"):
        await bot.send(at(ann.id), Outgoing("x" * 1025, file=SPOKEN.file, voice=True))
    assert ann.private.replies == []


async def test_music_is_played_where_telegram_can(tg: TelegramEmulator, bot: TelegramMessenger) -> None:
    ann = tg.user("Ann")
    for name, content, media_type in (
        ("song.mp3", b"ID3 la la", "audio/mpeg"),
        ("song.m4a", b"\x00\x00\x00\x18ftypM4A ", "audio/mp4"),
        ("song.ogg", opus(), "audio/ogg"),
        ("song.flac", b"fLaC", "audio/flac"),
    ):
        await bot.send(at(ann.id), Outgoing("A song", AGAIN, file=File(name, content, media_type)))
    assert [next(iter(reply.media)) for reply in ann.private.replies] == ["audio", "audio", "document", "document"]
    assert all((reply.caption, len(reply.buttons)) == ("A song", 2) for reply in ann.private.replies)


# Questions


async def test_a_question_opens_the_reply_to_it(tg: TelegramEmulator, bot: TelegramMessenger) -> None:
    ann = tg.user("Ann")
    await bot.send(at(ann.id), Outgoing("What did you say?", asks="What you said"))
    (question,) = ann.private.replies
    assert question.asks == "What you said"
    answer = await ann.replies(question, "Bridges")
    assert answer.reply_to is question


async def test_in_a_private_chat_buttons_are_worth_more(tg: TelegramEmulator, bot: TelegramMessenger) -> None:
    ann = tg.user("Ann")
    await bot.send(at(ann.id), Outgoing("What did you say?", AGAIN, asks="What you said"))
    (question,) = ann.private.replies
    assert (question.asks, len(question.buttons)) == (None, 2)


async def test_in_a_group_the_reply_is_what_we_can_hear(tg: TelegramEmulator, bot: TelegramMessenger) -> None:
    ann, ben = tg.user("Ann"), tg.user("Ben")
    team = tg.supergroup("Team", members=[ann, ben])
    said = await ann.sends_voice(chat=team)
    heard = Ref(at(team.id), str(said.message_id))
    await bot.send(at(team.id), Outgoing("What did you say?", AGAIN, reply_to=heard, asks="What you said"))
    await bot.send(at(team.id), Outgoing("Who said that?", AGAIN, asks="Your name"))
    to_ann, to_all = team.replies
    assert (to_ann.asks, to_ann.buttons) == ("What you said", [])
    assert [who.is_asked(to_ann) for who in (ann, ben)] == [True, False]
    assert [who.is_asked(to_all) for who in (ann, ben)] == [True, True]


async def test_a_question_with_an_open_reply_cannot_be_edited(tg: TelegramEmulator, bot: TelegramMessenger) -> None:
    ann = tg.user("Ann")
    ref = await bot.send(at(ann.id), Outgoing("What did you say?", asks="What you said"))
    with pytest.raises(MessageGone):
        await bot.edit(ref, Outgoing("Thank you."))
    await bot.delete(ref)
    assert ann.private.replies == []


@pytest.mark.parametrize("asks", ["x" * 500, "two\nlines \x00", "half a\ud83d", "\u200b", "\n"])
async def test_whatever_the_empty_line_should_say_is_sent(
    tg: TelegramEmulator, bot: TelegramMessenger, asks: str
) -> None:
    ann = tg.user("Ann")
    await bot.send(at(ann.id), Outgoing("What did you say?", asks=asks))
    (question,) = ann.private.replies
    assert question.asks is not None
    assert len(question.asks) <= 64
    assert "\n" not in question.asks
