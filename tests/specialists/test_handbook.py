"""The handbook engine finds the right page, says where it is from, and admits what it does not know."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pytest

from bot.domain.reply import Failed, Finished, Prompt, ReplyEvent, TextDelta, ThinkingDelta
from bot.domain.specialist import Specialist
from bot.texts import Texts
from specialists.handbook import HandbookEngine
from specialists.knowledge import sync
from specialists.registry import Registry
from storage.store import Store, in_transaction
from tests.fakes.clock import ManualClock

ROOT = Path(__file__).parent.parent.parent
TEXTS = Texts(ROOT / "bot" / "locales")
CONCIERGE = Registry.load(ROOT / "specialists" / "team").default

QUESTIONS = {
    "en/what-is-switchboard": ["What is Switchboard?", "does it work without an API key", "how much does it cost?"],
    "en/first-run": ["How do I install it?", "port 8080 already in use", "how to update to a new version"],
    "en/telegram": ["How do I connect my Telegram bot?", "set up a webhook", "How does the bot work in groups?"],
    "en/web-chat": ["How do I open the web chat?", "open the chat page from my phone"],
    "en/commands": ["Which commands are there?", "command line commands"],
    "en/threads": [
        "start a new conversation",
        "Can other people see my conversations?",
        "what is a thread",
        "what does /threads do",
    ],
    "en/stop-and-again": ["how can I stop a reply", "regenerate the answer", "Can I edit my message?"],
    "en/specialists": ["How do I add my own specialist?", "what is a specialist"],
    "en/knowledge": ["How do I add my own documents?", "what do confidence levels mean"],
    "en/privacy": ["Where is my data kept?", "Please, how do I make a backup?", "what is written to the logs"],
    "en/production": ["Can I use PostgreSQL?", "run several processes", "How do I set up HTTPS?"],
    "en/settings": ["Which settings are there for Telegram?", "what is JWT_SECRET"],
    "en/troubleshooting": ["My Telegram bot does not answer", "the database is locked"],
    "en/monitoring": ["prometheus metrics", "what is the ledger", "health check of the server"],
    "en/limits": ["how large may a file be", "how long may a message be"],
    "en/voice-and-files": [
        "Can I send voice messages?",
        "How do I send a file?",
        "which files can you read",
        "spoken replies",
        "correct the transcript",
        "Can you look at pictures?",
        "what can I ask about a PDF?",
    ],
    "en/coming": ["Can I talk to a human?", "what is planned for later"],
    "en/slack": ["How do I connect Slack?", "add the app to several workspaces", "slash commands in Slack"],
    "ru/what-is-switchboard": ["Что такое Switchboard?", "Сколько это стоит?", "работает без ключа?"],
    "ru/first-run": ["Как установить программу?", "порт 8080 занят", "как обновить версию"],
    "ru/telegram": ["Как подключить телеграм?", "Привет! Как подключить бота?", "как включить вебхук"],
    "ru/web-chat": ["Как открыть чат в браузере?", "открыть чат с другого компьютера"],
    "ru/commands": ["Какие есть команды?", "команды в командной строке"],
    "ru/threads": ["Как начать новый разговор?", "видят ли другие мои разговоры"],
    "ru/stop-and-again": ["как остановить ответ", "можно исправить сообщение?", "как оценить ответ"],
    "ru/specialists": ["как добавить специалиста", "поля файла специалиста"],
    "ru/knowledge": ["Как добавить свои документы?", "что означает уверенность"],
    "ru/privacy": ["Где хранятся мои данные?", "резервная копия", "как удалить мои данные"],
    "ru/production": ["как перейти на PostgreSQL", "запустить несколько процессов", "что будет, если процесс упадёт"],
    "ru/settings": ["какие есть настройки Telegram", "настройки для нескольких процессов"],
    "ru/troubleshooting": ["почему бот не отвечает в Telegram", "страница не открывается"],
    "ru/monitoring": ["метрики", "как читать журнал"],
    "ru/voice-and-files": [
        "голосовые сообщения",
        "какие файлы можно прислать",
        "как исправить расшифровку",
        "ответы голосом",
        "можно ли отправить картинку",
    ],
    "ru/limits": ["каким большим может быть файл", "почему в группе ответ обновляется медленно"],
    "ru/coming": ["поговорить с человеком", "что запланировано"],
    "ru/slack": ["Как подключить Slack?", "работа в канале Slack", "команды в Slack"],
}

OUT_OF_SCOPE = [
    "What is the capital of France?",
    "How do I cook borscht?",
    "Who won the world cup in 2018?",
    "What's the weather today?",
    "write a poem about love",
    "what is 2+2",
    "price of bitcoin",
    "recommend a good film for tonight",
    "Wie spät ist es in Berlin?",
    "Какая погода в Москве?",
    "Как сварить борщ?",
    "Кто такой Пушкин?",
    "напиши стихотворение",
    "сколько лет Земле",
    "посоветуй фильм на вечер",
    "明天天气怎么样",
]

HOSTILE = [
    "",
    "   \n\t ",
    "👍👍🏽🎉",
    "?!…",
    "42",
    '" OR 1=1 --',
    "NEAR(webhook, 5) AND NOT (telegram*",
    "title:telegram ^ * : ( ) - + \" ' \\ & | ! <->",
    "'); DROP TABLE passages; --",
    "a" * 100_000,
    "webhook " * 12_500,
    "\u202eبوت تيليجرام لا يجيب\u202c",
    "h\u0337\u0337e\u0337l\u0337l\u0337o\u0337 z\u0310\u0311\u0312a\u0313\u0314l\u0315g\u031ao",
    "half a character \ud83d here",
    "zero \u0000 byte",
    "```python\nprint('hi')\n```",
    "[link](javascript:alert(1)) <b>bold</b> **open `code",
]


@dataclass(frozen=True)
class Reply:
    events: list[ReplyEvent]

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, TextDelta))

    @property
    def finished(self) -> Finished:
        last = self.events[-1]
        assert isinstance(last, Finished)
        return last

    @property
    def confidence(self) -> float:
        assert self.finished.confidence is not None
        return self.finished.confidence

    @property
    def page(self) -> str:
        """The page that the answer names as its source, as in `en/telegram`; empty without a source."""
        source = re.search(r"📖 .*`handbook/([a-z/-]+)\.md#\S+`", self.text)
        return source[1] if source else ""


@lru_cache(maxsize=1)
def engine_of(store: Store) -> HandbookEngine:
    """One for all questions of a test: to learn its words takes longer than to answer."""
    return HandbookEngine(store, TEXTS)


async def ask(store: Store, text: str, locale: str = "en", specialist: Specialist = CONCIERGE, name: str = "") -> Reply:
    engine = engine_of(store)
    prompt = Prompt(turn=1, specialist=specialist, text=text, user_name=name, locale=locale)
    events = []
    async for event in engine.reply(prompt):
        assert not in_transaction()
        events.append(event)
    return Reply(events)


async def test_questions_in_both_languages_find_their_page(store: Store) -> None:
    wrong = []
    for page, questions in QUESTIONS.items():
        for question in questions:
            reply = await ask(store, question, locale=page[:2])
            if reply.page != page or reply.confidence <= 0.5:
                wrong.append((question, page, reply.page, reply.confidence))
    assert wrong == []


async def test_every_heading_of_the_handbook_finds_its_own_page(store: Store) -> None:
    wrong = []
    for path in sorted((ROOT / "specialists" / "handbook").rglob("*.md")):
        page = f"{path.parent.name}/{path.stem}"
        for heading in re.findall(r"(?m)^## (.*)$", path.read_text(encoding="utf-8")):
            reply = await ask(store, heading, locale=path.parent.name)
            if reply.page != page or reply.confidence < 0.8:
                wrong.append((heading, page, reply.page, reply.confidence))
    assert wrong == []


@pytest.mark.parametrize("language", ["en", "ru"])
async def test_the_concierges_own_starters_are_answered(store: Store, language: str) -> None:
    for starter in CONCIERGE.localised(language).starters:
        assert (await ask(store, starter, locale=language)).confidence > 0.8, starter


@pytest.mark.parametrize("question", OUT_OF_SCOPE)
async def test_what_it_does_not_know_it_does_not_answer(store: Store, question: str) -> None:
    reply = await ask(store, question)
    assert reply.page == ""
    assert reply.confidence <= 0.35
    assert reply.text.startswith(("I do not know", "Я не знаю"))
    assert reply.finished.suggestions


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_input_gets_a_calm_answer(store: Store, text: str) -> None:
    reply = await ask(store, text)
    assert reply.text
    assert 0 <= reply.confidence <= 1
    assert "javascript" not in reply.text


async def test_an_answer_shows_passage_source_and_confidence(store: Store) -> None:
    reply = await ask(store, "How do I connect a Telegram bot?")
    assert reply.text.startswith("**How do I connect a Telegram bot?**\n\n1. In Telegram, write to @BotFather")
    source = "📖 Telegram: `handbook/en/telegram.md#how-do-i-connect-a-telegram-bot` · Confidence: high (100 %)"
    assert reply.text.endswith(source)
    assert reply.finished.usages[0].provider == "handbook"
    assert 1 <= len(reply.finished.suggestions) <= 3
    assert "How do I connect a Telegram bot?" not in reply.finished.suggestions


async def test_an_answer_is_streamed_in_groups_of_words(store: Store) -> None:
    events = (await ask(store, "What is Switchboard?")).events
    assert isinstance(events[0], ThinkingDelta)
    pieces = [event.text for event in events[1:-1] if isinstance(event, TextDelta)]
    assert len(pieces) == len(events) - 2
    assert len(pieces) > 10
    assert all(len(piece.split()) <= 6 for piece in pieces)


async def test_a_half_sure_answer_says_so_and_names_what_else_was_meant(store: Store) -> None:
    reply = await ask(store, "позовите оператора", locale="ru")
    assert 0.35 <= reply.confidence <= 0.5
    assert reply.page == "ru/coming"
    assert reply.text.startswith("Не уверен")
    assert all(topic in reply.text for topic in reply.finished.suggestions)


@pytest.mark.parametrize(
    ("text", "locale", "language"),
    [
        ("Как остановить ответ?", "en", "ru"),
        ("Как остановить ответ?", "de-DE", "ru"),
        ("webhook", "ru-RU", "ru"),
        ("How do I stop an answer?", "ru", "en"),
        ("webhook", "en-GB", "en"),
        ("webhook", "fr", "en"),
    ],
)
async def test_it_answers_in_the_language_of_the_question(store: Store, text: str, locale: str, language: str) -> None:
    assert (await ask(store, text, locale)).page.startswith(language)


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("Hello!", "Hello, Anna! What"),
        ("hi there 👋", "Hello, Anna! What"),
        ("ПРИВЕТ", "Здравствуйте, Anna! Что"),
        ("Привет, спасибо!", "Здравствуйте, Anna! Что"),
        ("Thanks a lot!!!", "You are welcome"),
        ("спасибо большое", "Пожалуйста!"),
        ("bye", "Goodbye"),
        ("до свидания", "До свидания"),
        ("What can you do?", "I am the specialist **Concierge**"),
        ("кто ты?", "Я специалист **Консьерж**"),
        ("help", "I am the specialist"),
    ],
)
async def test_courtesies_are_returned(store: Store, text: str, start: str) -> None:
    reply = await ask(store, text, name="Anna")
    assert reply.text.startswith(start)
    assert reply.confidence == 1.0


async def test_a_name_cannot_smuggle_markup_into_the_greeting(store: Store) -> None:
    reply = await ask(store, "hello", name="[Bob](http://x) **_`<b>\n# O'Neil")
    assert reply.text.startswith("Hello, Bob http x b O'Neil! What")


async def test_a_greeting_before_a_question_does_not_hide_it(store: Store) -> None:
    reply = await ask(store, "Hello! Could you tell me please, what is the ledger? Thanks")
    assert (reply.page, reply.confidence) == ("en/monitoring", 1.0)


async def test_a_dropped_folder_is_searched_too(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "office"
    folder.mkdir()
    (folder / "holidays.md").write_text("# Holidays\n\n## How many days off do we get?\n\nThirty.", encoding="utf-8")
    assert await sync(store, folder, "documents") == 1
    assert await sync(store, folder, "documents") == 0
    reply = await ask(store, "how many days off?")
    assert "Thirty." in reply.text
    assert "📖 Holidays: `office/holidays.md#how-many-days-off-do-we-get`" in reply.text

    (folder / "holidays.md").unlink()
    assert await sync(store, folder, "documents") == 1
    assert "Thirty." not in (await ask(store, "how many days off?")).text


async def test_a_missing_folder_leaves_what_was_known(store: Store, tmp_path: Path) -> None:
    assert await sync(store, tmp_path / "nowhere", "handbook") == 0
    assert (await ask(store, "What is Switchboard?")).page == "en/what-is-switchboard"


async def test_a_specialist_answers_from_its_own_collections_only(store: Store) -> None:
    lawyer = Specialist("lawyer", "Lawyer", "Contracts.", "Explain.", knowledge=("contracts",), starters=("A?",))
    reply = await ask(store, "What is Switchboard?", specialist=lawyer)
    assert reply.confidence == 0.0
    assert reply.finished.suggestions == ("A?",)


async def test_a_database_without_an_answer_is_a_failure_and_not_a_crash(tmp_path: Path) -> None:
    empty = await Store.open(f"sqlite:///{tmp_path}/never-migrated.db", clock=ManualClock())
    try:
        reply = await ask(empty, "What is Switchboard?")
    finally:
        await empty.close()
    assert isinstance(reply.events[-1], Failed)
    assert reply.text == ""
