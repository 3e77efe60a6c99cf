"""Files that we send."""

from collections.abc import AsyncIterator

import pytest

from bot.domain.errors import Ambiguous, Misconfigured
from bot.domain.messenger import File, Outgoing
from tests.adapters.slack_cast import Stage, stage

CODE = File("code.py", b"print('hello')\n", "text/x-python")


@pytest.fixture
async def here() -> AsyncIterator[Stage]:
    async with stage() as one:
        yield one


async def test_a_file_is_shared_with_its_caption(here: Stage) -> None:
    ann = here.slack.user("Ann")
    ref = await here.app.send(here.at(ann.dm), Outgoing("The **code**", file=CODE))
    shown = here.seen(ann.dm, ref)
    assert [(file.name, file.data) for file in shown.files] == [("code.py", CODE.content)]
    assert shown.text_content == "The *code*"


async def test_speech_is_a_sound_file_in_its_thread(here: Stage) -> None:
    ann = here.slack.user("Ann")
    team = here.slack.channel("team", [ann])
    question = await ann.says("read it to me", to=team)
    speech = File("reply.ogg", b"OggS", "audio/ogg")
    ref = await here.app.send(here.at(team, question), Outgoing("", file=speech, voice=True, mark="m1"))
    shown = here.seen(team, ref)
    assert [(file.name, file.media_type, file.data) for file in shown.files] == [("reply.ogg", "audio/ogg", b"OggS")]
    assert shown.thread_ts == question.ts


async def test_a_message_that_asks_is_an_ordinary_one(here: Stage) -> None:
    ann = here.slack.user("Ann")
    ref = await here.app.send(here.at(ann.dm), Outgoing("What did you say?", asks="Your words"))
    assert here.seen(ann.dm, ref).text_content == "What did you say?"


async def test_a_caption_is_cut_between_words(here: Stage) -> None:
    ann = here.slack.user("Ann")
    ref = await here.app.send(here.at(ann.dm), Outgoing("R&D <now> " * 399, file=CODE))
    caption = here.seen(ann.dm, ref).text_content
    assert 3_500 < len(caption) <= 4_000
    assert set(caption.split()) == {"R&amp;D", "&lt;now&gt;"}


async def test_a_file_lands_in_its_thread(here: Stage) -> None:
    ann = here.slack.user("Ann")
    team = here.slack.channel("team", [ann], private=True)
    question = await ann.says("code?", to=team)
    ref = await here.app.send(here.at(team, question), Outgoing("", file=CODE))
    assert here.seen(team, ref).files[0].name == "code.py"
    assert here.seen(team, ref).thread_ts == question.ts
    assert ref.place == here.at(team, question)


async def test_a_file_that_cannot_be_looked_up_may_be_there(here: Stage) -> None:
    ann = here.slack.user("Ann")
    here.slack.faults.fails("file_not_found", method="files.info")
    with pytest.raises(Ambiguous):
        await here.app.send(here.at(ann.dm), Outgoing("", file=CODE))
    assert [file.name for message in ann.dm.replies for file in message.files] == ["code.py"]


async def test_an_app_without_the_right_to_upload_says_which_one_it_needs() -> None:
    async with stage(scopes=("chat:write", "im:write", "users:read")) as here:
        with pytest.raises(Misconfigured, match="files:write"):
            await here.app.send(here.at(here.slack.user("Ann").dm), Outgoing("", file=CODE))
