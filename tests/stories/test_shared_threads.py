"""In a channel's thread everybody who speaks takes part in one conversation, and nobody's own matters come up."""

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

import pytest
from pydantic import TypeAdapter

from bot.domain.action import ThreadAction, TurnAction
from bot.domain.place import Place
from bot.domain.reply import Usage
from bot.domain.thread import TurnState, User
from bot.quota import DailyLimits
from specialists.scripted import AskLeave, Babble, Hang, Say
from tests.fakes.lobby import Person
from tests.stories.foyer import Foyer, open_foyer

T = TypeVar("T")


@pytest.fixture
async def foyer(sqlite_url: str) -> AsyncIterator[Foyer]:
    async with open_foyer(sqlite_url) as foyer:
        yield foyer


async def known(foyer: Foyer, person: Person) -> User:
    async with foyer.store.begin() as tx:
        user = await tx.users.find(person.chat.messenger, person.chat.workspace, person.id)
    assert user is not None
    return user


def thread(foyer: Foyer) -> Place:
    return foyer.lobby.thread("C1", "17.1")


async def test_everybody_speaks_in_the_one_thread_whoever_began_it(foyer: Foyer) -> None:
    ann, bob, here = foyer.lobby.person("Ann"), foyer.lobby.person("Bob"), thread(foyer)
    await ann.says("We need a bridge.", here)
    await foyer.settles()
    await bob.says("Make it red.", here)
    await foyer.settles()
    await ann.says("What did we say?", here)
    await foyer.settles()
    first, second, third = foyer.engine.prompts
    assert first.thread == second.thread == third.thread
    assert [one.text for one in third.history if one.role == "user"] == ["Ann: We need a bridge.", "Bob: Make it red."]
    assert [one.user_name for one in foyer.engine.prompts] == ["Ann", "Bob", "Ann"]
    assert (third.text, third.spoken) == ("What did we say?", "Ann: What did we say?")
    async with foyer.store.begin() as tx:
        assert await tx.threads.exists_at(here)
        assert not await tx.threads.exists_at(foyer.lobby.thread("C1", "17.2"))
        assert len(await tx.threads.list((await tx.turns.get(first.turn)).asker)) == 1


async def test_alone_nobody_is_named(foyer: Foyer) -> None:
    ann = foyer.lobby.person("Ann")
    await ann.says("First.")
    await foyer.settles()
    await ann.says("Second.")
    await foyer.settles()
    assert [one.text for one in foyer.engine.prompts[1].history] == ["First.", "First."]
    assert foyer.engine.prompts[1].spoken == "Second."


async def test_what_two_people_say_at_once_are_two_turns(foyer: Foyer) -> None:
    ann, bob, here = foyer.lobby.person("Ann"), foyer.lobby.person("Bob"), thread(foyer)
    await ann.says("One,", here)
    await ann.says("two.", here)
    await bob.says("Three.", here)
    await ann.says("Four.", here)
    await foyer.settles()
    assert [one.text for one in foyer.engine.prompts] == ["One,\ntwo.", "Three.", "Four."]


async def test_facts_and_rights_of_one_are_not_before_the_others(foyer: Foyer) -> None:
    ann, here = foyer.lobby.person("Ann"), thread(foyer)
    await ann.says("/memory add I am afraid of heights")
    await foyer.settles()
    await ann.says("hello")
    await foyer.settles()
    await ann.says("hello", here)
    await foyer.settles()
    alone, before_all = foyer.engine.prompts
    assert (alone.facts, before_all.facts) == (("I am afraid of heights",), ())
    assert (alone.user > 0, before_all.user) == (True, 0)


