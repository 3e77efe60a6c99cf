"""Without a model, an order specialist asks its brief question by question; the conversations are read as they go."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from bot.domain.errors import Refused, StorageError
from bot.domain.place import Place
from bot.domain.reply import Failed, Finished, Prompt, TextDelta
from bot.domain.specialist import BriefField, Specialist, Translation
from bot.texts import Texts
from specialists.brief import answers, question
from specialists.interview import InterviewEngine
from specialists.registry import Registry
from storage.briefs import Brief
from storage.store import Store
from tests.fakes.clock import ManualClock

ROOT = Path(__file__).parent.parent.parent
PORTRAIT = Specialist(
    name="painter",
    title="Painter",
    description="Paints.",
    instructions="Ask.",
    kind="order",
    price=150,
    brief=(
        BriefField("who", (("en", "Whom does it show? In a few words."), ("ru", "Кто на портрете? В двух словах."))),
        BriefField(
            "style",
            (("en", "Which style?"), ("ru", "Какой стиль?")),
            "choice",
            choices=(("en", ("Photo", "Oil painting", "Comic")), ("ru", ("Фото", "Живопись маслом", "Комикс"))),
        ),
        BriefField("wishes", (("en", "Anything else?"), ("ru", "Что ещё?")), required=False, max_chars=20),
        BriefField("variants", (("en", "How many?"), ("ru", "Сколько?")), "number", least=1, most=4),
    ),
    translations=(Translation("ru", "Художник", "Рисует."),),
)


@dataclass
class Clerk:
    """What the platform does for a reply: here, keep its brief."""

    store: Store
    user: int
    thread: int
    specialist: str
    trouble: Exception | None = None

    async def save_brief(self, values: Mapping[str, str], *, complete: bool) -> None:
        if self.trouble:
            raise self.trouble
        async with self.store.begin() as tx:
            await tx.briefs.save(self.user, self.thread, self.specialist, values, complete=complete)

    async def remind(self, text: str, at: datetime) -> None:
        raise Refused("not here")

    async def remember(self, fact: str) -> None:
        raise Refused("not here")

    async def escalate(self, reason: str) -> None:
        raise Refused("not here")


class Conversation:
    """One user with one specialist."""

    def __init__(self, store: Store, clerk: Clerk, specialist: Specialist, locale: str) -> None:
        self._store = store
        self.clerk = clerk
        self._specialist = specialist
        self.locale = locale
        self.turn = 0
        self.heard = ""
        self.suggestions: tuple[str, ...] = ()

    async def says(self, text: str, *hears: str) -> None:
        """A new message; its answer has all of `hears` in it."""
        self.turn += 1
        await self._hear(text, hears)

    async def says_instead(self, text: str, *hears: str) -> None:
        """The latest message is edited, or its answer asked for again."""
        await self._hear(text, hears)

    def offers(self, *suggestions: str) -> None:
        """These can be tapped instead of written."""
        assert self.suggestions == suggestions

    async def brief(self) -> Brief:
        async with self._store.begin() as tx:
            brief = await tx.briefs.of_thread(self.clerk.thread, self._specialist.name)
        assert brief is not None
        return brief

    async def answers(self) -> dict[str, str]:
        return answers((await self.brief()).values)

    async def fails(self, text: str, trouble: Exception) -> Failed:
        self.turn += 1
        self.clerk.trouble = trouble
        events = [event async for event in self._engine().reply(self._prompt(text))]
        self.clerk.trouble = None
        (event,) = events
        assert isinstance(event, Failed)
        return event

    def changed(self, specialist: Specialist) -> None:
        """The specialist's file is another one from now on."""
        self._specialist = specialist

    def _engine(self) -> InterviewEngine:
        # A new one for each message: nothing may be kept in the process.
        return InterviewEngine(self._store, Texts(ROOT / "bot" / "locales"))

    def _prompt(self, text: str) -> Prompt:
        return Prompt(
            turn=self.turn,
            specialist=self._specialist,
            text=text,
            locale=self.locale,
            thread=self.clerk.thread,
            user=self.clerk.user,
            actions=self.clerk,
        )

    async def _hear(self, text: str, hears: tuple[str, ...]) -> None:
        *said, ended = [event async for event in self._engine().reply(self._prompt(text))]
        assert isinstance(ended, Finished)
        (usage,) = ended.usages
        assert (ended.confidence, usage.provider, usage.specialist) == (1.0, "interview", self._specialist.name)
        self.heard = "".join(event.text for event in said if isinstance(event, TextDelta))
        self.suggestions = ended.suggestions
        for words in hears:
            assert words in self.heard, f"{words!r} is not in {self.heard!r}"


