"""Looking for a message whose sending ended in doubt."""

import pytest

from adapters.telegram.emulator.emulator import TelegramEmulator
from adapters.telegram.messenger import TelegramMessenger
from bot.domain.errors import Ambiguous, Flooded
from bot.domain.messenger import Outgoing
from bot.domain.place import Ref
from tests.adapters.telegram_cast import AGAIN, OTHER, at
from tests.fakes.clock import ManualClock


async def test_a_message_whose_answer_was_lost_is_found_by_its_buttons(
    tg: TelegramEmulator, bot: TelegramMessenger
) -> None:
    for chat in (tg.user("Ann").id, tg.supergroup("Team").id):
        place = at(chat)
        await bot.send(place, Outgoing("something before", OTHER))
        watermark = bot.watermark(place)
        lost = Outgoing("the answer", AGAIN)
        tg.faults.drops_after(chat=chat)
        with pytest.raises(Ambiguous):
            await bot.send(place, lost)
        found = await bot.find(place, watermark, lost)
        newest = next(one for one in tg.chats if one.id == chat).replies[-1]
        assert found == Ref(place, str(newest.message_id))
        assert newest.text_content == "the answer"


async def test_a_message_that_never_arrived_is_not_found(tg: TelegramEmulator, bot: TelegramMessenger) -> None:
    ann = tg.user("Ann")
    await bot.send(at(ann.id), Outgoing("something before", OTHER))
    watermark = bot.watermark(at(ann.id))
    await ann.says("meanwhile")
    lost = Outgoing("the answer", AGAIN)
    tg.faults.drops_before(method="sendRichMessage")
    with pytest.raises(Ambiguous):
        await bot.send(at(ann.id), lost)
    assert await bot.find(at(ann.id), watermark, lost) is None


async def test_other_chats_and_other_messages_lie_between(tg: TelegramEmulator, bot: TelegramMessenger) -> None:
    ann, bob = tg.user("Ann"), tg.user("Bob")
    await bot.send(at(ann.id), Outgoing("before"))
    watermark = bot.watermark(at(ann.id))
    await bob.says("a message of somebody else")
    await bot.send(at(bob.id), Outgoing("an answer to somebody else", AGAIN))
    await ann.says("are you there?")
    await bot.send(at(ann.id), Outgoing("a notice"))
    lost = Outgoing("the answer", AGAIN)
    tg.faults.drops_after(method="sendRichMessage")
    with pytest.raises(Ambiguous):
        await bot.send(at(ann.id), lost)
    found = await bot.find(at(ann.id), watermark, lost)
    assert found == Ref(at(ann.id), str(ann.private.replies[-1].message_id))
    notice = next(one for one in ann.private.replies if one.text_content == "a notice")
    assert notice.buttons == []
    assert len(bob.private.replies[-1].buttons) == 2


async def test_a_search_that_a_flood_interrupts_goes_on_where_it_was(
    tg: TelegramEmulator, bot: TelegramMessenger
) -> None:
    ann, bob = tg.user("Ann"), tg.user("Bob")
    await bot.send(at(ann.id), Outgoing("before"))
    watermark = bot.watermark(at(ann.id))
    for _ in range(10):
        await bob.says("noise")
    lost = Outgoing("the answer", AGAIN)
    tg.faults.drops_after(method="sendRichMessage")
    with pytest.raises(Ambiguous):
        await bot.send(at(ann.id), lost)
    tg.faults.floods(3, method="editMessageReplyMarkup", nth=6)
    with pytest.raises(Flooded):
        await bot.find(at(ann.id), watermark, lost)
    assert await bot.find(at(ann.id), watermark, lost) is not None
    probed = [int(call.params["message_id"]) for call in tg.calls if call.method == "editMessageReplyMarkup"]
    assert len(probed) == 12
    assert len(set(probed)) == 11


async def test_without_buttons_or_watermark_nothing_can_be_found(tg: TelegramEmulator, bot: TelegramMessenger) -> None:
    ann = tg.user("Ann")
    assert await bot.find(at(ann.id), "5", Outgoing("no buttons")) is None
    assert await bot.find(at(ann.id), bot.watermark(at(ann.id)), Outgoing("x", AGAIN)) is None
    assert tg.calls == []


async def test_a_process_that_has_seen_no_update_begins_at_the_message_it_answers(
    tg: TelegramEmulator, bot: TelegramMessenger, clock: ManualClock
) -> None:
    ann = tg.user("Ann")
    asked = await ann.says("hello")
    fresh = TelegramMessenger(tg.token, clock, api_base=tg.url)
    answer = Outgoing("the answer", AGAIN, reply_to=Ref(at(ann.id), str(asked.message_id)))
    await bot.send(at(ann.id), answer)
    assert await fresh.find(at(ann.id), fresh.watermark(at(ann.id)), answer) is not None
    await fresh.close()


async def test_a_question_that_opens_a_reply_has_no_buttons_to_be_found_by(
    tg: TelegramEmulator, bot: TelegramMessenger
) -> None:
    """In a group; and nobody tries, as trying costs other messages their buttons."""
    ann = tg.user("Ann")
    team = tg.supergroup("Team", members=[ann])
    await bot.send(at(team.id), Outgoing("something before", OTHER))
    watermark = bot.watermark(at(team.id))
    await bot.send(at(team.id), Outgoing("something between", OTHER))
    question = Outgoing("What did you say?", AGAIN, asks="What you said")
    assert await bot.find(at(team.id), watermark, question) is None
    assert "editMessageReplyMarkup" not in [call.method for call in tg.calls]
    await bot.send(at(ann.id), Outgoing("something before"))
    watermark = bot.watermark(at(ann.id))
    ref = await bot.send(at(ann.id), question)
    assert await bot.find(at(ann.id), watermark, question) == ref