async def test_each_is_counted_and_answered_in_their_own_language(sqlite_url: str) -> None:
    async with open_foyer(sqlite_url, limits=DailyLimits(user_tokens=100)) as foyer:
        ann, igor, here = foyer.lobby.person("Ann"), foyer.lobby.person("Игорь", "ru"), thread(foyer)
        await ann.says("Hello.", here)
        await igor.says("Привет.", here)
        await foyer.settles()
        user = await known(foyer, igor)
        async with foyer.store.begin() as tx:
            await tx.counters.add(f"tokens:user:{user.id}", foyer.clock.now().date().isoformat(), 100)
            assert await tx.turns.count_since(user.id, foyer.clock.now().replace(hour=0, minute=0)) == 1
        await igor.says("Ещё раз.", here)
        await ann.says("Once more.", here)
        await foyer.settles()
        *_, refused, answered = foyer.lobby.texts(here)
        assert refused == foyer.texts.say("ru", "quota-user", time="00:00", hours=_hours(foyer))
        assert answered.endswith("Once more.")


def _hours(foyer: Foyer) -> int:
    now = foyer.clock.now()
    return max(1, round(24 - (now.hour + now.minute / 60 + now.second / 3600)))


async def test_whoever_takes_part_may_stop_and_only_who_asked_has_it_answered_again(foyer: Foyer) -> None:
    ann, bob, here = foyer.lobby.person("Ann"), foyer.lobby.person("Bob"), thread(foyer)
    foyer.engine.then(Babble())
    await ann.says("Tell us everything.", here)
    await foyer.clock.until(lambda: bool(foyer.lobby.posts[here]))
    await bob.presses("⏹ Stop", here)
    await foyer.settles()
    assert foyer.lobby.texts(here)[0].endswith("_Stopped._")
    foyer.engine.then(Say("Again."))
    press = await bob.presses("🔄 Again", here)
    await foyer.settles()
    assert (press, foyer.texts.say("en", "refused-not-yours")) in foyer.lobby.answers
    assert len(foyer.engine.prompts) == 1
    await ann.presses("🔄 Again", here)
    await foyer.settles()
    assert foyer.lobby.texts(here)[0].endswith("Again.")
    assert foyer.engine.prompts[1].user_name == "Ann"


async def test_the_platforms_stop_ends_what_is_written_there(foyer: Foyer) -> None:
    ann, bob, here = foyer.lobby.person("Ann"), foyer.lobby.person("Bob"), thread(foyer)
    foyer.engine.then(Babble())
    await ann.says("Tell us everything.", here)
    await foyer.clock.until(lambda: bool(foyer.lobby.posts[here]))
    await bob.stops()
    await foyer.clock.advance(2)
    assert not foyer.engine.replies[0].closed_early
    await bob.stops(here)
    await foyer.settles()
    assert foyer.engine.replies[0].closed_early


async def test_only_who_asked_gives_leave_and_others_may_go_on_talking(foyer: Foyer) -> None:
    ann, bob, here = foyer.lobby.person("Ann"), foyer.lobby.person("Bob"), thread(foyer)
    foyer.engine.then(Say("Shall I? "), AskLeave("remind_me"))
    await ann.says("Remind me.", here)
    await foyer.settles()
    press = await bob.presses(_leave(foyer, here), here)
    await foyer.settles()
    assert (press, foyer.texts.say("en", "refused-not-yours")) in foyer.lobby.answers
    await bob.says("And I?", here)
    await foyer.settles()
    turn = foyer.engine.prompts[0].turn
    async with foyer.store.begin() as tx:
        assert (await tx.turns.get(turn)).state is TurnState.REQUIRES_ACTION
    await ann.presses(_leave(foyer, here), here)
    await foyer.settles()
    async with foyer.store.begin() as tx:
        assert (await tx.turns.get(turn)).state is TurnState.COMPLETED


def _leave(foyer: Foyer, here: Place) -> str:
    """The label of the button that gives leave."""
    return next(post.labels[0] for post in foyer.lobby.posts[here] if len(post.labels) == 2)


