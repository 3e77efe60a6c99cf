"""People speak to us, and put right what we understood."""

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from adapters.slack.emulator import Limits as SlackLimits
from adapters.slack.emulator.speaking import Upload as SlackFile
from adapters.telegram.emulator import Message as TelegramMessage
from bot.domain.incoming import Incoming, Sender, UserEdit
from bot.domain.place import Place, Ref
from bot.domain.thread import TurnState
from specialists.emulator import ModelEmulator, Refuse, Stall
from specialists.scripted import Babble, Say
from tests.fakes.voices import silence, spoken
from tests.stories.listening import listening
from tests.stories.stage import Stage, set_stage, texts

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
REQUEST = "Please check my contract for the clause about notice periods"
HEARD = "Please check my contact for the clause about notice periods"


@pytest.fixture
async def deaf(sqlite_url: str) -> AsyncIterator[Stage]:
    """Nobody understands speech here."""
    async with set_stage(sqlite_url, slack_limits=SlackLimits.none()) as stage, stage.process():
        yield stage
        assert not stage.tg.violations
        assert not stage.slack.violations


@pytest.fixture
async def unbegun(sqlite_url: str) -> AsyncIterator[Stage]:
    async with set_stage(sqlite_url, slack_limits=SlackLimits.none()) as stage:
        yield stage
        assert not stage.tg.violations
        assert not stage.slack.violations


@pytest.fixture
async def ear(unbegun: Stage) -> AsyncIterator[ModelEmulator]:
    async with listening(unbegun, HEARD) as ear:
        yield ear
        assert not ear.violations


@pytest.fixture
async def stage(unbegun: Stage, ear: ModelEmulator) -> AsyncIterator[Stage]:
    async with unbegun.process():
        yield unbegun


def clip(words: str, name: str = "audio_message.mp4") -> SlackFile:
    return SlackFile(name, spoken(words, form="mp4"), "audio/mp4", subtype="slack_audio", duration_ms=4_000)


def labels(message: TelegramMessage) -> list[str]:
    return [button["text"] for button in message.buttons]


async def test_a_spoken_request_is_heard_shown_and_answered(stage: Stage, ear: ModelEmulator) -> None:
    ann = stage.tg.user("Ann")
    await ann.sends_voice(spoken(REQUEST), duration_seconds=4)
    await stage.settles()
    transcript, reply = ann.private.replies
    assert transcript.text_content.strip() == f"🎤 {HEARD}"
    assert labels(transcript) == ["✏️ Fix"]
    assert reply.text_content.endswith(HEARD)
    assert [prompt.text for prompt in stage.engine.prompts] == [HEARD]
    (sound,) = ear.heard
    assert sound.language == "en"
    assert not stage.files_on_disk, "speech is not kept"
    async with stage.board.store.begin() as tx:
        totals = await tx.ledger.usage_of(1, EPOCH)
    assert sum(total.audio_seconds for total in totals) > 1


async def test_what_was_said_decides_who_answers(unbegun: Stage) -> None:
    async with listening(unbegun, "design a logo for my bakery") as ear, unbegun.process():
        ann = unbegun.tg.user("Ann", language_code="ru")
        await ann.sends_voice(spoken("design a logo for my bakery"))
        await unbegun.settles()
        assert [prompt.specialist.name for prompt in unbegun.engine.prompts] == ["design"]
        assert ear.heard[0].language == "ru"


async def test_a_clip_in_slack_is_heard_in_its_thread(stage: Stage) -> None:
    ann = stage.slack.user("Ann")
    team = stage.slack.channel("bridges", [ann])
    asked = await ann.says("", team, files=[clip(REQUEST)], mention=True)
    await stage.settles()
    transcript, reply = team.replies
    assert HEARD in transcript.text_content
    assert transcript.buttons == ["✏️ Fix"]
    assert {transcript.thread_ts, reply.thread_ts} == {asked.ts}
    assert reply.text_content.endswith(HEARD)


