"""What users delete in the messenger is not known here any more, and is not answered."""

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

import pytest
from pydantic import TypeAdapter

from bot.domain.reply import Usage
from bot.domain.thread import TurnState
from specialists.scripted import AskLeave, Babble, Hang, Say
from storage.ledger import Account
from tests.fakes.lobby import Person
from tests.stories.foyer import Foyer, open_foyer

T = TypeVar("T")


@pytest.fixture
async def foyer(sqlite_url: str) -> AsyncIterator[Foyer]:
    async with open_foyer(sqlite_url) as foyer:
        yield foyer


async def account(foyer: Foyer) -> Account:
    async with foyer.store.begin() as tx:
        return await tx.ledger.account()


async def finds(foyer: Foyer, person: Person, words: str) -> int:
    async with foyer.store.begin() as tx:
        user = await tx.users.find("lobby", "W1", person.id)
        return 0 if user is None else len(await tx.search.messages(user.id, words))


async def test_what_is_taken_back_in_time_is_never_answered(foyer: Foyer) -> None:
    ann = foyer.lobby.person("Ann")
    said = await ann.says("zebra")
    await ann.deletes(said)
    await foyer.settles()
    assert not foyer.engine.prompts
    assert not ann.texts()
    assert await account(foyer) == Account(received=0, answered=0, refused=0, waiting=0)
    assert await finds(foyer, ann, "zebra") == 0
    await ann.says("giraffe")
    await foyer.settles()
    assert [(one.text, one.history) for one in foyer.engine.prompts] == [("giraffe", ())]


async def test_a_burst_loses_one_message_and_is_answered(foyer: Foyer) -> None:
    ann = foyer.lobby.person("Ann")
    await ann.says("Tell me about")
    said = await ann.says("zebras")
    await ann.says("giraffes")
    await ann.deletes(said)
    await foyer.settles()
    assert [one.text for one in foyer.engine.prompts] == ["Tell me about\ngiraffes"]
    assert await account(foyer) == Account(received=3, answered=3, refused=0, waiting=0)


async def test_one_that_waits_behind_another_leaves_the_line(foyer: Foyer) -> None:
    ann = foyer.lobby.person("Ann")
    foyer.engine.then(Say("First. "), Hang())
    await ann.says("one")
    await foyer.clock.until(lambda: bool(foyer.engine.prompts))
    said = await ann.says("two")
    await foyer.clock.advance(2)
    await ann.says("three")
    await ann.deletes(said)
    foyer.engine.release()
    await foyer.settles()
    assert [one.text for one in foyer.engine.prompts] == ["one", "three"]
    assert (await account(foyer)).lost == 0


async def test_a_reply_that_is_being_written_stops_and_stays(foyer: Foyer) -> None:
    ann = foyer.lobby.person("Ann")
    foyer.engine.then(Babble())
    said = await ann.says("Tell me everything about zebras")
    await foyer.clock.until(lambda: bool(ann.texts()))
    await ann.deletes(said)
    await foyer.settles()
    assert ann.texts()[0].endswith("_Stopped._")
    assert await account(foyer) == Account(received=1, answered=1, refused=0, waiting=0)
    foyer.engine.then(Say("Hello."))
    await ann.says("hello")
    await foyer.settles()
    assert foyer.engine.prompts[-1].history == ()


async def test_an_old_message_leaves_memory_search_title_and_export(foyer: Foyer) -> None:
    ann = foyer.lobby.person("Ann")
    foyer.engine.then(Say("Stripes."))
    said = await ann.says("zebras in winter")
    await foyer.settles()
    await ann.edits(said, "zebras in spring")
    await foyer.settles()
    await ann.says("giraffes")
    await foyer.settles()
    await ann.deletes(said)
    await ann.says("What did I say?")
    await foyer.settles()
    assert [one.text for one in foyer.engine.prompts[-1].history] == ["giraffes", "giraffes"]
    await ann.says("/export json")
    await foyer.settles()
    file = foyer.lobby.posts[ann.chat][-1].outgoing.file
    assert file is not None
    assert "giraffes" in file.content.decode()
    assert "zebras in winter" not in file.content.decode()
    async with foyer.store.begin() as tx:
        (thread,) = await tx.threads.list(1)
        assert all(one.role == "assistant" for one in await tx.turns.messages(foyer.engine.prompts[0].turn))
    assert "zebras in winter" not in thread.title
    assert ann.texts()[0].endswith("zebras in spring"), "the reply stays where it is"


async def test_what_asks_for_leave_ends_with_its_question(foyer: Foyer) -> None:
    ann = foyer.lobby.person("Ann")
    foyer.engine.then(Say("Shall I? "), AskLeave("remind_me"))
    said = await ann.says("Remind me")
    await foyer.settles()
    await ann.deletes(said)
    await foyer.settles()
    async with foyer.store.begin() as tx:
        assert (await tx.turns.get(foyer.engine.prompts[0].turn)).state is TurnState.STOPPED
    assert (await account(foyer)).waiting == 0


async def test_there_is_nothing_to_answer_again(foyer: Foyer) -> None:
    ann = foyer.lobby.person("Ann")
    said = await ann.says("zebras")
    await foyer.settles()
    await ann.deletes(said)
    press = await ann.presses("🔄 Again")
    await foyer.settles()
    assert len(foyer.engine.prompts) == 1
    assert (press, foyer.texts.say("en", "old-button")) in foyer.lobby.answers