async def test_each_persons_thumb_counts_once(foyer: Foyer) -> None:
    ann, bob, carl, here = *(foyer.lobby.person(name) for name in ("Ann", "Bob", "Carl")), thread(foyer)
    await ann.says("Hello.", here)
    await foyer.settles()
    turn = foyer.engine.prompts[0].turn
    (post,) = foyer.lobby.posts[here]

    async def rating() -> int:
        await foyer.settles()
        async with foyer.store.begin() as tx:
            return (await tx.turns.get(turn)).rating

    await ann.presses("👍", here)
    await bob.presses("👍", here)
    await bob.reacts(post, "👍")
    assert await rating() == 2
    await carl.reacts(post, "👎")
    await bob.reacts(post, "👎")
    assert await rating() == -1
    await carl.reacts(post)
    assert await rating() == 0


async def test_whoever_is_elsewhere_may_do_nothing(foyer: Foyer) -> None:
    ann, mallory, here = foyer.lobby.person("Ann"), foyer.lobby.person("Mallory"), thread(foyer)
    foyer.engine.then(Babble())
    await ann.says("Tell us everything.", here)
    await foyer.clock.until(lambda: bool(foyer.lobby.posts[here]))
    turn = foyer.engine.prompts[0].turn
    for at in (None, foyer.lobby.thread("C1", "17.2")):
        press = await mallory.forges(str(TurnAction("stop", turn)), at)
        await foyer.clock.advance(1)
        assert (press, foyer.texts.say("en", "refused-not-yours")) in foyer.lobby.answers
    assert not foyer.engine.replies[0].closed_early
    await ann.stops(here)
    await foyer.settles()


async def test_edits_and_deletions_are_for_ones_own_messages(foyer: Foyer) -> None:
    ann, bob, here = foyer.lobby.person("Ann"), foyer.lobby.person("Bob"), thread(foyer)
    said = await ann.says("Red?", here)
    await foyer.settles()
    await bob.edits(said, "Blue?")
    await bob.deletes(said)
    await foyer.settles()
    assert len(foyer.engine.prompts) == 1
    await ann.edits(said, "Green?")
    await foyer.settles()
    assert foyer.engine.prompts[1].text == "Green?"
    await ann.deletes(said)
    await bob.says("And?", here)
    await foyer.settles()
    assert foyer.engine.prompts[2].history == ()


async def test_a_shared_thread_stays_and_a_private_one_is_not_taken_there(foyer: Foyer) -> None:
    ann, here = foyer.lobby.person("Ann"), thread(foyer)
    await ann.says("alone")
    await ann.says("with others", here)
    await foyer.settles()
    alone, shared = foyer.engine.prompts
    await ann.forges(str(ThreadAction(shared.thread)), at_home=True)
    await foyer.settles()
    assert "held with others" in ann.texts()[-1]
    press = await ann.forges(str(ThreadAction(alone.thread)), here)
    await ann.says("/open #1", here)
    await foyer.settles()
    assert "between you and me" in dict(foyer.lobby.answers).get(press, "") + foyer.lobby.texts(here)[-1]
    async with foyer.store.begin() as tx:
        assert (await tx.threads.get(alone.thread)).place == ann.chat
        assert (await tx.threads.get(shared.thread)).place == here


async def test_commands_are_about_whoever_gives_them(foyer: Foyer) -> None:
    ann, bob, here = foyer.lobby.person("Ann"), foyer.lobby.person("Bob"), thread(foyer)
    await ann.says("The bridge is Ann's.", here)
    await bob.says("Hello.", here)
    await foyer.settles()
    async with foyer.store.begin() as tx:
        turn = foyer.engine.prompts[1].turn
        bobs = (await tx.turns.get(turn)).asker
        await tx.ledger.record_usage(turn, bobs, "W1", Usage("p", "m", 70, 7), foyer.clock.now())
    for name in ("usage", "memory", "threads", "export"):
        await bob.says(f"/{name}", here)
        await foyer.settles()
        assert "between you and me" in foyer.lobby.texts(here)[-1]
    await bob.says("/rename Bob's bridge", here)
    await foyer.settles()
    assert foyer.lobby.texts(here)[-1] == foyer.texts.say("en", "refused-not-yours")
    await bob.says("/threads")
    await foyer.settles()
    assert "Hello" in bob.texts()[-1]
    assert "bridge" not in bob.texts()[-1]
    await bob.says("/usage")
    await foyer.settles()
    assert "70 read, 7 written" in bob.texts()[-1]