async def test_fixed_by_the_next_message(stage: Stage, ear: ModelEmulator) -> None:
    ann = stage.tg.user("Ann")
    await ann.sends_voice(spoken(REQUEST))
    await stage.settles()
    await ann.presses("✏️ Fix")
    await stage.settles()
    note = ann.private.replies[-1]
    assert "How should it read?" in note.text_content
    await ann.says(REQUEST)
    await stage.settles()
    transcript, reply = ann.private.replies
    assert note not in ann.private.replies, "what is answered is asked no more"
    assert transcript.text_content.strip() == f"🎤 {REQUEST}"
    assert reply.text_content.endswith(REQUEST)
    assert [prompt.text for prompt in stage.engine.prompts] == [HEARD, REQUEST]
    assert len(ear.heard) == 1
    # What comes next is a question of its own again.
    await ann.says("thanks")
    await stage.settles()
    assert stage.engine.prompts[-1].text == "thanks"
    assert stage.engine.prompts[-1].history[0].text == REQUEST


async def test_fixed_by_a_reply_to_the_transcript_and_again_to_the_note(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    await ann.sends_voice(spoken(REQUEST))
    await stage.settles()
    await ann.replies(ann.private.replies[0], "first")
    await stage.settles()
    await ann.presses("✏️ Fix")
    await stage.settles()
    await ann.says("/usage")
    await stage.settles()
    await ann.says("a new question")
    await stage.settles()
    note = ann.private.replies[2]
    assert [prompt.text for prompt in stage.engine.prompts] == [HEARD, "first", "a new question"]
    await ann.replies(note, "second")
    await stage.settles()
    assert len(stage.engine.prompts) == 3, "older ones are history only"
    assert ann.private.replies[0].text_content.strip() == "🎤 second"
    assert "do not answer it anew" in texts(ann.private)[-1]
    assert note not in ann.private.replies


async def test_fixed_in_slack_by_a_dialog(stage: Stage) -> None:
    ann = stage.slack.user("Ann")
    await ann.says("", files=[clip(REQUEST)])
    await stage.settles()
    await ann.presses("✏️ Fix")
    await stage.settles()
    assert ann.modal is not None
    await ann.submits(ann.modal, text=REQUEST)
    await stage.settles()
    transcript, reply = ann.dm.replies
    assert REQUEST in transcript.text_content
    assert reply.text_content.endswith(REQUEST)
    assert [prompt.text for prompt in stage.engine.prompts] == [HEARD, REQUEST]


async def test_who_is_asked_for_the_right_words_may_think_better_of_it(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    await ann.sends_voice(spoken(REQUEST))
    await stage.settles()
    await ann.presses("✏️ Fix")
    await stage.settles()
    await ann.presses("✖️ Cancel")
    await stage.settles()
    assert len(ann.private.replies) == 2, "the note is gone"
    await ann.says("hello")
    await stage.settles()
    assert stage.engine.prompts[-1].text == "hello"


async def test_the_same_words_change_nothing(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    await ann.sends_voice(spoken(REQUEST))
    await stage.settles()
    transcript = ann.private.replies[0]
    await ann.replies(transcript, HEARD)
    await stage.settles()
    assert "stays as it is" in texts(ann.private)[-1]
    assert len(stage.engine.prompts) == 1
    await ann.replies(transcript, f"@mentor {HEARD}")
    await stage.settles()
    assert [prompt.specialist.name for prompt in stage.engine.prompts[1:]] == ["mentor"], "but may be for another"


async def test_who_goes_on_puts_nothing_right(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    await ann.says("an old question")
    await ann.sends_voice(spoken(REQUEST))
    await stage.settles()
    answer = ann.private.replies[-1]
    await ann.presses("✏️ Fix")
    await stage.settles()
    await ann.replies(answer, "a word about that")
    await stage.settles()
    assert stage.engine.prompts[-1].text == "a word about that"
    for _ in range(2):
        await ann.presses("✏️ Fix")
        await stage.settles()
    assert sum("How should it read?" in text for text in texts(ann.private)) == 2, "once at a time, and the old one"
    await ann.says("@mentor")
    await ann.says("a question")
    await stage.settles()
    assert (stage.engine.prompts[-1].text, stage.engine.prompts[-1].specialist.name) == ("a question", "mentor")


async def test_a_question_that_was_answered_is_not_asked_again_after_a_death(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    await ann.sends_voice(spoken(REQUEST))
    await stage.settles()
    press = await ann.presses("✏️ Fix")
    await stage.settles()
    note = ann.private.replies[-1]
    place = Place("telegram", str(ann.id))
    async with stage.board.store.begin() as tx:
        # As somebody leaves it who dies after asking, and is answered before anybody goes on.
        await tx.fixes.end(1, place)
        asks = {"user": 1, "place": str(place), "press": press, "upload": 1, "locale": "en"}
        await tx.jobs.put("fix:1", "fix", asks)
        (job,) = await tx.jobs.claim("nobody", 1, lease_seconds=5)
        await tx.jobs.record(job, "note", {"ref": str(Ref(place, str(note.message_id)))})
        await tx.jobs.retry(job, delay_seconds=0)
    await stage.settles()
    assert note not in ann.private.replies
    await ann.says("a question")
    await stage.settles()
    assert stage.engine.prompts[-1].text == "a question"


async def test_only_who_is_asked_for_the_right_words_ends_that(stage: Stage) -> None:
    ann, bob = stage.slack.user("Ann"), stage.slack.user("Bob")
    team = stage.slack.channel("bridges", [ann, bob])
    asked = await ann.says("", team, files=[clip(REQUEST)], mention=True)
    await stage.settles()
    stage.slack.faults.fails("expired_trigger_id", method="views.open")
    await ann.presses("✏️ Fix", team.replies[0])
    await stage.settles()
    *_, note = team.replies
    await bob.presses("✖️ Cancel", note)
    await stage.settles()
    assert "somebody else" in bob.ephemerals[-1].text_content
    assert len(team.replies) == 3
    await ann.says(REQUEST, team, asked, mention=True)
    await stage.settles()
    assert [prompt.text for prompt in stage.engine.prompts] == [HEARD, REQUEST]
    assert len(team.replies) == 2, "what is answered is asked no more"


async def test_a_correction_in_the_middle_of_the_reply_begins_it_anew(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    stage.engine.then(Babble("and so on, "))
    await ann.sends_voice(spoken(REQUEST))
    await stage.until(lambda: bool(stage.engine.prompts))
    await ann.replies(ann.private.replies[0], f"@mentor {REQUEST}")
    await stage.settles()
    assert stage.engine.replies[0].closed_early
    assert (stage.engine.prompts[-1].text, stage.engine.prompts[-1].specialist.name) == (REQUEST, "mentor")
    assert len(ann.private.replies) == 2
    assert REQUEST in ann.private.replies[1].text_content


async def test_only_who_spoke_puts_it_right(stage: Stage) -> None:
    ann, bob = stage.slack.user("Ann"), stage.slack.user("Bob")
    team = stage.slack.channel("bridges", [ann, bob])
    await ann.says("", team, files=[clip(REQUEST)], mention=True)
    await stage.settles()
    await bob.presses("✏️ Fix", team.replies[0])
    await stage.settles()
    assert bob.modal is None
    assert "somebody else" in bob.ephemerals[-1].text_content
    assert len(stage.engine.prompts) == 1


async def test_several_recordings_in_one_turn_have_transcripts_of_their_own(
    unbegun: Stage,
) -> None:
    async with listening(unbegun, "one", "two"), unbegun.process():
        ann = unbegun.tg.user("Ann")
        await ann.sends_voice(spoken("one"), caption="Both:")
        await ann.sends_voice(spoken("two"))
        await unbegun.settles()
        first, second, reply = ann.private.replies
        assert {first.text_content.strip(), second.text_content.strip()} == {"🎤 one", "🎤 two"}
        assert sorted(unbegun.engine.prompts[0].text.split()) == ["Both:", "one", "two"]
        assert len(unbegun.engine.prompts) == 1
        assert reply.text_content


async def test_without_an_ear_the_user_is_told(deaf: Stage) -> None:
    ann, bea = deaf.tg.user("Ann"), deaf.slack.user("Bea")
    await ann.sends_voice(spoken(REQUEST))
    await bea.says("", files=[clip(REQUEST)])
    await deaf.settles()
    assert "cannot listen" in texts(ann.private)[0]
    assert "cannot listen" in bea.dm.replies[0].text_content
    assert not deaf.engine.prompts
    assert not deaf.tg.downloads
    assert not deaf.slack.downloads
    # What was written with it is answered all the same.
    await ann.sends_voice(spoken(REQUEST), caption="What can you do?")
    await deaf.settles()
    assert deaf.engine.prompts[0].text == "What can you do?"
    assert "cannot listen" in texts(ann.private)[-1]


async def test_silence_is_told_from_speech(unbegun: Stage) -> None:
    async with listening(unbegun, ""), unbegun.process():
        ann = unbegun.tg.user("Ann")
        await ann.sends_voice(silence(2.0))
        await unbegun.settles()
        assert "could not make out any words" in texts(ann.private)[0]
        assert not unbegun.engine.prompts


async def test_what_is_too_long_or_too_large_is_never_fetched(stage: Stage, ear: ModelEmulator) -> None:
    ann = stage.tg.user("Ann")
    await ann.sends_voice(spoken(REQUEST), duration_seconds=602)
    await stage.settles()
    assert "up to 10 minutes" in texts(ann.private)[0]
    await ann.sends_document("film.pdf", b"%PDF-", size_bytes=21_000_000)
    await stage.settles()
    assert "up to 20 MB" in texts(ann.private)[1]
    assert not [call for call in stage.tg.calls if call.method == "getFile"]
    assert not ear.heard


async def test_an_ear_that_is_down_is_asked_again_by_a_press(stage: Stage, ear: ModelEmulator) -> None:
    ann = stage.tg.user("Ann")
    for _ in range(1 + stage.settings.model_retries):
        ear.then(Refuse(503))
    await ann.sends_voice(spoken(REQUEST))
    await stage.settles()
    (failed,) = ann.private.replies
    assert "try again" in failed.text_content
    async with stage.board.store.begin() as tx:
        assert (await tx.turns.get(1)).state is TurnState.FAILED
    assert not ear.scripts_left
    await ann.presses("🔄 Again")
    await stage.settles()
    transcript, reply = ann.private.replies
    assert transcript.text_content.strip() == f"🎤 {HEARD}"
    assert reply.text_content.endswith(HEARD)


@pytest.mark.parametrize(("status", "told"), [(413, "too large for me to listen to"), (400, "could not make anything")])
async def test_a_recording_that_is_refused_for_good_holds_up_nothing(
    stage: Stage, ear: ModelEmulator, status: int, told: str
) -> None:
    ann = stage.tg.user("Ann")
    ear.then(Refuse(status))
    await ann.sends_voice(spoken(REQUEST), caption="What can you do?")
    await stage.settles()
    (reply,) = ann.private.replies
    assert told in reply.text_content
    assert [(prompt.text, len(prompt.unread)) for prompt in stage.engine.prompts] == [("What can you do?", 1)]


async def test_what_was_heard_is_in_the_books_whatever_becomes_of_the_turn(stage: Stage) -> None:
    ann, store = stage.tg.user("Ann"), stage.folder / "files"
    shutil.rmtree(store)
    store.touch()
    await ann.sends_voice(spoken(REQUEST))
    await ann.sends_document("note.txt", b"Ferries leave at ten.", media_type="text/plain")
    await stage.settles()
    assert "cannot get at files" in texts(ann.private)[-1]
    assert not stage.engine.prompts
    async with stage.board.store.begin() as tx:
        heard = sum(total.audio_seconds for total in await tx.ledger.usage_of(1, EPOCH))
    assert heard > 1
    store.unlink()
    await ann.presses("🔄 Again")
    await stage.settles()
    (prompt,) = stage.engine.prompts
    assert (prompt.text, len(prompt.documents)) == (HEARD, 1)
    async with stage.board.store.begin() as tx:
        assert sum(total.audio_seconds for total in await tx.ledger.usage_of(1, EPOCH)) == heard


async def test_a_recording_that_is_deleted_while_its_transcript_is_sent_takes_it_along(stage: Stage) -> None:
    ann = stage.slack.user("Ann")
    late = stage.slack.faults.slow(method="chat.postMessage")
    said = await ann.says("", files=[clip(REQUEST)])
    await stage.until(lambda: bool(ann.dm.replies))
    await ann.deletes(said)
    await stage.hears()
    late.release.set()
    await stage.settles()
    assert not any(HEARD in reply.text_content for reply in ann.dm.replies)


async def test_a_deleted_recording_takes_its_transcript_along(stage: Stage) -> None:
    ann = stage.slack.user("Ann")
    said = await ann.says("", files=[clip(REQUEST)])
    await stage.settles()
    await ann.says("/new")
    await stage.settles()
    await ann.deletes(said)
    await stage.settles()
    assert [HEARD in reply.text_content for reply in ann.dm.replies] == [True, False], "the reply stays"
    stage.engine.then(Say("Nothing."))
    await ann.says("what did I say?")
    await stage.settles()
    assert not any(HEARD in one.text for one in stage.engine.prompts[-1].history if one.role == "user")


async def test_a_dialog_that_comes_too_late_becomes_a_question(stage: Stage) -> None:
    ann = stage.slack.user("Ann")
    await ann.says("", files=[clip(REQUEST)])
    await stage.settles()
    stage.slack.faults.fails("expired_trigger_id", method="views.open")
    await ann.presses("✏️ Fix")
    await stage.settles()
    assert ann.modal is None
    assert "How should it read?" in ann.dm.replies[-1].text_content
    await ann.says(REQUEST)
    await stage.settles()
    assert [prompt.text for prompt in stage.engine.prompts] == [HEARD, REQUEST]


async def test_a_correction_without_words_changes_nothing(stage: Stage) -> None:
    ann = stage.slack.user("Ann")
    await ann.says("", files=[clip(REQUEST)])
    await stage.settles()
    await ann.presses("✏️ Fix")
    await stage.settles()
    assert ann.modal is not None
    await ann.submits(ann.modal, text="   ")
    await stage.settles()
    assert HEARD in ann.dm.replies[0].text_content
    assert len(stage.engine.prompts) == 1


async def test_a_caption_is_edited_and_what_was_said_stays(stage: Stage, ear: ModelEmulator) -> None:
    ann = stage.tg.user("Ann")
    said = await ann.sends_voice(spoken(REQUEST), caption="Urgent:")
    await stage.settles()
    await ann.edits(said, "Not urgent:")
    await stage.settles()
    assert [prompt.text for prompt in stage.engine.prompts] == [f"Urgent:\n{HEARD}", f"Not urgent:\n{HEARD}"]
    assert len(ear.heard) == 1
    assert len(ann.private.replies) == 2


async def test_a_caption_is_taken_away(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    said = await ann.sends_voice(spoken(REQUEST), caption="I live in Elm Street:")
    await stage.settles()
    place = Place("telegram", str(ann.id))
    edit = UserEdit(Ref(place, str(said.message_id)), "")
    for event in ("telegram:1:a", "telegram:1:b"):
        await stage.board.intake.take(Incoming(event, place, Sender(str(ann.id)), stage.clock.now(), edit))
        await stage.settles()
    assert [prompt.text for prompt in stage.engine.prompts] == [f"I live in Elm Street:\n{HEARD}", HEARD]


async def test_an_old_or_forged_button_puts_nothing_right(stage: Stage) -> None:
    ann, eve = stage.tg.user("Ann"), stage.tg.user("Eve")
    await ann.sends_voice(spoken(REQUEST))
    await eve.says("hello")
    await stage.settles()
    for data, said in (("fix:1", "somebody else"), ("fix:99", "somebody else"), ("fix:", "no longer in use")):
        press = await eve.presses_data(data, eve.private.replies[0])
        await stage.settles()
        assert said in stage.tg.presses[press].text
    assert ann.private.replies[0].text_content.strip() == f"🎤 {HEARD}"


async def test_on_either_database_a_death_in_the_middle_is_paid_for_once(any_url: str) -> None:
    async with set_stage(any_url) as stage, listening(stage, HEARD) as ear:
        ear.hear = lambda sound: "first" if sound.content == spoken("first") else "second"
        ann = stage.tg.user("Ann")
        async with stage.process() as one:
            ear.then(Stall(1.0))
            ear.then(Stall())
            await ann.sends_voice(spoken("first"))
            await ann.sends_voice(spoken("second"))
            await stage.until(lambda: len(ear.heard) == 2)
            await stage.clock.advance(5)
            await one.dies()
        assert not ann.private.replies
        async with stage.process():
            await stage.settles()
            (prompt,) = stage.engine.prompts
            assert sorted(prompt.text.split()) == ["first", "second"]
            assert len(ear.heard) == 3, "what was heard is not listened to again"
            assert len(ann.private.replies) == 3
            async with stage.board.store.begin() as tx:
                heard = [total for total in await tx.ledger.usage_of(1, EPOCH) if total.audio_seconds]
            assert sum(total.audio_seconds for total in heard) == pytest.approx(
                ear.heard[0].duration_seconds + ear.heard[1].duration_seconds, abs=0.5
            )


async def test_a_caption_that_is_taken_away_is_not_known_any_more(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    recording = await ann.sends_voice(spoken(REQUEST), "I live in Elm Street 5.")
    await stage.settles()
    assert stage.engine.prompts[-1].text == f"I live in Elm Street 5.\n{HEARD}"
    await ann.edits(recording, "")
    await stage.settles()
    assert stage.engine.prompts[-1].text == HEARD
