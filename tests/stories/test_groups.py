"""In groups and forum topics one message grows by edits, inside the twenty a minute that Telegram allows."""

from adapters.telegram.emulator import Limits
from specialists.scripted import Babble, Hang, Say
from tests.stories.stage import Stage, set_stage, texts


async def test_only_what_is_meant_for_us_is_answered(stage: Stage) -> None:
    ann, bob = stage.tg.user("Ann"), stage.tg.user("Bob")
    team = stage.tg.group("Team", members=[ann, bob])
    name = stage.tg.me.username
    await ann.says("Bob, have you seen the bridge?", chat=team)
    await ann.says(f"@{name} is the bridge open?", chat=team)
    await stage.settles()
    assert texts(team) == ["is the bridge open?"]
    answer = team.replies[0]
    assert answer.reply_to is not None
    await bob.says("and on Sunday?", chat=team, reply_to=answer)
    await stage.settles()
    assert texts(team)[-1] == "and on Sunday?"


async def test_a_long_paste_to_us_is_whole_although_only_its_beginning_names_us(stage: Stage) -> None:
    ann, bob = stage.tg.user("Ann"), stage.tg.user("Bob")
    team = stage.tg.supergroup("Team", members=[ann, bob])
    stage.engine.then(Say("I have read it."))
    paste = " ".join(f"word{number}" for number in range(2_500))
    await ann.says(f"@{stage.tg.me.username} {paste}", chat=team)
    await bob.says("What is Ann up to?", chat=team)
    await stage.settles()
    (prompt,) = stage.engine.prompts
    assert prompt.text.split() == paste.split()
    await ann.says("Bob, it was for the bot.", chat=team)
    await stage.settles()
    assert len(stage.engine.prompts) == 1


async def test_a_deleted_topic_does_not_silence_the_others(stage: Stage) -> None:
    ann, bob = stage.tg.user("Ann"), stage.tg.user("Bob")
    forum = stage.tg.supergroup("Forum", members=[ann, bob], forum=True)
    hers, his = await ann.creates_topic("Hers", chat=forum), await bob.creates_topic("His", chat=forum)
    stage.engine.then(Say("Before. "), Hang())
    await ann.says(f"@{stage.tg.me.username} hello", chat=forum, topic=hers)
    await stage.until(lambda: bool(forum.replies))
    stage.tg.faults.fails(400, "Bad Request: message thread not found", chat=forum.id, method="editMessageText")
    stage.engine.release()
    await bob.says(f"@{stage.tg.me.username} and me?", chat=forum, topic=his)
    await stage.settles()
    assert "and me?" in texts(forum)


async def test_one_message_grows_by_edits_and_loses_its_stop_button(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    team = stage.tg.supergroup("Team", members=[ann])
    stage.engine.then(Say("The bridge opens at nine. " * 40))
    await ann.says(f"@{stage.tg.me.username} when?", chat=team)
    await stage.settles()
    (reply,) = team.replies
    assert reply.text_content == ("The bridge opens at nine. " * 40).strip()
    assert len(reply.versions) > 2
    assert [button["text"] for button in reply.buttons] == ["🔄 Again", "👍", "👎"]


async def test_the_inline_stop_button_stops(stage: Stage) -> None:
    ann, bob = stage.tg.user("Ann"), stage.tg.user("Bob")
    team = stage.tg.supergroup("Team", members=[ann, bob])
    stage.engine.then(Babble())
    await ann.says(f"@{stage.tg.me.username} tell us everything", chat=team)
    await stage.until(lambda: bool(team.replies))
    await bob.presses("⏹ Stop", chat=team)
    await stage.clock.advance(3)
    assert not stage.engine.replies[0].closed_early
    await ann.presses("⏹ Stop", chat=team)
    await stage.settles()
    assert texts(team)[0].endswith("Stopped.")
    assert stage.engine.replies[0].closed_early


async def test_forum_topics_and_their_users_are_threads_of_their_own(stage: Stage) -> None:
    ann, bob = stage.tg.user("Ann"), stage.tg.user("Bob")
    forum = stage.tg.supergroup("Forum", members=[ann, bob], forum=True)
    topic = await ann.creates_topic("Bridges", chat=forum)
    name = stage.tg.me.username
    await ann.says(f"@{name} canary of Ann", chat=forum, topic=topic)
    await stage.settles()
    await bob.says(f"@{name} what did Ann say?", chat=forum, topic=topic)
    await stage.settles()
    assert [message.topic for message in forum.replies] == [topic.id, topic.id]
    assert not stage.engine.prompts[1].history


async def test_a_long_stream_stays_inside_twenty_edits_a_minute(sqlite_url: str) -> None:
    limits = Limits.telegram()
    async with set_stage(sqlite_url, limits=limits) as stage, stage.process():
        ann = stage.tg.user("Ann")
        team = stage.tg.supergroup("Team", members=[ann])
        stage.engine.then(Say("word " * 3_000, chunk_chars=50, pause_seconds=0.6))
        await ann.says(f"@{stage.tg.me.username} talk for three minutes", chat=team)
        await stage.settles()
        assert " ".join(texts(team)).split() == ["word"] * 3_000
        assert not stage.tg.floods


async def test_a_flooded_chat_waits_and_others_do_not(stage: Stage) -> None:
    ann, bob = stage.tg.user("Ann"), stage.tg.user("Bob")
    team = stage.tg.supergroup("Team", members=[ann])
    stage.tg.faults.floods(120, method="sendMessage", chat=team.id)
    await ann.says(f"@{stage.tg.me.username} hello", chat=team)
    await stage.until(lambda: bool(stage.tg.faults.injected))
    flooded_at = stage.clock.monotonic()
    await bob.says("hello from Bob")
    await stage.until(lambda: bool(bob.private.replies))
    assert stage.clock.monotonic() - flooded_at < 10
    assert not team.replies
    await stage.settles()
    assert stage.clock.monotonic() - flooded_at >= 120
    assert texts(team) == ["hello"]


async def test_a_group_that_becomes_a_supergroup_keeps_its_reply(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    team = stage.tg.group("Team", members=[ann])
    stage.engine.then(Say("Before the move. "), Hang())
    await ann.says(f"@{stage.tg.me.username} hello", chat=team)
    await stage.until(lambda: bool(team.replies))
    moved = await team.migrates()
    stage.engine.release()
    await stage.settles()
    assert "Before the move." in texts(moved) + texts(team)
    await ann.says(f"@{stage.tg.me.username} and now?", chat=moved)
    await stage.settles()
    assert texts(moved)[-1] == "and now?"
    assert stage.engine.prompts[1].history


async def test_a_bot_that_was_kicked_falls_silent_and_comes_back(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    team = stage.tg.supergroup("Team", members=[ann])
    stage.engine.then(Babble())
    await ann.says(f"@{stage.tg.me.username} talk", chat=team)
    await stage.until(lambda: bool(team.replies))
    await team.kicks_bot()
    await stage.settles()
    assert stage.engine.replies[0].closed_early
    calls = len(stage.tg.calls)
    await stage.clock.advance(60)
    assert not [call for call in stage.tg.calls[calls:] if call.method.startswith(("send", "edit"))]
    await team.adds_bot()
    await ann.says(f"@{stage.tg.me.username} are you back?", chat=team)
    await stage.settles()
    assert texts(team)[-1] == "are you back?"