async def test_an_answer_that_waits_to_be_made_anew_is_not(foyer: Foyer) -> None:
    ann = foyer.lobby.person("Ann")
    foyer.engine.then(Say("First."))
    said = await ann.says("zebras")
    await foyer.settles()
    foyer.engine.then(Babble())
    await ann.edits(said, "giraffes")
    await foyer.clock.until(lambda: len(foyer.engine.prompts) == 2)
    await ann.edits(said, "lions")
    await ann.deletes(said)
    await foyer.settles()
    assert [one.text for one in foyer.engine.prompts] == ["zebras", "giraffes"]
    assert (await account(foyer)).lost == 0


async def test_what_is_not_known_or_not_theirs_is_left_alone(foyer: Foyer) -> None:
    ann, bob = foyer.lobby.person("Ann"), foyer.lobby.person("Bob")
    said = await ann.says("zebras")
    await bob.deletes(said)
    await foyer.settles()
    assert len(foyer.engine.prompts) == 1
    assert await finds(foyer, ann, "zebras") == 2


async def test_a_title_goes_with_the_words_it_was_made_of_wherever_it_is_shown(sqlite_url: str) -> None:
    async def ask(order: str, text: str, form: type[T]) -> tuple[T, Usage]:
        title = "Ann leaves" if "divorce" in text else "A bridge"
        return TypeAdapter(form).validate_python({"title": title}), Usage("p", "m", 1, 1)

    async with open_foyer(sqlite_url, ask=ask) as foyer:
        ann = foyer.lobby.person("Ann")
        said = await ann.says("I want a divorce")
        await foyer.settles()
        assert foyer.lobby.titles == {ann.chat: "Ann leaves"}
        await ann.deletes(said)
        await foyer.settles()
        assert await title(foyer) == ""
        assert foyer.lobby.titles == {ann.chat: ""}
        later = await ann.says("Shall the bridge be red?")
        await foyer.settles()
        assert await title(foyer) == "A bridge"
        other = await ann.says("Or blue?")
        await foyer.settles()
        await ann.deletes(other)
        await foyer.settles()
        assert await title(foyer) == "A bridge"
        await ann.says("/rename My bridge")
        await foyer.settles()
        await ann.deletes(later)
        await foyer.settles()
        assert await title(foyer) == "My bridge"


async def title(foyer: Foyer) -> str:
    async with foyer.store.begin() as tx:
        (thread,) = await tx.threads.list(1)
    return thread.title


async def test_a_title_of_a_burst_goes_with_any_message_of_it(foyer: Foyer) -> None:
    ann = foyer.lobby.person("Ann")
    await ann.says("Hello there.")
    said = await ann.says("My salary is 4711.")
    await foyer.settles()
    assert "4711" in await title(foyer)
    await ann.deletes(said)
    await foyer.settles()
    assert await title(foyer) == ""


async def test_a_title_that_is_being_made_is_not_of_what_was_taken_back_meanwhile(sqlite_url: str) -> None:
    begun, release = asyncio.Event(), asyncio.Event()

    async def ask(order: str, text: str, form: type[T]) -> tuple[T, Usage]:
        begun.set()
        await release.wait()
        return TypeAdapter(form).validate_python({"title": "About zebras"}), Usage("p", "m", 1, 1)

    async with open_foyer(sqlite_url, ask=ask) as foyer:
        ann = foyer.lobby.person("Ann")
        said = await ann.says("zebras")
        await foyer.clock.until(begun.is_set)
        await ann.deletes(said)
        release.set()
        await foyer.settles()
        assert await title(foyer) == ""


async def test_a_reply_that_is_stopped_gives_no_title_of_what_was_taken_back(foyer: Foyer) -> None:
    ann = foyer.lobby.person("Ann")
    foyer.engine.then(Babble())
    said = await ann.says("zebras")
    await foyer.clock.until(lambda: bool(ann.texts()))
    await ann.deletes(said)
    await foyer.settles()
    assert await title(foyer) == ""


async def test_what_was_chosen_and_ordered_with_it_goes_too(foyer: Foyer) -> None:
    ann = foyer.lobby.person("Ann")
    kept = await ann.says("giraffes")
    await foyer.settles()
    said = await ann.says("zebras on a poster")
    await foyer.settles()
    first, second = (prompt.turn for prompt in foyer.engine.prompts)
    async with foyer.store.begin() as tx:
        turn = await tx.turns.get(second)
        for number, stem in ((first, "giraff"), (second, "zebra")):
            await tx.examples.add(turn.asker, "design", stem, turn_id=number)
        for specialist in (turn.specialist, "video"):
            await tx.briefs.save(turn.asker, turn.thread_id, specialist, {"what": "zebras"}, complete=True)
    await ann.deletes(said)
    await foyer.settles()
    async with foyer.store.begin() as tx:
        assert await tx.examples.of(turn.asker) == [("design", "giraff")]
        assert [brief.specialist for brief in await tx.briefs.list(turn.asker)] == ["video"]
    await ann.deletes(kept)
    await foyer.settles()
    async with foyer.store.begin() as tx:
        assert await tx.examples.of(turn.asker) == []


async def test_an_answer_whose_question_is_gone_is_in_no_summary(sqlite_url: str) -> None:
    read: list[str] = []

    async def ask(order: str, text: str, form: type[T]) -> tuple[T, Usage]:
        read.append(text)
        return TypeAdapter(form).validate_python({"title": "A title", "summary": "A summary"}), Usage("p", "m", 1, 1)

    async with open_foyer(sqlite_url, ask=ask) as foyer:
        ann = foyer.lobby.person("Ann")
        said = await ann.says("zebra")
        await foyer.settles()
        await ann.deletes(said)
        read.clear()
        while not any("Earlier summary" in text for text in read):
            await ann.says("word " * 800)
            await foyer.settles()
        assert not [text for text in read if "zebra" in text]
