"""Conversations about files with the engine that has no model: it reads, computes and quotes, and cites the place."""

from dataclasses import dataclass, field

import pytest

from bot.domain.incoming import Attachment
from bot.domain.media import Part, Picture
from bot.domain.reply import Finished, Prompt, ReplyEvent, TextDelta, ThinkingDelta, Unseen
from specialists.handbook import HandbookEngine
from storage.store import Store, in_transaction
from tests.specialists.shelving import Shelf, pages, sheet
from tests.specialists.test_handbook import CONCIERGE, TEXTS

CANARY = "CANARY-7261"
REPORT = pages(
    "Annual report of the harbour. The year in short.",
    "Costs rose because steel became dear.",
    "The harbour has eleven cranes.\n\nFour of them are new.",
    "",
    "Signed by the harbour master.",
)
BUDGET = sheet(
    "Budget",
    "Item | Due | Amount",
    "Paint | 2026-01-10 | $1,200.50",
    "Ropes | 2026-02-11 | $99.50",
    "Sails | 2026-03-12 | n/a",
    "Tar | 2026-04-13 | $20.00",
    "Total | | $1,320.00",
)
STAFF = sheet("Staff", "Name | Wage", "Ann | 100", "Bob | 250", number=2)
SALES = sheet("", "Месяц | Выручка, ₽", "Январь | 1 200,50", "Февраль | 800,25", "Итого | 2 000,75")
CODE = Part("lines", 1, "4", "def crane():\n    ```python\n    return 11\n# end")


@dataclass
class Reply:
    events: list[ReplyEvent] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, TextDelta))

    @property
    def finished(self) -> Finished:
        last = self.events[-1]
        assert isinstance(last, Finished)
        return last


@dataclass
class Talk:
    shelf: Shelf
    engine: HandbookEngine

    async def ask(self, text: str, locale: str = "en", **fields: object) -> Reply:
        values: dict[str, object] = {**self.shelf.told(), "locale": locale, **fields}
        reply = Reply()
        async for event in self.engine.reply(Prompt(specialist=CONCIERGE, text=text, **values)):  # type: ignore[arg-type]
            assert not in_transaction()
            reply.events.append(event)
        return reply

    async def says(self, text: str, locale: str = "en") -> str:
        return (await self.ask(text, locale)).text