@pytest.fixture(params=["sqlite"])
def url(request: pytest.FixtureRequest, sqlite_url: str) -> str:
    return sqlite_url


async def opened(store: Store, locale: str, specialist: Specialist = PORTRAIT) -> Conversation:
    async with store.begin() as tx:
        user = await tx.users.resolve("telegram", "", "42", name="Ann", locale=locale)
        thread = await tx.threads.open(user.id, Place("telegram", "42"), specialist=specialist.name)
    return Conversation(store, Clerk(store, user.id, thread.id, specialist.name), specialist, locale)


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    store = await Store.open(url, clock=ManualClock())
    yield store
    await store.close()


@pytest.fixture
async def chat(store: Store) -> Conversation:
    return await opened(store, "en")


@pytest.fixture
async def russian(store: Store) -> Conversation:
    return await opened(store, "ru")


async def at_the_summary(chat: Conversation) -> None:
    for text in ("Hello", "A man with a beard", "2", "skip", "3"):
        await chat.says(text)


async def test_an_order_is_asked_for_from_the_first_question_to_the_yes(chat: Conversation) -> None:
    await chat.says("I need a picture", "**Painter**", "4 short questions", "150 Telegram Stars", "later version")
    assert "**1 of 4.** Whom does it show? In a few words." in chat.heard
    await chat.says("A man with a beard", "**2 of 4.** Which style?", "1. Photo\n2. Oil painting\n3. Comic")
    chat.offers("Photo", "Oil painting", "Comic")
    await chat.says("oil painting", "**3 of 4.** Anything else?", "leave this out")
    chat.offers("Skip")
    await chat.says("skip", "**4 of 4.** How many?")
    await chat.says(
        "3 please", "**Your brief**", "1. Whom does it show? → A man with a beard", "2. Which style? → Oil pain"
    )
    assert "3. Anything else? → no answer\n4. How many? → 3" in chat.heard
    assert "Is everything right?" in chat.heard
    assert not (await chat.brief()).complete
    await chat.says("Yes!", "your brief is saved", "later version", "150 Telegram Stars")
    brief = await chat.brief()
    assert brief.complete
    assert brief.values == {"who": "A man with a beard", "style": "Oil painting", "variants": "3"}


async def test_a_russian_order_is_asked_for_in_russian_and_kept_alike(russian: Conversation) -> None:
    await russian.says("Здравствуйте", "**Художник**", "4 коротких вопроса", "150 звёзд Telegram", "**1 из 4.** Кто")
    await russian.says("Мужчина с бородой", "**2 из 4.** Какой стиль?", "2. Живопись маслом")
    await russian.says("живопись", "**3 из 4.** Что ещё?")
    await russian.says("нет", "**4 из 4.** Сколько?")
    await russian.says("два", "Пожалуйста, ответьте одним числом", "Сколько?")
    await russian.says("9", "от 1 до 4")
    await russian.says("2 шт.", "Ваш бриф", "→ Живопись маслом", "→ без ответа")
    await russian.says("всё верно", "бриф сохранён")
    assert (await russian.brief()).values == {"who": "Мужчина с бородой", "style": "Oil painting", "variants": "2"}


async def test_a_question_is_asked_again_until_it_is_answered(chat: Conversation) -> None:
    await chat.says("hi")
    await chat.says("\u200b \u2060", "There was no answer", "1 of 4")
    await chat.says("skip", "I cannot do without this answer", "1 of 4")
    await chat.says("Ann")
    await chat.says("watercolour", "number from 1 to 3", "2 of 4")
    await chat.says("4", "number from 1 to 3", "2 of 4")
    await chat.says("comic", "3 of 4")
    await chat.says("x" * 21, "at most 20 characters", "3 of 4")
    await chat.says("no thanks", "4 of 4")
    await chat.says("many", "one number")
    await chat.says("0", "from 1 to 4")
    await chat.says("4", "Your brief")
    assert await chat.answers() == {"who": "Ann", "style": "Comic", "variants": "4"}


async def test_back_leads_to_the_question_before_and_skip_leaves_its_answer(chat: Conversation) -> None:
    await chat.says("hi")
    await chat.says("back", "This is the first question already", "1 of 4")
    await chat.says("Ann")
    await chat.says("1", "3 of 4")
    await chat.says("back", "2 of 4", "So far: Photo")
    await chat.says("back", "1 of 4", "So far: Ann")
    await chat.says("Bob", "3 of 4")
    await chat.says("back", "2 of 4")
    await chat.says("skip", "3 of 4")
    assert await chat.answers() == {"who": "Bob", "style": "Photo"}


