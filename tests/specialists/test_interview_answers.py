"""What counts as an answer to a field, for the usual ways to put it and for any text at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.specialist import BriefField
from specialists.brief import (
    BOOKKEEPING,
    Accepted,
    BriefRules,
    Mistake,
    answers,
    choices,
    cleaned,
    missing,
    question,
    shown,
)

RULES = BriefRules()
QUESTION = (("en", "Which?"), ("ru", "Какой?"))
TEXT = BriefField("text", QUESTION, max_chars=40)
SHAPE = BriefField(
    "shape",
    QUESTION,
    "choice",
    choices=(
        ("en", ("Square 1:1", "Upright 4:5", "Story 9:16", "Wide 16:9", "CV or LinkedIn", "Messenger or forum")),
        (
            "ru",
            ("Квадрат 1:1", "Вертикальный 4:5", "Сторис 9:16", "Широкий 16:9", "Резюме или LinkedIn", "Чёрный форум"),
        ),
    ),
)
AMOUNT = BriefField("amount", QUESTION, "number", least=-5, most=2_000_000)
FREE = BriefField("free", QUESTION, "number")
WORDS = st.text(alphabet=st.characters(), max_size=80)
NUMBERISH = st.text(alphabet="0123456789 .,-−kтысm'\u00a0", max_size=30)


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("1", "Square 1:1"),
        ("2.", "Upright 4:5"),
        ("№3", "Story 9:16"),
        ("number 4", "Wide 16:9"),
        ("вариант 4", "Wide 16:9"),
        ("  wide 16:9 ", "Wide 16:9"),
        ("WIDE", "Wide 16:9"),
        ("16:9", "Wide 16:9"),
        ("9:16", "Story 9:16"),
        ("широкий", "Wide 16:9"),
        ("широкое", "Wide 16:9"),
        ("LinkedIn", "CV or LinkedIn"),
        ("резюме", "CV or LinkedIn"),
        ("черный форум", "Messenger or forum"),
        ("Чёрный", "Messenger or forum"),
        ("１", "Square 1:1"),
    ],
)
def test_a_choice_is_made_by_number_by_label_or_by_a_part_that_only_one_has(said: str, label: str) -> None:
    assert RULES.read(SHAPE, said) == Accepted(label)


@pytest.mark.parametrize("said", ["0", "7", "1 or 2", "or", "round", "not wide please", "1" * 5_000, "или", "W", "9"])
def test_a_choice_that_could_be_two_or_none_is_no_choice(said: str) -> None:
    assert RULES.read(SHAPE, said) == Mistake("choice")


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("3", "3"),
        ("30 sec", "30"),
        ("30s", "30"),
        ("about 30", "30"),
        ("−2", "-2"),
        ("-0", "0"),
        ("2.50", "2.5"),
        ("2,5", "2.5"),
        ("1 000", "1000"),
        ("1,000", "1000"),
        ("12\u00a0500", "12500"),
        ("10k", "10000"),
        ("10 тысяч", "10000"),
        ("1,5 млн", "1500000"),
        ("007", "7"),
        ("100", "100"),
    ],
)
def test_a_number_is_read_as_people_write_it(said: str, value: str) -> None:
    assert RULES.read(AMOUNT, said) == Accepted(value)


@pytest.mark.parametrize("said", ["many", "three", "10-20", "1e3", "2 or 3", "nan", "in 2026 or a bit later then"])
def test_what_is_not_one_number_is_none(said: str) -> None:
    assert RULES.read(AMOUNT, said) == Mistake("number")


@pytest.mark.parametrize("said", ["-6", "2000001", "9" * 5_000])
def test_a_number_outside_its_range_is_refused(said: str) -> None:
    assert RULES.read(AMOUNT, said) == Mistake("range")


def test_a_number_without_a_range_still_has_an_end() -> None:
    assert RULES.read(FREE, "9" * 400) == Mistake("range")
    assert RULES.read(FREE, "-123456.789") == Accepted("-123456.789")


def test_a_text_is_kept_as_it_is_without_what_nobody_sees() -> None:
    assert RULES.read(TEXT, " \u202eHello\u200b,\r\n\r\n\r\n\r\nworld \x00\ud800 ") == Accepted("Hello,\n\nworld")
    assert RULES.read(TEXT, "👩‍👩‍👧 family") == Accepted("👩‍👩‍👧 family")
    assert RULES.read(TEXT, "x" * 40) == Accepted("x" * 40)
    assert RULES.read(TEXT, "x" * 41) == Mistake("long")


@pytest.mark.parametrize("said", ["", " \n\t ", "\u200b\u2060", "\x00", "\u200d \u200d"])
@pytest.mark.parametrize("field", [TEXT, SHAPE, AMOUNT])
def test_nothing_is_no_answer(field: BriefField, said: str) -> None:
    assert RULES.read(field, said) == Mistake("empty")


@given(WORDS | NUMBERISH)
def test_reading_what_was_kept_changes_nothing(said: str) -> None:
    for field in (TEXT, SHAPE, AMOUNT, FREE):
        answer = RULES.read(field, said)
        if isinstance(answer, Accepted):
            assert RULES.read(field, answer.value) == answer


@given(WORDS | NUMBERISH)
def test_what_is_kept_is_within_the_rules_of_its_field(said: str) -> None:
    match RULES.read(TEXT, said):
        case Accepted(value):
            assert 1 <= len(value) <= TEXT.max_chars
            value.encode("utf-8")
            assert "\x00" not in value
    match RULES.read(AMOUNT, said):
        case Accepted(value):
            assert -5 <= float(value) <= 2_000_000
    match RULES.read(SHAPE, said):
        case Accepted(value):
            assert value in choices(SHAPE, "en")


@given(st.integers(-5, 2_000_000))
def test_every_number_in_range_is_accepted(number: int) -> None:
    assert RULES.read(AMOUNT, str(number)) == Accepted(str(number))
    assert RULES.read(AMOUNT, f"{number:,}") == Accepted(str(number))


@given(st.sampled_from(["en", "ru"]), st.integers(0, 5))
def test_every_choice_is_found_by_its_label_and_its_number(locale: str, place: int) -> None:
    label = choices(SHAPE, locale)[place]
    assert RULES.read(SHAPE, label) == RULES.read(SHAPE, str(place + 1)) == Accepted(choices(SHAPE, "en")[place])
    assert shown(SHAPE, choices(SHAPE, "en")[place], locale) == label


@given(WORDS)
def test_cleaning_twice_is_cleaning_once(said: str) -> None:
    assert cleaned(cleaned(said)) == cleaned(said)


def test_a_very_long_text_is_read_in_one_go() -> None:
    for said in (" " * 100_000, "\n" * 100_000, "\u200d " * 50_000, "1 " * 50_000, "9" * 100_000, "a" + " " * 100_000):
        for field in (TEXT, SHAPE, AMOUNT):
            RULES.read(field, said)


def test_what_is_shown_is_in_the_language_of_the_reader() -> None:
    assert (question(TEXT, "ru"), question(TEXT, "de")) == ("Какой?", "Which?")
    assert shown(SHAPE, "CV or LinkedIn", "ru") == "Резюме или LinkedIn"
    assert shown(SHAPE, "Резюме или LinkedIn", "en") == "CV or LinkedIn"
    assert shown(TEXT, "as it is", "ru") == "as it is"
    assert choices(SHAPE, "de") == choices(SHAPE, "en")
    assert choices(TEXT, "en") == ()


def test_a_brief_is_complete_without_what_was_skipped() -> None:
    wishes = BriefField("wishes", QUESTION, required=False)
    values = {"text": "a", "wishes": "", BOOKKEEPING: "{}"}
    assert answers(values) == {"text": "a"}
    assert missing((TEXT, wishes), values) == []
    assert missing((TEXT, wishes, AMOUNT), {"text": ""}) == ["text", "amount"]
