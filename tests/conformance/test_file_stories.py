"""Files in a conversation with the whole platform, at every kind of place."""

import pytest

from bot.domain.messenger import File
from tests.conformance.venue import Venue
from tests.stories.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")

MINUTES = File("minutes.txt", b"We met on Monday.\nThe bridge stays open.\n", "text/plain")
RULES = File("rules.md", b"# Rules\n\nNobody swims under the bridge.\n", "text/markdown")


async def test_a_document_with_a_question_is_read_and_answered_once(stage: Stage, person: Venue) -> None:
    await person.sends(MINUTES, text="What did we decide?")
    await stage.settles()
    await person.repeats()
    await stage.settles()
    (reply,) = await person.look()
    assert reply.text == "What did we decide?"
    (prompt,) = stage.engine.prompts
    (document,) = prompt.documents
    assert (document.name, document.is_new) == ("minutes.txt", True)
    assert "The bridge stays open." in document.text


async def test_files_with_one_text_are_one_turn(stage: Stage, person: Venue) -> None:
    await person.sends(MINUTES, RULES, text="Read them both, please.")
    await stage.settles()
    (prompt,) = stage.engine.prompts
    assert prompt.text == "Read them both, please."
    assert {document.name for document in prompt.documents} == {"minutes.txt", "rules.md"}
    assert [shown.text for shown in await person.look()] == ["Read them both, please."]