async def test_an_export_holds_what_one_said_in_shared_threads_and_no_more(foyer: Foyer) -> None:
    ann, bob, here = foyer.lobby.person("Ann"), foyer.lobby.person("Bob"), thread(foyer)
    await ann.says("zebra of Ann", here)
    await foyer.settles()
    await bob.says("giraffe of Bob", here)
    await foyer.settles()
    for person, own, others in ((ann, "zebra", "giraffe"), (bob, "giraffe", "zebra")):
        await person.says("/export json all")
        await foyer.settles()
        file = foyer.lobby.posts[person.chat][-1].outgoing.file
        assert file is not None
        assert own in file.content.decode()
        assert f"{others} of" not in file.content.decode()


async def test_who_is_forgotten_leaves_nothing_and_the_others_go_on(foyer: Foyer) -> None:
    ann, bob, here = foyer.lobby.person("Ann"), foyer.lobby.person("Bob"), thread(foyer)
    await ann.says("zebra of Ann", here)
    await foyer.settles()
    await bob.says("giraffe of Bob", here)
    await foyer.settles()
    await ann.says("/forget")
    await foyer.settles()
    await ann.presses(foyer.texts.say("en", "forget-yes"))
    await foyer.settles()
    await bob.says("What did I say?", here)
    await foyer.settles()
    assert [one.text for one in foyer.engine.prompts[-1].history] == ["Bob: giraffe of Bob", "giraffe of Bob"]
    user = await known(foyer, bob)
    async with foyer.store.begin() as tx:
        (left,) = await tx.threads.list(user.id)
        assert left.place == here
        assert "zebra" not in left.title
        account = await tx.ledger.account()
        assert (account.waiting, account.lost) == (0, 0)


async def test_a_new_question_ends_ones_own_reply_and_nobody_elses(foyer: Foyer) -> None:
    ann, bob, here = foyer.lobby.person("Ann"), foyer.lobby.person("Bob"), thread(foyer)
    await bob.says("/curator", here)
    await foyer.settles()
    foyer.engine.then(Babble())
    await bob.says("Tell us everything.", here)
    await foyer.clock.until(lambda: "so on" in foyer.lobby.texts(here)[-1])
    for text in ("One.", "Two."):
        await ann.says(text, here)
        await foyer.clock.advance(3)
        assert not foyer.engine.replies[0].closed_early
    await bob.says("Enough.", here)
    await foyer.settles()
    assert foyer.engine.replies[0].closed_early


async def test_the_title_of_one_is_not_on_the_shelf_of_the_other(foyer: Foyer) -> None:
    ann, bob, here = foyer.lobby.person("Ann"), foyer.lobby.person("Bob"), thread(foyer)
    await ann.says("zebra of Ann", here)
    await foyer.settles()
    await bob.says("giraffe of Bob", here)
    await foyer.settles()
    for person, own, others in ((ann, "zebra", "giraffe"), (bob, "giraffe", "zebra")):
        await person.opens_home()
        for command in ("/threads", f"/search {own}", "/open of", f"/search {others}"):
            await person.says(command)
        await person.says("/export json all")
        await foyer.settles()
        posts = foyer.lobby.posts[person.chat]
        listed, found, opened, nothing, exported = (post.text for post in posts)
        assert f"{own} of" in listed
        assert "with others" in listed
        assert f"{own} of" in found
        assert "with others" in found
        assert "held with others" in opened
        assert nothing == foyer.texts.say("en", "search-none", words=others)
        assert not [post for post in posts[:4] if post.labels], "nothing takes it elsewhere"
        assert f"{own} of" in person.page[0].text
        assert not person.page[0].buttons
        file = posts[-1].outgoing.file
        assert file is not None
        assert f'"title": "{own} of' in file.content.decode()
        assert others not in f"{person.page}{listed}{found}{opened}{exported}{file.content.decode()}"


