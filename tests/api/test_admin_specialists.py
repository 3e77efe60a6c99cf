"""`/api/v1/specialists`: what is shown, what is refused, and where it is wrong."""

from pathlib import Path

import pytest

from bot.api.drafts import LONGEST_CHARS
from tests.api.office import Office, open_office, scout

PLAIN = scout(model="")


async def test_everybody_is_listed_a_page_at_a_time(office: Office) -> None:
    await office.admin.post("specialists", source=PLAIN)
    names: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await office.admin.get("specialists", limit=3, cursor=cursor)).json()
        assert len(page["data"]) <= 3
        names += [one["name"] for one in page["data"]]
        cursor = page["next_cursor"]
    assert names == sorted(names)
    assert {"concierge", "mentor", "scout"} <= set(names)
    assert len(names) == len(set(names)) == len(office.stage.board.team.all())


async def test_one_of_a_file_is_shown_with_its_source_and_can_be_overridden(office: Office) -> None:
    admin = office.admin
    shipped = (await admin.get("specialists/mentor")).json()
    assert (shipped["origin"], shipped["updated_at"], shipped["title"]) == ("file", None, "Mentor")
    assert shipped["source"].startswith("---\nname: mentor\n")
    mine = shipped["source"].replace("en: Mentor", "en: Sensei")
    put = await admin.put("specialists/mentor", source=mine)
    assert (put.status_code, put.json()["origin"], put.json()["title"]) == (201, "database", "Sensei")
    assert put.json()["updated_at"] is not None
    mentor = office.stage.board.team.get("mentor")
    assert mentor is not None
    assert mentor.title == "Sensei"
    assert (await admin.get("specialists/mentor")).json() == put.json()
    assert (await admin.put("specialists/mentor", source=mine)).status_code == 200
    assert (await admin.delete("specialists/mentor")).status_code == 204
    assert (await admin.get("specialists/mentor")).json() == shipped
    from_a_file = await admin.delete("specialists/mentor")
    assert (from_a_file.status_code, from_a_file.json()["title"]) == (409, "The specialist comes from a file.")


async def test_a_new_one_is_found_where_it_was_said_to_be(office: Office) -> None:
    added = await office.admin.post("specialists", source=PLAIN)
    assert (added.status_code, added.headers["location"]) == (201, "/api/v1/specialists/scout")
    shown = (await office.admin.get("specialists/scout")).json()
    assert shown == added.json()
    assert (shown["source"], shown["problem"], shown["kind"]) == (PLAIN, None, "chat")
    again = await office.admin.post("specialists", source=PLAIN)
    assert (again.status_code, again.headers["content-type"]) == (409, "application/problem+json")
    for name in ("mentor", "concierge"):
        assert (await office.admin.post("specialists", source=scout(name=name, model=""))).status_code == 409


@pytest.mark.parametrize(
    ("source", "line", "reason"),
    [
        ("Just text.", 1, "the front matter is missing"),
        ("---\nname: [\n---\nText.", 3, "expected node content"),
        (scout(name="stop", model=""), 2, "/stop is a command"),
        (scout(name="Big Name", model=""), 2, "name"),
        (scout(name="", model=""), 1, "name"),
        (scout(tools="[calculate, fly]", model=""), 5, "there is no tool 'fly'"),
        (scout(model="nobody:knows"), 5, "model: 'nobody:knows' is no model"),
        (scout(model="acme:gpt-5.4"), 5, "model: 'acme:gpt-5.4' is no model"),
        (scout(model="anthropic:claude"), 5, "ANTHROPIC_API_KEY"),
        (scout(model="", fallback_models="[handbook, 'xai:grok']"), 5, "fallback_models.1: the model xai:grok needs"),
        (scout(model="", mcp_servers="[warehouse]"), 5, "mcp_servers: "),
        (scout(model="", temperature="9"), 5, "temperature"),
        (scout(model="").replace("You are a scout.\n", ""), 6, "the instructions"),
    ],
)
async def test_what_is_wrong_is_told_with_its_line(office: Office, source: str, line: int, reason: str) -> None:
    answer = await office.admin.post("specialists", source=source)
    problem = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert problem["title"] == "The specialist's source is wrong."
    assert problem["line"] == line
    assert reason in problem["reason"]
    assert problem["detail"] == f"line {line}: {problem['reason']}"
    async with office.stage.board.store.begin() as tx:
        assert await tx.catalog.specialists() == []


async def test_a_name_in_the_source_must_be_that_of_the_address(office: Office) -> None:
    answer = await office.admin.put("specialists/guide", source=PLAIN)
    assert (answer.status_code, answer.json()["line"]) == (422, 2)
    assert "must be 'guide'" in answer.json()["reason"]


async def test_whoever_meets_everyone_first_stays_one_to_chat_with(office: Office) -> None:
    brief = "[{name: what, question: What is it?}]"
    answer = await office.admin.put("specialists/concierge", source=scout(name="concierge", kind="order", brief=brief))
    assert answer.status_code == 422
    assert "must be of the kind 'chat'" in answer.json()["reason"]


async def test_nobody_is_found_under_a_name_that_nobody_has(office: Office) -> None:
    for name in ("nobody", "..%2Fteam%2Fmentor", "README"):
        assert (await office.admin.get(f"specialists/{name}")).status_code == 404
        assert (await office.admin.delete(f"specialists/{name}")).status_code == 404


@pytest.mark.parametrize(
    "body", [{}, {"source": 5}, {"source": "x" * (LONGEST_CHARS + 1)}, {"source": PLAIN, "owner": "ann"}]
)
async def test_a_request_that_is_none_is_refused_with_its_field(office: Office, body: dict[str, object]) -> None:
    answer = await office.admin.post("specialists", **body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json()["errors"][0]["field"] in ("source", "owner")
    assert len(answer.text) < 1_000, "what was sent is not sent back"


async def test_what_an_update_made_wrong_is_listed_with_its_problem(office: Office) -> None:
    async with office.stage.board.store.begin() as tx:
        await tx.catalog.put_specialist("scout", scout(tools="[fly]", model=""))
    shown = (await office.admin.get("specialists/scout")).json()
    assert (shown["origin"], shown["title"]) == ("database", "")
    assert shown["problem"].startswith("line 5: tools.0: there is no tool 'fly'")
    assert shown["source"] == scout(tools="[fly]", model="")
    assert "scout" in [one["name"] for one in (await office.admin.get("specialists")).json()["data"]]
    assert (await office.admin.delete("specialists/scout")).status_code == 204


async def test_one_s_own_folder_stands_before_the_shipped_one(sqlite_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "mentor.md").write_text(scout(name="mentor", model=""), encoding="utf-8")
    async with open_office(sqlite_url, specialists_dir=folder) as office:
        assert (await office.admin.get("specialists/mentor")).json()["source"] == scout(name="mentor", model="")
        (folder / "mentor.md").write_bytes(b"\xff\xfe")
        unreadable = await office.admin.get("specialists/mentor")
        assert (unreadable.status_code, str(tmp_path) in unreadable.text) == (404, False)
