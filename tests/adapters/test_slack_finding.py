"""A message whose sending ended in doubt is found before it is sent again."""

from collections.abc import AsyncIterator

import pytest

from adapters.slack.emulator.limits import Limits
from bot.domain.errors import Ambiguous, Unreachable
from bot.domain.messenger import Delta, File, Outgoing
from tests.adapters.slack_cast import Stage, said, stage


@pytest.fixture
async def here() -> AsyncIterator[Stage]:
    async with stage() as one:
        yield one


async def test_what_arrived_is_found_by_its_mark(here: Stage) -> None:
    ann = here.slack.user("Ann")
    place = here.at(ann.dm)
    await here.app.send(place, said("the answer", mark=here.app.watermark(place)))
    mark = here.app.watermark(place)
    assert len(mark) <= 64
    here.slack.faults.drops_after(method="chat.postMessage")
    with pytest.raises(Ambiguous):
        await here.app.send(place, said("the answer", mark=mark))
    assert await here.app.find(place, mark, said("the answer")) == here.ref(ann.dm, ann.dm.replies[-1])


async def test_what_never_arrived_is_not_found(here: Stage) -> None:
    ann = here.slack.user("Ann")
    place = here.at(ann.dm)
    await here.app.send(place, said("the answer", mark=here.app.watermark(place)))
    mark = here.app.watermark(place)
    here.slack.faults.drops_before(method="chat.postMessage")
    with pytest.raises(Ambiguous):
        await here.app.send(place, said("the answer", mark=mark))
    assert await here.app.find(place, mark, said("the answer")) is None
    assert await here.app.find(place, "garbled", said("the answer")) is None


async def test_in_a_thread_only_that_thread_is_searched(here: Stage) -> None:
    ann = here.slack.user("Ann")
    team = here.slack.channel("team", [ann])
    first, second = await ann.says("one?", to=team), await ann.says("two?", to=team)
    mark = here.app.watermark(here.at(team))
    ref = await here.app.send(here.at(team, first), said("one", mark=mark))
    assert await here.app.find(here.at(team, first), mark, said("one")) == ref
    assert await here.app.find(here.at(team, second), mark, said("one")) is None


async def test_a_stream_that_began_in_doubt_is_found_and_finished(here: Stage) -> None:
    ann = here.slack.user("Ann")
    team = here.slack.channel("team", [ann])
    question = await ann.says("why?", to=team)
    place = here.at(team, question)
    first = await here.app.begin_stream(place, Outgoing("", streaming=True), ann.id)
    await here.app.edit(first, said("an earlier answer", mark="earlier"))
    mark = here.app.watermark(place)
    here.slack.faults.drops_after(method="chat.startStream")
    with pytest.raises(Ambiguous):
        await here.app.begin_stream(place, Outgoing("Because", streaming=True, mark=mark), ann.id)
    found = await here.app.find(place, mark, Outgoing("Because", streaming=True, mark=mark))
    assert found == here.ref(team, team.replies[-1])
    await here.app.edit(found, said("Because of you.", mark=mark))
    assert [one.text_content for one in team.replies] == ["an earlier answer", "Because of you."]


async def test_a_stream_that_is_known_is_not_mistaken_for_a_lost_one(here: Stage) -> None:
    ann = here.slack.user("Ann")
    team = here.slack.channel("team", [ann])
    place = here.at(team, await ann.says("why?", to=team))
    mark = here.app.watermark(place)
    known = await here.app.begin_stream(place, Outgoing("", streaming=True), ann.id)
    await here.app.grow_stream(known, Delta(0, "Be"))
    assert await here.app.find(place, mark, Outgoing("Because", streaming=True, mark=mark)) is None


async def test_a_lost_stream_is_found_whatever_it_reads(here: Stage) -> None:
    ann = here.slack.user("Ann")
    team = here.slack.channel("team", [ann])
    place = here.at(team, await ann.says("why?", to=team))
    for first, second in (("Because of", "Well, it is so"), ("Use List<int>. And", "Use"), ("**Bold** sta", "Bold")):
        died = here.messenger()
        mark = here.app.watermark(place)
        await died.begin_stream(place, Outgoing(first, streaming=True, mark=mark), ann.id)
        lost = here.ref(team, team.replies[-1])
        assert await here.app.find(place, mark, Outgoing(second, streaming=True, mark=mark)) == lost
        await here.app.edit(lost, said("Now.", mark=mark))