async def test_a_name_that_who_began_it_gave_is_theirs(foyer: Foyer) -> None:
    ann, bob, here = foyer.lobby.person("Ann"), foyer.lobby.person("Bob"), thread(foyer)
    await ann.says("zebra", here)
    await foyer.settles()
    await bob.says("giraffe", here)
    await ann.says("/rename Stripes", here)
    await foyer.settles()
    for person, title, other in ((ann, "Stripes", "giraffe"), (bob, "giraffe", "Stripes")):
        await person.says("/threads")
        await foyer.settles()
        assert title in person.texts()[-1]
        assert other not in person.texts()[-1]


async def test_an_export_holds_ones_own_thumb_and_no_brief_that_others_filled(foyer: Foyer) -> None:
    ann, bob, carl, here = *(foyer.lobby.person(name) for name in ("Ann", "Bob", "Carl")), thread(foyer)
    await ann.says("Hello.", here)
    await foyer.settles()
    for person, label in ((ann, "👎"), (bob, "👍"), (carl, "👍")):
        await person.presses(label, here)
    user = await known(foyer, ann)
    async with foyer.store.begin() as tx:
        number = foyer.engine.prompts[0].thread
        await tx.briefs.save(user.id, number, "design", {"what": "giraffe of Bob"}, complete=True)
    await ann.says("/export json all")
    await foyer.settles()
    file = foyer.lobby.posts[ann.chat][-1].outgoing.file
    assert file is not None
    assert '"rating": -1' in file.content.decode()
    assert "giraffe" not in file.content.decode()


async def delete(foyer: Foyer, person: Person, command: str, at: Place | None = None) -> str:
    """Give the command and say yes; the question."""
    asked_before = len(foyer.lobby.posts[at or person.chat])
    await person.says(command, at)
    await foyer.clock.until(lambda: len(foyer.lobby.posts[at or person.chat]) > asked_before)
    question = foyer.lobby.posts[at or person.chat][-1].text
    await person.presses(foyer.texts.say("en", "delete-yes"), at)
    await foyer.clock.advance(2)
    return question


async def test_who_deletes_it_takes_their_own_words_and_leaves_the_others_questions(foyer: Foyer) -> None:
    ann, bob, here = foyer.lobby.person("Ann"), foyer.lobby.person("Bob"), thread(foyer)
    await ann.says("zebra of Ann", here)
    await foyer.settles()
    foyer.engine.then(Say("Well. "), Hang())
    await bob.says("giraffe of Bob", here)
    await foyer.clock.until(lambda: len(foyer.engine.prompts) == 2)
    await bob.says("lion of Bob", here)
    assert "What others said there stays" in await delete(foyer, ann, "/delete 1")
    foyer.engine.release()
    await foyer.settles()
    assert foyer.lobby.texts(here)[-1].endswith("lion of Bob")
    assert not foyer.engine.replies[1].closed_early
    async with foyer.store.begin() as tx:
        account = await tx.ledger.account()
        assert (account.received, account.answered, account.waiting, account.lost) == (2, 2, 0, 0)
    await ann.says("/threads")
    await ann.says("/search zebra")
    await bob.says("And now?", here)
    await foyer.settles()
    assert ann.texts()[-2:] == [
        foyer.texts.say("en", "threads-none"),
        foyer.texts.say("en", "search-none", words="zebra"),
    ]
    assert [one.text for one in foyer.engine.prompts[-1].history if one.role == "user"] == [
        "Bob: giraffe of Bob",
        "Bob: lion of Bob",
    ]


