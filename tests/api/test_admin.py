"""The whole way: an administrator adds a provider and a specialist, users talk to it, both are changed and removed."""

import logging
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.telegram.emulator import User
from bot.domain.errors import SettingsError
from specialists.emulator import Say, Stall
from tests.api.office import FIRST, KEY, SECOND, Admin, Office, scout, set_office
from tests.stories.commanding import stored
from tests.stories.stage import texts


async def _answer(office: Office, user: User, text: str) -> str:
    await user.says(text)
    await office.stage.settles()
    return texts(user.private)[-1]


def _on_disk(office: Office) -> bytes:
    path = Path(office.stage.settings.database_url.removeprefix("sqlite:///"))
    return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))


async def test_a_specialist_of_a_new_provider_answers_until_it_is_removed(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    admin, ann = office.admin, office.stage.tg.user("Ann")
    assert (await admin.post("specialists", source=scout())).status_code == 422, "there is no acme yet"

    assert (await admin.put("providers/acme", **office.acme)).status_code == 201
    assert (await admin.post("specialists", source=scout())).status_code == 201
    office.cast.then(Say("Go north."))
    assert (await _answer(office, ann, "@scout Which way?")).endswith("Go north.")
    (asked,) = office.cast.asked
    assert (asked.wire, asked.model) == ("chat", "gpt-5.4")
    assert "You are a scout." in asked.system

    changed = scout(title="Guide", model="acme:gpt-5.4-mini").replace("a scout", "a guide")
    assert (await admin.put("specialists/scout", source=changed)).status_code == 200
    assert (await admin.put("providers/acme", **office.acme | {"kind": "openai"})).status_code == 200
    office.cast.then(Say("Go south."))
    assert (await _answer(office, ann, "And now?")).endswith("Go south.")
    asked = office.cast.asked[-1]
    assert (asked.wire, asked.model) == ("responses", "gpt-5.4-mini")
    assert "You are a guide." in asked.system

    in_use = await admin.delete("providers/acme")
    assert (in_use.status_code, in_use.json()["used_by"]) == (409, ["specialist scout"])
    assert (await admin.delete("specialists/scout")).status_code == 204
    assert (await admin.delete("providers/acme")).status_code == 204
    requests = len(office.cast.asked)
    await _answer(office, ann, "How do I connect Telegram?")
    assert len(office.cast.asked) == requests
    assert "TELEGRAM_BOT_TOKEN" in texts(ann.private)[-1]
    assert not office.models.violations
    assert KEY not in caplog.text


async def test_the_key_is_nowhere_in_clear(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    admin = office.admin
    said = [
        await admin.post("providers", name="acme", **office.acme),
        await admin.post("providers", name="acme", **office.acme),
        await admin.put("providers/acme", **office.acme),
        await admin.get("providers/acme"),
        await admin.get("providers"),
        await admin.post("providers", name="Wrong", **office.acme),
        await admin.post("providers", name="other", **office.acme | {"kind": KEY}),
        await admin.post("providers", name="other", **office.acme | {"key": f"{KEY} {KEY}"}),
        await admin.post("providers", name="other", **office.acme | {"key": {"value": KEY}}),
        await admin.post("providers", name="other", **office.acme | {"base_url": f"https://ann:{KEY}@acme.example"}),
        await admin.post("providers", name="other", **office.acme | {"extra": KEY}),
    ]
    assert [one.status_code for one in said] == [201, 409, 200, 200, 200, *[422] * 6]
    assert all(KEY not in one.text for one in said)
    assert said[3].json()["has_key"] is True
    assert "key" not in said[3].json()
    await admin.put("specialists/scout", source=scout())
    await _answer(office, office.stage.tg.user("Ann"), "@scout Which way?")
    assert office.cast.asked
    assert KEY not in stored(office.stage)
    assert KEY.encode() not in _on_disk(office)
    assert KEY not in caplog.text


async def test_a_reply_that_runs_ends_with_what_it_began_with(office: Office) -> None:
    admin, ann = office.admin, office.stage.tg.user("Ann")
    await admin.put("providers/acme", **office.acme)
    await admin.put("specialists/scout", source=scout())
    office.cast.then(Say("First north, "), Stall(), Say("then east."))
    await ann.says("@scout Which way?")
    await office.stage.until(lambda: office.models.stalled == 1)
    await admin.delete("specialists/scout")
    assert (await admin.delete("providers/acme")).status_code == 204
    office.models.release()
    await office.stage.settles()
    assert texts(ann.private)[-1].endswith("First north, then east.")


async def test_every_process_hears_of_what_was_made_in_another(postgres_url: str) -> None:
    async with set_office(postgres_url) as office:
        stage = office.stage
        async with stage.process("one") as one, stage.process("two") as two:
            await Admin(one.board).put("providers/acme", **office.acme)
            await Admin(one.board).put("specialists/scout", source=scout())
            await stage.until(lambda: two.board.team.get("scout") is not None)
            await one.dies()
            office.cast.then(Say("Go north."))
            ann = stage.tg.user("Ann")
            await ann.says("@scout Which way?")
            await stage.until(lambda: bool(texts(ann.private)) and texts(ann.private)[-1].endswith("Go north."))


async def test_keys_rotate_and_the_old_one_can_go(sqlite_url: str) -> None:
    async with set_office(sqlite_url) as office:
        stage, ann = office.stage, office.stage.tg.user("Ann")
        async with stage.process():
            await office.admin.put("providers/acme", **office.acme)
            await office.admin.put("specialists/scout", source=scout())
        for keys in (f"1:{FIRST},2:{SECOND}", f"2:{SECOND}"):
            stage.settings = stage.settings.model_copy(update={"encryption_keys": SecretStr(keys)})
            async with stage.process():
                office.cast.then(Say(f"With {len(keys)} characters of keys."))
                answer = await _answer(office, ann, "@scout Which way?")
                assert answer.endswith(f"With {len(keys)} characters of keys.")
                async with stage.board.store.begin() as tx:
                    assert (await tx.providers.sealed("acme")).startswith("2:")


async def test_without_its_key_a_provider_is_said_to_be_locked(sqlite_url: str) -> None:
    async with set_office(sqlite_url) as office:
        stage, ann = office.stage, office.stage.tg.user("Ann")
        async with stage.process():
            await office.admin.put("providers/acme", **office.acme)
            await office.admin.put("specialists/scout", source=scout(knowledge="[handbook]"))
        for keys, why in (("", "version 1"), (f"1:{SECOND}", "does not open it")):
            stage.settings = stage.settings.model_copy(update={"encryption_keys": SecretStr(keys)})
            async with stage.process():
                acme = (await office.admin.get("providers/acme")).json()
                assert why in acme["problem"]
                assert acme["has_key"] is True
                await _answer(office, ann, "@scout How do I connect Telegram?")
                assert "TELEGRAM_BOT_TOKEN" in texts(ann.private)[-1], "the handbook answers meanwhile"
        stage.settings = stage.settings.model_copy(update={"default_model": "acme:gpt-5.4"})
        with pytest.raises(SettingsError, match=r"DEFAULT_MODEL: the model acme:gpt-5\.4 cannot be asked"):
            async with stage.process():
                pass


async def test_settings_may_name_a_provider_that_was_made_at_run_time(sqlite_url: str) -> None:
    async with set_office(sqlite_url) as office:
        stage = office.stage
        async with stage.process():
            await office.admin.put("providers/acme", **office.acme)
        stage.settings = stage.settings.model_copy(update={"default_model": "acme:gpt-5.4"})
        async with stage.process():
            office.cast.then(Say("Welcome."))
            assert (await _answer(office, stage.tg.user("Ann"), "@concierge Hello there")).endswith("Welcome.")
            in_use = await office.admin.delete("providers/acme")
            assert in_use.json()["used_by"] == ["DEFAULT_MODEL"]


@pytest.mark.parametrize("path", ["providers", "providers/acme", "specialists", "specialists/mentor"])
async def test_only_administrators_come_in(office: Office, path: str) -> None:
    for scopes, status in (((), 401), (("chat",), 403)):
        stranger = Admin(office.stage.board, scopes)
        answers = [await stranger.get(path), await stranger.post(path), await stranger.put(path)]
        answers.append(await stranger.delete(path))
        assert {answer.status_code for answer in answers} <= {status, 405}
        assert answers[0].status_code == status
        assert answers[0].headers["content-type"] == "application/problem+json"
    async with office.stage.board.store.begin() as tx:
        assert await tx.providers.list() == []
        assert await tx.catalog.specialists() == []


async def test_a_flood_of_bytes_is_refused(office: Office) -> None:
    assert (await office.admin.put("specialists/scout", source="x" * 2_100_000)).status_code == 413


async def test_the_routes_are_documented(office: Office) -> None:
    paths = office.stage.board.app.openapi()["paths"]
    assert {"get", "post"} <= paths["/api/v1/providers"].keys()
    assert {"get", "put", "delete"} <= paths["/api/v1/specialists/{name}"].keys()