@pytest.fixture(params=["sqlite"])
def url(request: pytest.FixtureRequest, sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
async def talk(store: Store) -> Talk:
    return Talk(await Shelf.open(store), HandbookEngine(store, TEXTS))


# Places.


@pytest.mark.parametrize(
    ("question", "quote", "place"),
    [
        ("what does page 3 say?", "> The harbour has eleven cranes.", "report.pdf, page 3"),
        ("What is on the third page", "> The harbour has eleven cranes.", "report.pdf, page 3"),
        ("что на странице 3?", "> Four of them are new.", "report.pdf, страница 3"),
        ("Покажите 2-ю страницу, пожалуйста", "> Costs rose", "report.pdf, страница 2"),
        ("last page", "> Signed by", "report.pdf, page 5"),
        ("что на последней странице", "> Signed by", "report.pdf, страница 5"),
        ("slide 2", "> Costs rose", "report.pdf, page 2"),
        ("page 4", "There is no text in it.", "report.pdf, page 4"),
    ],
)
async def test_a_page_is_quoted_with_its_citation(talk: Talk, question: str, quote: str, place: str) -> None:
    await talk.shelf.put("report.pdf", *REPORT)
    reply = await talk.ask(question, locale="ru" if "стр" in question else "en")
    assert quote in reply.text
    assert reply.text.endswith(f"📄 `{place}`")
    assert reply.finished.confidence == 1.0


async def test_several_pages_are_quoted_one_by_one(talk: Talk) -> None:
    await talk.shelf.put("report.pdf", *REPORT)
    for question in ("pages 2-3", "страницы со 2 по 3", "pages 2 and 3"):
        text = await talk.says(question, "en")
        assert "Costs rose" in text
        assert "eleven cranes" in text
        assert "Annual" not in text


async def test_a_page_that_is_not_there_is_not_made_up(talk: Talk) -> None:
    await talk.shelf.put("report.pdf", *REPORT)
    reply = await talk.ask("what does page 9 say?")
    assert reply.text.startswith("`report.pdf` has 5 pages. What you ask for is not among them.")
    assert reply.finished.suggestions == ("What does page 1 say?", "What does page 3 say?")


async def test_a_long_page_is_shortened_and_says_so(talk: Talk) -> None:
    await talk.shelf.put("long.pdf", *pages("A sentence about ropes. " * 400))
    text = await talk.says("what does page 1 say")
    assert "ropes. …\n" in text
    assert "the whole has 9,599 characters" in text
    assert len(text) < 2_500


async def test_lines_of_a_source_file_keep_their_form(talk: Talk) -> None:
    await talk.shelf.put("crane.py", CODE)
    text = await talk.says("what do lines 1 to 3 say?")
    assert text.startswith("````\ndef crane():\n    ```python\n    return 11\n````")
    assert "📄 `crane.py, lines 1–3`" in text


async def test_rows_and_sheets_are_shown_as_tables(talk: Talk) -> None:
    await talk.shelf.put("budget.xlsx", BUDGET, STAFF)
    row = await talk.says("what is in row 3?")
    assert "| 3 | Ropes | 2026-02-11 | $99.50 |" in row
    assert "📄 `budget.xlsx, sheet Budget, row 3`" in row
    staff = await talk.says("what is on the Staff sheet?")
    assert "| 2 | Ann | 100 |" in staff
    assert staff.endswith("📄 `budget.xlsx, sheet Staff`")
    assert "нет" not in await talk.says("что на листе 2?", "ru")


# Columns.


@pytest.mark.parametrize(
    ("question", "result"),
    [
        ("sum column C", "**Sum of column C (Amount): $1,320.00**"),
        ("Сумма столбца С", "**Сумма, столбец C (Amount): $1\u00a0320,00**"),
        ("Посчитайте сумму в колонке Amount", "**Сумма, столбец C (Amount): $1\u00a0320,00**"),
        ("total amount", "**Sum of column C (Amount): $1,320.00**"),
        ("What is the average of the Amount column?", "**Average of column C (Amount): $440.00**"),
        ("the largest number in the third column", "**Largest value of column C (Amount): $1,200.50**"),
        ("sum column B on the Staff sheet", "**Sum of column B (Wage): 350**"),
        ("средняя Wage", "**Среднее, столбец B (Wage): 175**"),
        ("how many cells are filled in column A?", "**Filled cells of column A (Item): 4**"),
    ],
)
async def test_a_column_is_computed_exactly(talk: Talk, question: str, result: str) -> None:
    await talk.shelf.put("budget.xlsx", BUDGET, STAFF)
    reply = await talk.ask(question)
    assert reply.text.startswith(result)
    assert reply.finished.confidence == 1.0


async def test_what_was_counted_and_what_was_not_is_told(talk: Talk) -> None:
    await talk.shelf.put("budget.xlsx", BUDGET, STAFF)
    text = await talk.says("sum column C")
    assert "3 numbers were counted. Left out: row 4 (n/a: no number), row 6 ($1,320.00: a total)." in text
    assert text.endswith("📄 `budget.xlsx, sheet Budget, column C, rows 2–3, 5`")


async def test_numbers_as_russians_write_them(talk: Talk) -> None:
    await talk.shelf.put("sales.csv", SALES)
    text = await talk.says("сумма по столбцу выручка", "ru")
    assert text.startswith("**Сумма, столбец B (Выручка, ₽): 2\u00a0000,75**")
    assert text.endswith("📄 `sales.csv, столбец B, строки 2–3`")


async def test_a_heading_may_be_a_word_like_sum(talk: Talk) -> None:
    await talk.shelf.put("sums.csv", sheet("", "имя | сумма", "А | 1", "Б | 2,5"))
    assert (await talk.says("среднее по столбцу сумма", "ru")).startswith("**Среднее, столбец B (сумма): 1,75**")
    assert (await talk.says("Сумма столбца B", "ru")).startswith("**Сумма, столбец B (сумма): 3,5**")


async def test_a_column_that_is_not_there_is_not_made_up(talk: Talk) -> None:
    await talk.shelf.put("budget.xlsx", BUDGET, STAFF)
    text = await talk.says("sum column Z")
    assert text.startswith("I did not find that column in `budget.xlsx`. It has:")
    assert "columns A (Item), B (Due), C (Amount)" in text
    assert (await talk.says("sum column B")).startswith("There are no numbers in column B (Due).")


async def test_a_text_has_no_columns(talk: Talk) -> None:
    await talk.shelf.put("report.pdf", *REPORT, is_new=True)
    assert (await talk.says("sum column C")).startswith("`report.pdf` is no spreadsheet")


# What is in it.


async def test_a_file_without_a_word_is_told_what_it_is(talk: Talk) -> None:
    await talk.shelf.put("report.pdf", *REPORT, is_new=True)
    reply = await talk.ask("")
    assert reply.text.startswith("`report.pdf`: 5 pages.\n\n- page 1: Annual report of the harbour.")
    assert "You can ask, for example:\n\n- What does page 1 say?" in reply.text
    assert isinstance(reply.events[0], ThinkingDelta)
    assert reply.events[0].text == "Looking into your files…"


@pytest.mark.parametrize(
    ("question", "honest"),
    [
        ("Summarise the file", "There is no language model here, so I cannot summarise."),
        ("what is in report.pdf?", "There is no language model here"),
        ("О чём этот документ?", "Языковой модели здесь нет, поэтому пересказать я не могу."),
        ("кратко перескажите", "Языковой модели здесь нет"),
    ],
)
async def test_a_summary_is_honestly_none(talk: Talk, question: str, honest: str) -> None:
    await talk.shelf.put("report.pdf", *REPORT)
    text = await talk.says(question)
    assert honest in text
    assert "Costs rose because steel became dear." in text


async def test_the_questions_that_are_suggested_are_understood(talk: Talk) -> None:
    for name, parts in (("report.pdf", REPORT), ("budget.xlsx", (BUDGET, STAFF)), ("notes.txt", (CODE,))):
        document = await talk.shelf.put(name, *parts, is_new=True)
        for locale in ("en", "ru"):
            suggestions = (await talk.ask("", locale)).finished.suggestions
            assert suggestions
            for question in suggestions:
                reply = await talk.ask(question, locale)
                assert reply.finished.confidence == 1.0
                assert f"📄 `{name}, " in reply.text
        talk.shelf.documents.remove(document)


async def test_a_greeting_with_a_file_is_about_the_file(talk: Talk) -> None:
    await talk.shelf.put("report.pdf", *REPORT, is_new=True)
    assert (await talk.says("hello")).startswith("`report.pdf`: 5 pages.")


# Any other question.


async def test_words_are_found_and_quoted_with_the_place(talk: Talk) -> None:
    await talk.shelf.put("report.pdf", *REPORT)
    text = await talk.says("How many cranes does the harbour have?")
    assert text == "> The harbour has eleven cranes.\n>\n> Four of them are new.\n\n📄 `report.pdf, page 3`"


async def test_a_row_is_found(talk: Talk) -> None:
    await talk.shelf.put("budget.xlsx", BUDGET, STAFF)
    text = await talk.says("How much is the paint?")
    assert "| 2 | Paint | 2026-01-10 | $1,200.50 |" in text
    assert text.endswith("📄 `budget.xlsx, sheet Budget, row 2`")


async def test_the_handbook_answers_what_is_its_own(talk: Talk) -> None:
    await talk.shelf.put("report.pdf", *REPORT, is_new=True)
    assert "handbook/en/what-is-switchboard.md" in await talk.says("What is Switchboard?")
    assert "handbook/en/telegram.md" in await talk.says("How do I connect a Telegram bot?")


async def test_a_question_about_sending_files_is_the_handbook_s(talk: Talk) -> None:
    await talk.shelf.put("report.pdf", *pages("We send our best regards and a file of data to delete."))
    for question in ("How do I send a file?", "Which files can I send?", "Какие файлы можно прислать?"):
        assert "voice-and-files.md" in await talk.says(question)


async def test_what_a_file_does_not_say_is_not_made_up(talk: Talk) -> None:
    await talk.shelf.put("report.pdf", *REPORT, is_new=True)
    reply = await talk.ask("Who won the world cup in 2018?")
    assert reply.text.startswith("I did not find an answer to that in `report.pdf`.")
    assert reply.finished.confidence == 0.2


async def test_with_old_files_a_strange_question_is_strange(talk: Talk) -> None:
    await talk.shelf.put("report.pdf", *REPORT)
    assert (await talk.says("Who won the world cup in 2018?")).startswith("I do not know the answer")
    assert (await talk.says("hello")).startswith("Hello!")


# Which file is meant.


async def test_the_file_of_this_turn_comes_first_unless_another_is_named(talk: Talk) -> None:
    await talk.shelf.put("old.pdf", *pages("old one"), is_new=True)
    await talk.shelf.put("newest.pdf", *pages("newest one"))
    assert "old one" in await talk.says("what does page 1 say?")
    assert "newest one" in await talk.says("what does page 1 of newest say?")
    assert "newest one" in await talk.says("what does page 1 of newest.pdf say?")


async def test_without_one_of_this_turn_the_newest_that_has_such_a_place(talk: Talk) -> None:
    await talk.shelf.put("report.pdf", *REPORT)
    await talk.shelf.put("budget.xlsx", BUDGET)
    assert "`report.pdf, page 3`" in await talk.says("what does page 3 say?")
    assert "`budget.xlsx, sheet Budget, column C" in await talk.says("sum column C")


async def test_the_files_of_others_are_never_looked_into(talk: Talk, store: Store) -> None:
    stranger = await Shelf.open(store, "Eve")
    await stranger.put("secret.pdf", *pages(f"{CANARY} harbour cranes"))
    await stranger.put("secret.xlsx", sheet(CANARY, f"{CANARY} | Gold", "x | 4711"))
    await talk.shelf.put("report.pdf", *REPORT)
    for question in (CANARY, "harbour cranes", "secret.pdf page 1", "sum column Gold", f"what is on sheet {CANARY}?"):
        text = await talk.says(question)
        assert CANARY not in text
        assert "4711" not in text


# Hostile content.


async def test_a_file_is_shown_as_it_stands(talk: Talk) -> None:
    text = "[click](javascript:alert(1)) <b>**bold**</b> `code` | pipe\n# Heading\n- [ ] task\n\u202eevil"
    await talk.shelf.put("a`b\n*c*.pdf", *pages(text))
    said = await talk.says("what does page 1 say?")
    assert r"> \[click\](javascript:alert(1)) \<b\>\*\*bold\*\*\</b\> \`code\` \| pipe" in said
    assert r"> \# Heading" in said
    assert r"> \- \[ \] task" in said
    assert "\u202e" not in said
    assert "📄 `a'b *c*.pdf, page 1`" in said


@pytest.mark.parametrize(
    "question",
    ["page 99999999999999999999", "page 0", "column", "sum", "row -1", "lines 5-1", "page " * 5_000, "3", "столбец ё"],
)
async def test_odd_questions_get_a_calm_answer(talk: Talk, question: str) -> None:
    await talk.shelf.put("report.pdf", *REPORT)
    await talk.shelf.put("budget.xlsx", BUDGET, STAFF, is_new=True)
    reply = await talk.ask(question)
    assert reply.text
    assert isinstance(reply.finished, Finished)


async def test_an_empty_sheet_is_no_trouble(talk: Talk) -> None:
    await talk.shelf.put("empty.xlsx", Part("sheet", 1, "Void", ""), is_new=True)
    for question in ("", "sum column A", "row 1", "sheet Void", "what is in it", "gold"):
        assert (await talk.ask(question)).text


# Pictures.

PICTURES = (Picture("crane.jpg", b"", "image/jpeg"),)


async def test_pictures_alone_cannot_be_seen_and_nothing_else_is_said(talk: Talk) -> None:
    reply = await talk.ask("", pictures=PICTURES)
    assert [type(event) for event in reply.events] == [ThinkingDelta, Unseen, Finished]
    assert reply.events[1] == Unseen(1)


async def test_the_words_with_a_picture_are_answered(talk: Talk, store: Store) -> None:
    async with store.begin() as tx:
        message = await tx.turns.add_message(talk.shelf.turn, "user", "What is Switchboard?", None)
        (upload,) = await tx.uploads.add(message, [Attachment("photo", "f", "crane.jpg")])
        await tx.uploads.ready(upload.id, sort="picture")
    reply = await talk.ask("What is Switchboard?", pictures=PICTURES)
    assert reply.events[1] == Unseen(1)
    assert "handbook/en/what-is-switchboard.md" in reply.text


async def test_of_a_picture_of_an_earlier_turn_nothing_is_said_again(talk: Talk) -> None:
    reply = await talk.ask("What is Switchboard?", pictures=PICTURES, old_pictures=True)
    assert not any(isinstance(event, Unseen) for event in reply.events)
