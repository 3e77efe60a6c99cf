"""A user keeps order among conversations: lists, opens, names, puts away, deletes and searches them."""

from tests.stories.commanding import labels, presses, says
from tests.stories.stage import Stage, set_stage, texts


async def test_the_list_names_conversations_newest_first_and_marks_the_present_one(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    listed = await says(stage, ann, "zebras in winter", "/new", "giraffes in summer", "/threads")
    assert "1. giraffes in summer · now" in listed
    assert "2. zebras in winter · 20" in listed
    assert labels(ann.private.replies[-1]) == ["1. giraffes in summer", "2. zebras in winter"]


async def test_a_long_list_is_paged_in_one_message(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    for number in range(8):
        await says(stage, ann, f"subject {number}", "/new")
    first = await says(stage, ann, "/threads")
    assert "subject 7" in first
    assert "subject 1" not in first
    messages = len(ann.private.replies)
    second = await presses(stage, ann, "Older ›")
    assert "7. subject 1" in second
    assert "8. subject 0" in second
    assert len(ann.private.replies) == messages
    assert "1. subject 7" in await presses(stage, ann, "‹ Newer")


async def test_an_earlier_conversation_goes_on_by_its_number(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    back = await says(stage, ann, "zebras in winter", "/new", "giraffes in summer", "/threads", "/open 2")
    assert "You are back in zebras in winter" in back
    assert "You: zebras in winter" in back
    await says(stage, ann, "and now?")
    assert [u.text for u in stage.engine.prompts[-1].history] == ["zebras in winter", "zebras in winter"]


async def test_an_earlier_conversation_goes_on_by_a_word_of_its_title_or_by_a_button(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    await says(stage, ann, "zebras in winter", "/new", "giraffes in summer", "/new")
    assert "You are back in zebras in winter" in await says(stage, ann, "/open ZEBRAS")
    await says(stage, ann, "/threads")
    assert "You are back in giraffes in summer" in await presses(stage, ann, "1. giraffes in summer")
    assert "Which one" in await says(stage, ann, "/open s in ")
    assert "no conversation number 17" in await says(stage, ann, "/open 17")
    assert "found no conversation" in await says(stage, ann, "/open quasar")


async def test_a_conversation_goes_on_in_another_topic_when_it_is_opened_there(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    await says(stage, ann, "zebras in winter")
    topic = await ann.creates_topic("Work")
    await ann.says("/open 1", topic=topic)
    await stage.settles()
    await ann.says("and now?", topic=topic)
    await stage.settles()
    assert [u.text for u in stage.engine.prompts[-1].history] == ["zebras in winter", "zebras in winter"]
    assert ann.private.replies[-1].topic == topic.id
    await says(stage, ann, "something else")
    assert not stage.engine.prompts[-1].history


async def test_a_title_is_changed_and_shown_as_it_was_written(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    assert "no conversation here yet" in await says(stage, ann, "/rename Too early")
    await says(stage, ann, "zebras in winter")
    assert "write the new title" in await says(stage, ann, "/rename")
    assert "**_x_** [y](z)" in await says(stage, ann, "/rename   **_x_**\n[y](z) ")
    assert "1. **_x_** [y](z)" in await says(stage, ann, "/threads")


async def test_what_is_put_away_leaves_the_list_and_comes_back_when_opened(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    assert "zebras in winter is put away" in await says(stage, ann, "zebras in winter", "/archive")
    assert "no conversations yet" in await says(stage, ann, "/threads")
    assert "zebras in winter" in await says(stage, ann, "/threads archived")
    await says(stage, ann, "a new subject")
    assert not stage.engine.prompts[-1].history
    await presses(stage, ann, "Open it again")
    assert "zebras in winter" in await says(stage, ann, "/threads")
    assert "Nothing is archived" in await says(stage, ann, "/threads archived")


async def test_deleting_asks_first_and_then_nothing_is_left(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    assert "cannot be undone" in await says(stage, ann, "zebras in winter", "/delete")
    assert "stays as it is" in await presses(stage, ann, "No, keep it")
    await says(stage, ann, "/delete")
    question = ann.private.replies[-1]
    forged = question.buttons[0]["callback_data"]
    assert await presses(stage, ann, "Yes, delete it") == "zebras in winter is deleted."
    assert not question.buttons
    assert "no conversations yet" in await says(stage, ann, "/threads")
    assert "found nothing" in await says(stage, ann, "/search zebras")
    await ann.presses_data(forged, question)
    await stage.settles()
    assert "deleted already" in texts(ann.private)[-1] + question.text_content


async def test_only_the_one_who_was_asked_may_delete(stage: Stage) -> None:
    ann, mallory = stage.tg.user("Ann"), stage.tg.user("Mallory")
    team = stage.tg.supergroup("Team", members=[ann, mallory])
    await says(stage, ann, f"@{stage.tg.me.username} zebras in winter", "/delete", chat=team)
    said = texts(team)
    press = await mallory.presses("Yes, delete it", chat=team)
    await stage.settles()
    assert "belongs to somebody else" in stage.tg.presses[press].text
    assert texts(team) == said
    assert "is deleted" in await presses(stage, ann, "Yes, delete it", chat=team)


async def test_nobody_deletes_or_opens_by_a_number_they_made_up(stage: Stage) -> None:
    ann, mallory = stage.tg.user("Ann"), stage.tg.user("Mallory")
    await says(stage, ann, "the canary of Ann")
    await says(stage, mallory, "hello there")
    async with stage.board.store.begin() as tx:
        (hers,) = await tx.threads.list((await tx.users.resolve("telegram", "", str(ann.id), name="", locale="")).id)
        his = await tx.users.resolve("telegram", "", str(mallory.id), name="", locale="")
    forged = (f"/open #{hers.id}", f"/delete #{hers.id}", f"/delete yes {his.id} {hers.id}", f"/archive #{hers.id}")
    for command in forged:
        assert "canary" not in await says(stage, mallory, command)
    assert "the canary of Ann" in await says(stage, ann, "/threads")


async def test_search_finds_what_the_user_said_and_nothing_of_others(stage: Stage) -> None:
    ann, bob = stage.tg.user("Ann"), stage.tg.user("Bob")
    await says(stage, ann, "the *bridge* to the island opens at nine", "/new", "zebras in winter")
    await says(stage, bob, "my bridge is a canary")
    found = await says(stage, ann, "/search bridges")
    assert "the *bridge* to the island" in found
    assert "canary" not in found
    assert "zebras" not in found
    (door,) = labels(ann.private.replies[-1])
    assert "You are back in" in await presses(stage, ann, door)
    assert "found nothing" in await says(stage, ann, "/search quasar")
    assert "what you are looking for" in await says(stage, ann, "/search")


async def test_a_group_does_not_read_what_is_private(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    team = stage.tg.supergroup("Team", members=[ann])
    await says(stage, ann, "the canary of Ann")
    for command in ("threads", "open 1", "search canary", "export all", "memory", "usage", "settings", "link"):
        answer = await says(stage, ann, f"/{command}", chat=team)
        assert "in our private chat" in answer, command
        assert "canary" not in answer
    assert "canary" not in await says(stage, ann, "/delete 1", chat=team)


async def test_a_command_is_carried_out_once_although_its_process_died_before_the_answer(any_url: str) -> None:
    async with set_stage(any_url) as stage:
        ann = stage.tg.user("Ann")
        async with stage.process():
            await says(stage, ann, "zebras in winter", "/new", "giraffes in summer")
            stuck = stage.tg.faults.fails(502, chat=ann.id, times=None)
            await ann.says("/archive")
            await stage.until(lambda: bool(stage.tg.faults.injected))
        stuck.times = 0
        async with stage.process():
            await stage.settles()
            assert [text for text in texts(ann.private) if "put away" in text] == [
                "giraffes in summer is put away; your next message begins a fresh conversation. "
                "/threads archived shows what you have put away."
            ]
            listed = await says(stage, ann, "/threads")
            assert "zebras in winter" in listed
            assert "giraffes" not in listed