async def test_a_lost_stream_may_have_expired(here: Stage) -> None:
    ann = here.slack.user("Ann")
    team = here.slack.channel("team", [ann])
    place = here.at(team, await ann.says("why?", to=team))
    await here.messenger().begin_stream(place, Outgoing("An older one", streaming=True), ann.id)
    await here.clock.advance(400)
    mark = here.app.watermark(place)
    assert await here.app.find(place, mark, Outgoing("Because", streaming=True, mark=mark)) is None
    await here.messenger().begin_stream(place, Outgoing("Because", streaming=True, mark=mark), ann.id)
    await here.clock.advance(400)
    lost = await here.app.find(place, mark, Outgoing("So", streaming=True, mark=mark))
    assert lost == here.ref(team, team.replies[-1])


@pytest.mark.parametrize("page", [15, 999])
async def test_a_busy_place_is_read_page_by_page(page: int) -> None:
    async with stage(limits=Limits(page_messages=page), running=False) as here:
        ann = here.slack.user("Ann")
        team = here.slack.channel("team", [ann])
        for place in (here.at(team, await ann.says("why?", to=team)), here.at(ann.dm)):
            early, late = here.app.watermark(place), here.app.watermark(place)
            first = await here.app.send(place, said("the answer", mark=early))
            for number in range(50):
                await here.app.send(place, Outgoing(f"{number}"))
            last = await here.app.send(place, said("the answer", mark=late))
            assert await here.app.find(place, early, said("the answer")) == first
            assert await here.app.find(place, late, said("the answer")) == last


async def test_a_look_that_is_flooded_is_no_flood_of_messages(here: Stage) -> None:
    ann = here.slack.user("Ann")
    team = here.slack.channel("team", [ann])
    for place, method in ((here.at(ann.dm), "history"), (here.at(team, await ann.says("?", to=team)), "replies")):
        mark = here.app.watermark(place)
        here.slack.faults.floods(60, method=f"conversations.{method}")
        with pytest.raises(Unreachable) as trouble:
            await here.app.find(place, mark, said("the answer"))
        assert trouble.value.retry_after_seconds == 60


async def test_a_file_of_the_same_name_that_is_known_is_another_one(here: Stage) -> None:
    ann = here.slack.user("Ann")
    place = here.at(ann.dm)
    codes = [Outgoing("", file=File("code.py", content, "text/x-python")) for content in (b"one", b"two")]
    await here.app.send(place, codes[0])
    mark = here.app.watermark(place)
    here.slack.faults.drops_before(method="files.completeUploadExternal")
    with pytest.raises(Ambiguous):
        await here.app.send(place, codes[1])
    assert await here.app.find(place, mark, codes[1]) is None


async def test_an_image_is_found_by_the_mark_of_its_description(here: Stage) -> None:
    ann = here.slack.user("Ann")
    place = here.at(ann.dm)
    one, other = here.app.watermark(place), here.app.watermark(place)
    chart = File("chart.png", b"png", "image/png")
    await here.messenger().send(place, Outgoing("", file=chart, mark=other))
    assert await here.app.find(place, one, Outgoing("", file=chart, mark=one)) is None
    here.slack.faults.drops_after(method="files.completeUploadExternal")
    with pytest.raises(Ambiguous):
        await here.messenger().send(place, Outgoing("", file=chart, mark=one))
    assert await here.app.find(place, one, Outgoing("", file=chart)) == here.ref(ann.dm, ann.dm.replies[-1])
    assert await here.app.find(place, other, Outgoing("", file=chart)) == here.ref(ann.dm, ann.dm.replies[0])


async def test_an_upload_in_doubt_is_found_by_its_name(here: Stage) -> None:
    ann = here.slack.user("Ann")
    place = here.at(ann.dm)
    code = Outgoing("The code", file=File("code.py", b"print()", "text/x-python"))
    mark = here.app.watermark(place)
    assert await here.app.find(place, mark, code) is None
    here.slack.faults.drops_after(method="files.completeUploadExternal")
    with pytest.raises(Ambiguous):
        await here.app.send(place, code)
    assert await here.app.find(place, mark, code) == here.ref(ann.dm, ann.dm.replies[-1])
