"""People speak, and send papers, at every kind of place: to a real ear, without any model that thinks."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from adapters.slack.emulator import Limits as SlackLimits
from bot.domain.messenger import File
from bot.domain.place import Place, Ref
from bot.domain.thread import Turn
from specialists.emulator import ModelEmulator
from tests.conformance.venue import Enrolment, Shown, Venue
from tests.fakes.ear import listens
from tests.fakes.papers import pdf, picture, workbook
from tests.fakes.voices import spoken
from tests.stories.listening import listening
from tests.stories.stage import Stage, set_stage

pytestmark = pytest.mark.asyncio(loop_scope="module")

SPOKEN = "I need a telegram bot for my shop."
MEANT = "I need a telegram bot for my school."
PHRASES = (SPOKEN, "What does page three say?", "Sum column C.", "Draw me a professional portrait.")

CONTRACT = File(
    "contract.pdf",
    pdf("The parties agree as follows.", "The rent is due on Monday.", "Notice is given six weeks before."),
    "application/pdf",
)
COSTS = File(
    "costs.xlsx",
    workbook({"Costs": [["Item", "Shop", "Price"], ["Desk", "North", 200], ["Chair", "South", 50.5]]}),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ears(
    first_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Stage, ModelEmulator]]:
    path = shutil.copy(first_database, tmp_path_factory.mktemp("spoken") / "story.db")
    async with set_stage(f"sqlite:///{path}", slack_limits=SlackLimits.none()) as stage:
        stage.thinks = True
        async with listening(stage, "") as models:
            models.hear = lambda sound: listens(sound.content, PHRASES)
            async with stage.process():
                yield stage, models
            assert not models.violations


async def newest(person: Venue) -> Shown:
    return (await person.look())[-1]


async def answered_turn(stage: Stage, place: Place, reply: Shown) -> Turn:
    async with stage.board.store.begin() as tx:
        turn = await tx.turns.by_reply_ref(Ref(place, reply.message))
    assert turn is not None
    return turn


async def test_a_spoken_request_reaches_the_right_specialist_and_is_put_right_in_place(
    ears: tuple[Stage, ModelEmulator], enrolled: Enrolment
) -> None:
    stage, _ = ears
    async with enrolled.staged(stage) as person:
        await person.speaks(spoken(SPOKEN, form="ogg" if "telegram" in enrolled.name else "mp4"), seconds=3)
        await stage.settles()
        reply = await newest(person)
        turn = await answered_turn(stage, person.place, reply)
        assert (turn.specialist, turn.version) == ("bot", 1)

        await person.fixes(SPOKEN, MEANT)
        await stage.settles()
        again = await answered_turn(stage, person.place, reply)
        assert (again.id, again.version) == (turn.id, 2)
        assert (await newest(person)).message == reply.message
        async with stage.board.store.begin() as tx:
            asked, *_ = await tx.turns.messages(turn.id)
        assert asked.text == MEANT


async def test_papers_are_read_with_page_and_column(ears: tuple[Stage, ModelEmulator], enrolled: Enrolment) -> None:
    stage, _ = ears
    async with enrolled.staged(stage) as person:
        await person.sends(CONTRACT, text="What does page 3 say?")
        await stage.settles()
        page = await newest(person)
        assert "Notice is given six weeks before." in page.text
        assert "contract.pdf, page 3" in page.text

        await person.sends(COSTS, text="Sum column C")
        await stage.settles()
        total = await newest(person)
        assert "250.5" in total.text
        assert "costs.xlsx, sheet Costs, column C" in total.text


async def test_what_was_sent_before_is_asked_about_aloud(
    ears: tuple[Stage, ModelEmulator], enrolled: Enrolment
) -> None:
    stage, _ = ears
    async with enrolled.staged(stage) as person:
        await person.sends(CONTRACT)
        await stage.settles()
        await person.speaks(
            spoken("What does page three say?", form="ogg" if "telegram" in enrolled.name else "mp4"), 2
        )
        await stage.settles()
        assert "Notice is given six weeks before." in (await newest(person)).text


async def test_who_sends_a_picture_that_nobody_sees_is_told_so(
    ears: tuple[Stage, ModelEmulator], enrolled: Enrolment
) -> None:
    stage, _ = ears
    async with enrolled.staged(stage) as person:
        await person.sends(File("bridge.png", picture(), "image/png"), text="How do I connect Telegram?")
        await stage.settles()
        reply = await newest(person)
        turn = await answered_turn(stage, person.place, reply)
        assert "BotFather" in reply.text
        # The page shows what the turn says of itself; elsewhere the message has it.
        assert turn.error == "pictures-unseen"
        assert enrolled.name == "web" or "cannot look at pictures" in reply.text