async def test_help_repeats_what_can_be_said(chat: Conversation) -> None:
    await chat.says("hi")
    await chat.says("help", "**back**", "**cancel**", "1 of 4")
    await chat.says("Ann")
    assert await chat.answers() == {"who": "Ann"}


async def test_an_answer_is_changed_at_the_summary(chat: Conversation) -> None:
    await at_the_summary(chat)
    await chat.says("hm", "I did not understand", "Your brief", "Is everything right?")
    await chat.says("no", "Which answer shall I change?")
    await chat.says("number 2", "2 of 4", "So far: Oil painting")
    await chat.says("comic", "Your brief", "2. Which style? → Comic")
    await chat.says("3", "3 of 4")
    await chat.says("blue eyes", "Your brief", "3. Anything else? → blue eyes")
    await chat.says("back", "4 of 4")
    await chat.says("1", "4. How many? → 1")
    await chat.says("ok", "saved")
    assert (await chat.brief()).values == {
        "who": "A man with a beard",
        "style": "Comic",
        "wishes": "blue eyes",
        "variants": "1",
    }


async def test_markup_in_an_answer_is_shown_as_it_stands_and_kept_untouched(chat: Conversation) -> None:
    await chat.says("hi")
    await chat.says("**Ann** `x` <b>")
    await chat.says("1")
    await chat.says("no")
    await chat.says("1", r"→ \*\*Ann\*\* \`x\` \<b\>")
    assert (await chat.answers())["who"] == "**Ann** `x` <b>"


async def test_a_long_answer_is_shortened_in_the_summary_only(chat: Conversation) -> None:
    await chat.says("hi")
    for text in ("many words " * 60, "1", "no"):
        await chat.says(text)
    await chat.says("1", "…\n2. ")
    assert len((await chat.answers())["who"]) > 600


async def test_an_optional_answer_is_taken_back(chat: Conversation) -> None:
    await at_the_summary(chat)
    await chat.says("3")
    await chat.says("blue eyes", "→ blue eyes")
    await chat.says("3", "So far: blue eyes")
    await chat.says("none", "3. Anything else? → no answer")


async def test_a_kept_brief_is_shown_changed_and_confirmed_again(chat: Conversation) -> None:
    await at_the_summary(chat)
    await chat.says("yes")
    await chat.says("thank you", "Your brief is safe here", "→ A man with a beard")
    assert (await chat.brief()).complete
    await chat.says("2", "2 of 4")
    assert not (await chat.brief()).complete
    await chat.says("photo", "→ Photo", "3. Anything else? → no answer", "Is everything right?")
    await chat.says("yes", "saved")
    brief = await chat.brief()
    assert brief.complete
    assert brief.values["style"] == "Photo"


@pytest.mark.parametrize("before", [0, 1, 3, 5, 6])
async def test_cancel_deletes_the_answers_wherever_the_interview_is(chat: Conversation, before: int) -> None:
    for text in ("Hello", "A man", "2", "skip", "3", "yes")[:before]:
        await chat.says(text)
    await chat.says("cancel", "The order is dropped and its answers are deleted")
    brief = await chat.brief()
    assert (answers(brief.values), brief.complete) == ({}, False)
    assert "A man" not in str(brief.values)
    await chat.says_instead("cancel", "The order is dropped")
    await chat.says("Hello again", "4 short questions", "1 of 4")


async def test_an_edited_answer_takes_the_place_of_the_first_one(chat: Conversation) -> None:
    await chat.says("hi")
    await chat.says("Ann", "2 of 4")
    await chat.says_instead("Bob", "2 of 4")
    assert await chat.answers() == {"who": "Bob"}
    await chat.says("1", "3 of 4")
    await chat.says_instead("back", "1 of 4", "So far: Bob")
    await chat.says_instead("comic", "3 of 4")
    assert await chat.answers() == {"who": "Bob", "style": "Comic"}


@pytest.mark.parametrize(
    "texts", [("hi", "Ann", "1", "skip", "2", "yes"), ("hi", "Ann", "1", "no", "2", "3", "x", "yes")]
)
async def test_a_turn_that_runs_twice_says_and_keeps_the_same(chat: Conversation, texts: tuple[str, ...]) -> None:
    for text in texts:
        await chat.says(text)
        heard, kept = chat.heard, await chat.brief()
        await chat.says_instead(text, heard)
        again = await chat.brief()
        assert (chat.heard, again.values, again.complete) == (heard, kept.values, kept.complete)