async def test_who_only_spoke_there_deletes_their_words_and_a_stranger_nothing(foyer: Foyer) -> None:
    ann, bob, carl, here = *(foyer.lobby.person(name) for name in ("Ann", "Bob", "Carl")), thread(foyer)
    await ann.says("zebra of Ann", here)
    await foyer.settles()
    await carl.says("/delete", here)
    await foyer.settles()
    assert foyer.lobby.texts(here)[-1] == foyer.texts.say("en", "refused-not-yours")
    foyer.engine.then(Babble())
    await bob.says("giraffe of Bob", here)
    await foyer.clock.until(lambda: len(foyer.engine.prompts) == 2)
    await delete(foyer, bob, "/delete", here)
    await foyer.settles()
    assert foyer.engine.replies[1].closed_early
    await ann.says("What was said?", here)
    await foyer.settles()
    assert [one.text for one in foyer.engine.prompts[-1].history if one.role == "user"] == ["Ann: zebra of Ann"]
    await delete(foyer, ann, "/delete", here)
    await foyer.settles()
    async with foyer.store.begin() as tx:
        assert not await tx.threads.exists_at(here)


async def test_who_is_forgotten_takes_along_the_title_and_the_next_question_gives_one(foyer: Foyer) -> None:
    ann, bob, here = foyer.lobby.person("Ann"), foyer.lobby.person("Bob"), thread(foyer)
    await ann.says("/new", here)
    await bob.says("giraffe of Bob", here)
    await foyer.settles()
    await ann.says("lion of Ann", here)
    await foyer.settles()
    await bob.says("/forget")
    await foyer.settles()
    await bob.presses(foyer.texts.say("en", "forget-yes"))
    await foyer.settles()
    user = await known(foyer, ann)
    async with foyer.store.begin() as tx:
        (left,) = await tx.threads.list(user.id)
        assert left.title == ""
    assert foyer.lobby.titles == {here: ""}
    await ann.says("tiger of Ann", here)
    await foyer.settles()
    async with foyer.store.begin() as tx:
        assert (await tx.threads.get(left.id)).title == "tiger of Ann"


@pytest.mark.parametrize("how", ["forgotten", "deleted", "forgotten before"])
async def test_a_summary_that_is_being_made_brings_no_words_back(sqlite_url: str, how: str) -> None:
    begun, release = asyncio.Event(), asyncio.Event()

    async def ask(order: str, text: str, form: type[T]) -> tuple[T, Usage]:
        if "summary" not in form.model_json_schema()["properties"]:  # type: ignore[attr-defined]
            return TypeAdapter(form).validate_python({"title": "A title"}), Usage("p", "m", 1, 1)
        if "zebra" in text:
            begun.set()
            await release.wait()
        summary = "a zebra" if "zebra" in text else "no animal"
        return TypeAdapter(form).validate_python({"summary": summary}), Usage("p", "m", 1, 1)

    async with open_foyer(sqlite_url, ask=ask) as foyer:
        ann, bob, here = foyer.lobby.person("Ann"), foyer.lobby.person("Bob"), thread(foyer)
        said = await ann.says("zebra", here)
        await foyer.settles()
        user, number = await known(foyer, ann), foyer.engine.prompts[0].thread
        if how == "forgotten before":
            async with foyer.store.begin() as tx:
                await tx.memory.set(number, "a zebra", foyer.engine.prompts[0].turn)
        while not begun.is_set():
            await bob.says("word " * 800, here)
            await foyer.clock.advance(30)
        if how == "deleted":
            await ann.deletes(said)
        else:
            async with foyer.store.begin() as tx:
                await tx.privacy.erase(user.id)
        release.set()
        await foyer.settles()
        async with foyer.store.begin() as tx:
            assert (await tx.memory.get(number)).summary == ""
        for _ in range(3):
            await bob.says("word " * 800, here)
            await foyer.settles()
        async with foyer.store.begin() as tx:
            assert (await tx.memory.get(number)).summary == "no animal"
