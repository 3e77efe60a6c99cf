"""What a user said is theirs: they take it along word for word, and have it erased to the last."""

import json
import re
from html.parser import HTMLParser

from markdown_it import MarkdownIt

from adapters.telegram.emulator import User
from bot.domain.errors import ContentRefused
from bot.domain.incoming import Attachment
from specialists.scripted import Babble, Fail, Say
from tests.stories.commanding import labels, opened, presses, says, stored
from tests.stories.stage import Stage, set_stage, texts

NASTY = "Open fence:\n```python\nprint('<b>&amp;</b>')\n# not a heading\n\n> deep\n</div><script>alert(1)</script>"
CANARY = "qzxcanary"


class _Page(HTMLParser):
    """The tags of a page, and the texts of its messages."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.said: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._inside = ("class", "text") in attrs
        if self._inside:
            self.said.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.said[-1] += data


async def _exports(stage: Stage, user: User, command: str) -> str:
    await says(stage, user, command)
    return await opened(stage, user.private.replies[-1])


async def test_json_holds_everything_exactly(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    stage.engine.then(Say(NASTY))
    stage.engine.then(Say("The second try."))
    await says(stage, ann, "/concierge", NASTY)
    await presses(stage, ann, "🔄 Again")
    stage.engine.then(Fail(ContentRefused("no")))
    await says(stage, ann, "Привет, 🌉", "/rename Bridges & more")
    document = json.loads(await _exports(stage, ann, "/export json"))
    assert (document["format"], document["version"]) == ("switchboard-export", 1)
    assert document["user"] == {"name": "Ann", "locale": "en"}
    (conversation,) = document["conversations"]
    assert conversation["title"] == "Bridges & more"
    assert conversation["messenger"] == "telegram"
    first, second = conversation["turns"]
    assert [(m["role"], m["text"], m["version"]) for m in first["messages"]] == [
        ("user", NASTY, 1),
        ("assistant", "The second try.", 2),
    ]
    assert (first["state"], first["specialist"], first["version"]) == ("completed", "concierge", 2)
    assert (second["state"], second["error"]) == ("failed", "error-engine-content")
    assert second["messages"][0]["text"] == "Привет, 🌉"
    times = re.findall(r'_at": "([^"]+)"', json.dumps(document))
    assert times
    assert all(time.endswith("+00:00") for time in times)


async def test_markdown_survives_whatever_was_said(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    stage.engine.then(Say("Said after the fence."))
    await says(stage, ann, "/concierge", NASTY)
    page = await _exports(stage, ann, "/export")
    assert "\n".join(f"> {line}" for line in NASTY.split("\n")) in page
    assert "> Said after the fence." in page
    tokens = MarkdownIt("commonmark").parse(page)
    headings = [tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "heading_open"]
    assert [heading.partition(" ·")[0] for heading in headings][-2:] == ["You", "Concierge"]
    assert sum(token.type == "blockquote_open" and token.level == 0 for token in tokens) == 2
    assert " UTC" in headings[-1]


async def test_html_is_one_page_that_shows_what_was_said_and_runs_nothing(stage: Stage) -> None:
    ann = stage.tg.user("Ann", language_code="ru")
    stage.engine.then(Say("Said after the fence."))
    await says(stage, ann, NASTY, "/rename <i>Bridges</i>")
    source = await _exports(stage, ann, "/export html")
    page = _Page()
    page.feed(source)
    assert page.said == [NASTY, "Said after the fence."]
    assert not {"script", "img", "link", "i", "b2"} & set(page.tags)
    assert "default-src 'none'" in source
    assert "@media print" in source
    assert '<html lang="ru">' in source
    assert '<h2 dir="auto">&lt;i&gt;Bridges&lt;/i&gt;</h2>' in source


async def test_all_conversations_come_in_one_file_named_after_the_day(stage: Stage) -> None:
    ann, bob = stage.tg.user("Ann"), stage.tg.user("Bob")
    await says(stage, bob, f"{CANARY} of Bob")
    assert "nothing to export" in await says(stage, ann, "/export")
    await says(stage, ann, "zebras in winter", "/archive", "giraffes in summer")
    document = json.loads(await _exports(stage, ann, "/export all JSON"))
    assert [one["title"] for one in document["conversations"]] == ["zebras in winter", "giraffes in summer"]
    assert [one["archived"] for one in document["conversations"]] == [True, False]
    assert CANARY not in json.dumps(document)
    name = ann.private.replies[-1].media["document"]["file_name"]
    assert name == f"switchboard-{stage.clock.now():%Y-%m-%d}.json"
    assert labels(ann.private.replies[-1]) == ["Markdown", "HTML"]
    assert "Your 2 conversations, word for word: 4 messages." in texts(ann.private)[-1]


async def test_the_other_formats_are_one_press_away_and_wrong_ones_are_explained(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    await says(stage, ann, "zebras in winter", "/export")
    assert labels(ann.private.replies[-1]) == ["JSON", "HTML", "All conversations"]
    await presses(stage, ann, "HTML")
    assert ann.private.replies[-1].media["document"]["file_name"].startswith("zebras-in-winter-")
    assert "as in /export html" in await says(stage, ann, "/export pdf")


async def test_a_long_conversation_is_exported_whole(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    await says(stage, ann, "turn 0")
    async with stage.board.store.begin() as tx:
        user = await tx.users.resolve("telegram", "", str(ann.id), name="", locale="en")
        (thread,) = await tx.threads.list(user.id)
        for number in range(1, 300):
            turn = await tx.turns.create(thread.id, "concierge")
            await tx.turns.add_message(turn.id, "user", f"turn {number}", None)
    document = json.loads(await _exports(stage, ann, "/export json"))
    (conversation,) = document["conversations"]
    said = [turn["messages"][0]["text"] for turn in conversation["turns"]]
    assert said == [f"turn {number}" for number in range(300)]


async def test_forgetting_asks_first_and_then_nothing_of_the_user_is_left(stage: Stage) -> None:
    ann, bob = stage.tg.user(f"Ann {CANARY}"), stage.tg.user("Bob")
    await says(stage, bob, "the bridge of Bob")
    await says(
        stage, ann, f"my {CANARY} likes tea", f"/rename {CANARY}", f"/search {CANARY}", "/export html all", "/new"
    )
    await says(stage, ann, f"another {CANARY}", "/threads")
    assert CANARY in stored(stage)
    assert "Erase everything" in await says(stage, ann, "/forget")
    assert "stays as it is" in await presses(stage, ann, "No, keep it")
    await says(stage, ann, "/forget")
    farewell = await presses(stage, ann, "Yes, erase everything")
    assert "Farewell" in farewell
    left = stored(stage)
    assert CANARY not in left
    assert f"telegram:{ann.id}" not in left
    assert str(ann.id) not in left.splitlines()
    assert "the bridge of Bob" in left
    assert "the bridge of Bob" in await says(stage, bob, "/threads")
    assert "no conversations yet" in await says(stage, ann, "/threads")


async def test_either_database_forgets(any_url: str) -> None:
    async with set_stage(any_url) as stage, stage.process():
        ann = stage.tg.user("Ann")
        await says(stage, ann, "zebras in winter", "/language ru", "/forget")
        assert "До свидания" in await presses(stage, ann, "Да, стереть всё")
        assert "no conversations yet" in await says(stage, ann, "/threads")
        async with stage.board.store.begin() as tx:
            account = await tx.ledger.account()
        assert account.lost == 0


async def test_somebody_elses_yes_forgets_nobody(stage: Stage) -> None:
    ann, mallory = stage.tg.user("Ann"), stage.tg.user("Mallory")
    team = stage.tg.supergroup("Team", members=[ann, mallory])
    await says(stage, ann, "zebras in winter")
    await says(stage, mallory, "hello there")
    await says(stage, ann, "/forget", chat=team)
    press = await mallory.presses("Yes, erase everything", chat=team)
    await stage.settles()
    assert "belongs to somebody else" in stage.tg.presses[press].text
    assert "zebras in winter" in await says(stage, ann, "/threads")
    assert "hello there" in await says(stage, mallory, "/threads")


async def test_a_reply_that_is_being_written_ends_when_its_user_is_forgotten(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    stage.engine.then(Babble(f"{CANARY} "))
    await ann.says("Tell me everything")
    await stage.until(lambda: len(ann.private.drafts) > 2)
    await ann.says("/forget")
    await stage.until(lambda: any("Erase everything" in text for text in texts(ann.private)))
    await ann.presses("Yes, erase everything")
    await stage.settles()
    assert stage.engine.replies[0].closed_early
    assert any("Farewell" in text for text in texts(ann.private))
    assert CANARY not in stored(stage)


async def test_a_process_that_dies_after_the_farewell_still_keeps_its_promise(sqlite_url: str) -> None:
    async with set_stage(sqlite_url) as stage:
        ann = stage.tg.user("Ann")
        async with stage.process():
            await says(stage, ann, f"my {CANARY}", "/forget")
            stuck = stage.tg.faults.fails(502, method="editMessageText", times=None)
            await ann.presses("Yes, erase everything")
            await stage.until(lambda: bool(stage.tg.faults.injected))
        assert CANARY in stored(stage)
        stuck.times = 0
        async with stage.process():
            await stage.settles()
            assert CANARY not in stored(stage)
            assert sum("Farewell" in text for text in texts(ann.private)) == 1


async def test_one_who_has_blocked_us_meanwhile_is_forgotten_too(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    await says(stage, ann, f"my {CANARY}", "/forget")
    await ann.presses("Yes, erase everything")
    await ann.blocks()
    await stage.settles()
    assert CANARY not in stored(stage)


async def test_what_was_sent_is_told_beside_the_message_it_came_with(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    await says(stage, ann, "zebras in winter")
    async with stage.board.store.begin() as tx:
        user = await tx.users.resolve("telegram", "", str(ann.id), name="", locale="en")
        (thread,) = await tx.threads.list(user.id)
        (message, _) = await tx.turns.transcript(thread.id)
        sent = [Attachment("document", "d", "зебры_2026.pdf", size_bytes=70_000), Attachment("location")]
        report, place = await tx.uploads.add(message, sent)
        await tx.uploads.ready(report.id, sort="document", media_type="application/pdf", parts=12, part_kind="page")
        await tx.uploads.ready(place.id, sort="thing", text="Location: Lisbon")
    document = json.loads(await _exports(stage, ann, "/export json"))
    said, reply = document["conversations"][0]["turns"][0]["messages"]
    assert said["text"] == "zebras in winter\nLocation: Lisbon"
    (told,) = said["sent"]
    assert (told["name"], told["media_type"], told["size_bytes"]) == ("зебры_2026.pdf", "application/pdf", 70_000)
    assert (told["kind"], told["state"], told["parts"], told["part_kind"]) == ("document", "ready", 12, "page")
    assert reply["sent"] == []
    assert "pages: 12" in await _exports(stage, ann, "/export md")
    assert "Sent: зебры_2026.pdf (pages: 12)" in await _exports(stage, ann, "/export html")