async def test_a_yes_is_edited_into_a_change(chat: Conversation) -> None:
    await at_the_summary(chat)
    await chat.says("yes", "saved")
    await chat.says_instead("2", "2 of 4")
    assert not (await chat.brief()).complete
    await chat.says("photo", "Your brief")
    await chat.says_instead("comic", "→ Comic")


async def test_who_writes_russian_is_asked_in_russian(chat: Conversation) -> None:
    await chat.says("Нужен портрет", "1 из 4")
    await chat.says("Ann", "2 из 4")
    await chat.says("2", "3 из 4")


async def test_who_writes_english_is_asked_in_english_and_may_quote_russian(russian: Conversation) -> None:
    await russian.says("I would like a portrait", "1 of 4")
    await russian.says("My old friend Peter", "2 of 4")
    await russian.says("photo", "3 of 4")
    await russian.says("Подпись «Петя»", "4 of 4")


async def test_another_language_in_the_settings_is_heeded_at_once(chat: Conversation) -> None:
    await chat.says("hi", "1 of 4")
    chat.locale = "ru"
    await chat.says("Ann", "2 из 4")


async def test_a_brief_that_was_begun_with_a_model_is_finished_without(chat: Conversation) -> None:
    await chat.clerk.save_brief({"who": "Ann", "style": "Комикс", "variants": "9"}, complete=False)
    await chat.says("go on", "where we stopped", "3 of 4")
    await chat.says("skip", "4 of 4")
    await chat.says("2", "→ Ann", "→ Comic")
    await chat.says("yes", "saved")
    assert (await chat.brief()).values == {"who": "Ann", "style": "Comic", "variants": "2"}


async def test_an_interview_survives_another_version_of_its_specialist(chat: Conversation) -> None:
    await at_the_summary(chat)
    who, _, wishes, _ = PORTRAIT.brief
    colour = BriefField("colour", (("en", "Which colour?"),))
    changed = Specialist("painter", "Painter", "Paints.", "Ask.", kind="order", brief=(who, wishes, colour))
    chat.changed(changed)
    await chat.says("yes", "where we stopped", "3 of 3", "Which colour?")
    await chat.says("red", "→ A man with a beard", "3. Which colour? → red")
    await chat.says("yes", "saved")
    assert (await chat.brief()).values == {"who": "A man with a beard", "colour": "red"}


@pytest.mark.parametrize("locale", ["en", "ru"])
@pytest.mark.parametrize("name", ["avatar", "bot", "design", "video"])
async def test_a_shipped_order_is_taken_to_its_end(store: Store, name: str, locale: str) -> None:
    specialist = Registry.load(ROOT / "specialists" / "team").get(name)
    assert specialist is not None
    chat = await opened(store, locale, specialist)
    await chat.says("/", specialist.localised(locale).title)
    said = {"text": "xyz", "choice": "2"}
    for field in specialist.brief:
        assert question(field, locale) in chat.heard
        await chat.says(said.get(field.kind, f"{field.least}"))
    await chat.says({"en": "yes", "ru": "да"}[locale], str(specialist.price))
    brief = await chat.brief()
    assert brief.complete
    assert brief.values.keys() == {field.name for field in specialist.brief}


async def test_two_threads_keep_two_briefs(store: Store) -> None:
    one, two = await opened(store, "en"), await opened(store, "en")
    for chat, name in ((one, "Ann"), (two, "Bob")):
        await chat.says("hi")
        await chat.says(name)
    assert [await chat.answers() for chat in (one, two)] == [{"who": "Ann"}, {"who": "Bob"}]


@pytest.mark.parametrize(
    "values", [{"~": "no json"}, {"~": "[1]"}, {"~": '{"turn": 1, "at": 5, "before": 7}'}, {"x": "y"}]
)
async def test_bookkeeping_that_nobody_can_read_begins_anew(chat: Conversation, values: dict[str, str]) -> None:
    await chat.clerk.save_brief({**values, "who": "Ann"}, complete=False)
    await chat.says("hi", "2 of 4")


async def test_an_answer_that_could_not_be_kept_is_not_confirmed(chat: Conversation) -> None:
    await chat.says("hi")
    failed = await chat.fails("Ann", StorageError("locked"))
    assert failed.error.retryable
    failed = await chat.fails("Ann", Refused("full"))
    assert not failed.error.retryable
    await chat.says("Ann", "2 of 4")


async def test_where_nothing_may_be_kept_nothing_is_asked(store: Store) -> None:
    engine = InterviewEngine(store, Texts(ROOT / "bot" / "locales"))
    (event,) = [event async for event in engine.reply(Prompt(1, PORTRAIT, "hi"))]
    assert isinstance(event, Failed)
