"""Whatever is said, an interview stays in order: it answers, keeps only good answers, and can be run again."""

import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.reply import Prompt
from bot.domain.specialist import BriefField, Specialist
from bot.texts import Texts
from specialists.brief import BOOKKEEPING, Accepted, BriefRules, answers, missing
from specialists.interviewer import Interviewer, Reply, Vocabulary
from specialists.progress import BEGINNING, Kept, kept, resumed

TEXTS = Texts(Path(__file__).parent.parent.parent / "bot" / "locales")
VOCABULARY = Vocabulary(TEXTS)
RULES = BriefRules()
SHOE = Specialist(
    name="cobbler",
    title="Cobbler",
    description="Makes shoes.",
    instructions="Ask.",
    kind="order",
    brief=(
        BriefField("colour", (("en", "Colour?"),), "choice", choices=(("en", ("Red", "Black")),)),
        BriefField("size", (("en", "Size?"),), "number", least=1, most=60),
        BriefField("wishes", (("en", "Wishes?"),), required=False, max_chars=30),
        BriefField("name", (("en", "Name?"),), max_chars=30),
    ),
)
TALK = st.lists(
    st.sampled_from(["1", "2", "3", "red", "41", "yes", "no", "да", "back", "назад", "skip", "help", "cancel", "-", ""])
    | st.text(max_size=40),
    max_size=25,
)


def hear(stored: Kept | None, turn: int, text: str) -> tuple[Reply, Kept]:
    before = resumed(stored, turn)
    prompt = Prompt(turn, SHOE, text)
    reply = Interviewer(TEXTS, VOCABULARY, RULES, prompt).hear(before)
    after = kept(reply.progress, before, turn)
    # As a database would give it back.
    return reply, Kept(json.loads(json.dumps(dict(after.values))), complete=after.complete)


@settings(max_examples=200, deadline=None)
@given(TALK)
def test_every_message_is_answered_and_only_good_answers_are_kept(talk: list[str]) -> None:
    fields = {field.name: field for field in SHOE.brief}
    stored: Kept | None = None
    for turn, text in enumerate(talk, 1):
        reply, stored = hear(stored, turn, text)
        assert reply.text.strip()
        for name, value in answers(stored.values).items():
            assert RULES.read(fields[name], value) == Accepted(value)
        if stored.complete:
            assert missing(SHOE.brief, stored.values) == []
            assert json.loads(stored.values.get(BOOKKEEPING, "{}")).keys() <= {"language", "locale"}


@settings(max_examples=200, deadline=None)
@given(TALK, st.text(max_size=20) | st.sampled_from(["yes", "cancel", "2", "back"]))
def test_the_latest_message_may_run_again_as_often_as_it_likes(talk: list[str], edited: str) -> None:
    stored: Kept | None = None
    for turn, text in enumerate(talk, 1):
        reply, after = hear(stored, turn, text)
        assert hear(after, turn, text) == (reply, after)
        is_forgotten = after.complete or reply.progress.at == BEGINNING
        if stored is not None and not is_forgotten:
            # What the message said first leaves no trace once it is edited.
            assert hear(after, turn, edited)[1] == hear(stored, turn, edited)[1]
        stored = after


@settings(max_examples=100, deadline=None)
@given(TALK)
def test_every_interview_can_be_finished(talk: list[str]) -> None:
    stored: Kept | None = None
    for turn, text in enumerate(talk, 1):
        _, stored = hear(stored, turn, text)
    for turn, text in enumerate(("cancel", "hi", "red", "41", "skip", "Ann", "yes"), len(talk) + 1):
        _, stored = hear(stored, turn, text)
    assert stored is not None
    assert stored.complete
    assert answers(stored.values) == {"colour": "Red", "size": "41", "name": "Ann"}


def test_a_brief_confirmed_in_another_language_is_thanked_for_in_it_again() -> None:
    stored: Kept | None = None
    for turn, text in enumerate(("привет", "1", "41", "-", "Аня"), 1):
        _, stored = hear(stored, turn, text)
    thanks, stored = hear(stored, 6, "да")
    assert hear(stored, 6, "да")[0].text == thanks.text
    assert hear(stored, 7, "yes")[0].text == thanks.text
