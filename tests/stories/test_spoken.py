"""Replies are spoken, for those who wish it."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from adapters.slack.emulator import Limits as SlackLimits
from bot.domain.place import Place, Ref
from specialists.emulator import ModelEmulator, Refuse
from specialists.scripted import Hang, Say
from tests.stories.stage import Stage, set_stage


@pytest.fixture
async def unbegun(sqlite_url: str) -> AsyncIterator[Stage]:
    async with set_stage(sqlite_url, slack_limits=SlackLimits.none()) as stage:
        yield stage
        assert not stage.tg.violations
        assert not stage.slack.violations


@pytest.fixture
async def mouth(unbegun: Stage) -> AsyncIterator[ModelEmulator]:
    async with ModelEmulator(clock=unbegun.clock) as models:
        chosen = {
            "speech_model": "openai:gpt-4o-mini-tts",
            "speech_voice": "verse",
            "speech_base_url": models.openai_url,
            "speech_api_key": SecretStr("any"),
        }
        unbegun.settings = unbegun.settings.model_copy(update=chosen)
        yield models
        assert not models.violations


@pytest.fixture
async def stage(unbegun: Stage, mouth: ModelEmulator) -> AsyncIterator[Stage]:
    async with unbegun.process():
        yield unbegun


async def test_a_reply_is_spoken_after_its_text(stage: Stage, mouth: ModelEmulator) -> None:
    ann = stage.tg.user("Ann")
    await ann.says("/voice on")
    await stage.settles()
    assert "I also speak my answers" in ann.private.replies[-1].text_content
    stage.engine.then(Say("The bridge opens at **nine**.\n\n```sh\nopen bridge\n```"))
    await ann.says("When does the bridge open?")
    await stage.settles()
    text, voice = ann.private.replies[-2:]
    assert "opens at nine" in text.text_content
    assert "voice" in voice.media
    assert [(one.text, one.voice) for one in mouth.spoken] == [("The bridge opens at nine.", "verse")]


async def test_nobody_is_spoken_to_who_does_not_wish_it(stage: Stage, mouth: ModelEmulator) -> None:
    ann = stage.tg.user("Ann")
    await ann.says("hello")
    await stage.settles()
    await ann.says("/voice on")
    await stage.settles()
    await ann.says("/voice off")
    await stage.settles()
    await ann.says("hello again")
    await stage.settles()
    assert not mouth.spoken


async def test_who_takes_no_voice_messages_gets_a_file(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    ann.forbids_voice()
    await ann.says("/voice on")
    await stage.settles()
    await ann.says("hello")
    await stage.settles()
    last = ann.private.replies[-1]
    assert "document" in last.media or "audio" in last.media


async def test_slack_gets_a_sound_file_beside_the_text(stage: Stage, mouth: ModelEmulator) -> None:
    ann = stage.slack.user("Ann")
    await ann.says("/voice on")
    await stage.settles()
    await ann.says("hello")
    await stage.settles()
    (file,) = ann.dm.replies[-1].files
    assert file.media_type == "audio/ogg"
    assert len(mouth.spoken) == 1


async def test_before_others_nothing_is_spoken(stage: Stage, mouth: ModelEmulator) -> None:
    ann = stage.slack.user("Ann")
    team = stage.slack.channel("bridges", [ann])
    await ann.says("/voice on")
    await stage.settles()
    await ann.says("hello", team, mention=True)
    await stage.settles()
    assert not mouth.spoken


async def test_in_a_group_nothing_is_spoken(stage: Stage, mouth: ModelEmulator) -> None:
    ann = stage.tg.user("Ann")
    team = stage.tg.supergroup("Team", members=[ann])
    await ann.says("/voice on")
    await stage.settles()
    await ann.says(f"@{stage.tg.me.username} hello", chat=team)
    await stage.settles()
    assert team.replies
    assert not mouth.spoken


async def test_who_has_enough_of_it_meanwhile_is_not_spoken_to(stage: Stage, mouth: ModelEmulator) -> None:
    ann = stage.tg.user("Ann")
    await ann.says("/voice on")
    await stage.settles()
    stage.engine.then(Say("Before. "), Hang())
    await ann.says("hello")
    await stage.until(lambda: bool(stage.engine.prompts))
    await ann.says("/voice off")
    await stage.until(lambda: any("text only" in one.text_content for one in ann.private.replies))
    stage.engine.release()
    await stage.settles()
    assert not mouth.spoken


async def test_a_voice_that_nobody_wrote_down_goes_when_its_reply_is_another(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    await ann.says("/voice on")
    await stage.settles()
    await ann.says("hello")
    await stage.settles()
    voice = ann.private.replies[-1]
    async with stage.board.store.begin() as tx:
        # As somebody leaves it who dies between saying and writing down.
        await tx.jobs.put("speech:1", "speech", {"turn": 1, "version": 0})
        (job,) = await tx.jobs.claim("nobody", 1, lease_seconds=5)
        await tx.jobs.record(job, "voice", {"ref": str(Ref(Place("telegram", str(ann.id)), str(voice.message_id)))})
        await tx.jobs.retry(job, delay_seconds=0)
    await stage.settles()
    assert voice not in ann.private.replies


async def test_the_voice_goes_with_the_reply_that_it_speaks(stage: Stage, mouth: ModelEmulator) -> None:
    ann = stage.tg.user("Ann")
    await ann.says("/voice on")
    await stage.settles()
    stage.engine.then(Say("Number 1."))
    stage.engine.then(Say("Number 2."))
    await ann.says("Which number?")
    await stage.settles()
    await ann.presses("🔄 Again")
    await stage.settles()
    voices = [message for message in ann.private.replies if "voice" in message.media]
    assert [one.text for one in mouth.spoken] == ["Number 1.", "Number 2."]
    assert len(voices) == 1
    assert len(stage.files_on_disk) == 2, "earlier versions stay stored"


async def test_a_voice_that_fails_leaves_the_text(stage: Stage, mouth: ModelEmulator) -> None:
    ann = stage.tg.user("Ann")
    await ann.says("/voice on")
    await stage.settles()
    mouth.then(Refuse(401))
    await ann.says("hello")
    await stage.settles()
    assert ann.private.replies[-1].text_content.endswith("hello")
    assert len(mouth.spoken) == 1, "who is not let in does not ask again"


async def test_what_is_spoken_is_in_the_books(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    await ann.says("/voice on")
    await stage.settles()
    await ann.says("hello")
    await stage.settles()
    await ann.says("/usage")
    await stage.settles()
    assert "speech: 0:0" in ann.private.replies[-1].text_content


async def test_a_process_that_dies_pays_once(unbegun: Stage, mouth: ModelEmulator) -> None:
    async with unbegun.process() as first:
        ann = unbegun.tg.user("Ann")
        await ann.says("/voice on")
        await unbegun.settles()
        unbegun.tg.faults.fails(method="sendVoice", times=None)
        await ann.says("hello")
        await unbegun.until(lambda: any(call.method == "sendVoice" for call in unbegun.tg.calls))
        await first.dies()
    unbegun.tg.faults.clear()
    async with unbegun.process():
        await unbegun.settles()
        assert len(mouth.spoken) == 1
        assert [message for message in ann.private.replies if "voice" in message.media]


async def test_where_nobody_speaks_nobody_is_promised_that(unbegun: Stage) -> None:
    async with unbegun.process():
        ann = unbegun.tg.user("Ann")
        await ann.says("/voice on")
        await unbegun.settles()
        assert "no voice is set up" in ann.private.replies[-1].text_content


async def test_erasing_everything_leaves_no_voice_behind(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    await ann.says("/voice on")
    await stage.settles()
    await ann.says("hello")
    await stage.settles()
    assert stage.files_on_disk
    await ann.says("/forget")
    await stage.settles()
    await ann.presses("Yes, erase everything")
    await stage.settles()
    assert not stage.files_on_disk
