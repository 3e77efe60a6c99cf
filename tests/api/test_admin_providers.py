"""`/api/v1/providers`: what is taken, what is refused, and what becomes of keys."""

import pytest
from pydantic import SecretStr

from bot.domain.errors import SettingsError
from bot.settings import read_settings
from tests.api.office import KEY, Office, open_office

URL = "https://models.example.org/v1"


async def test_a_provider_is_shown_without_its_key(office: Office) -> None:
    added = await office.admin.post("providers", name="acme", kind="openai-chat", base_url=f"{URL}/", key=KEY)
    assert (added.status_code, added.headers["location"]) == (201, "/api/v1/providers/acme")
    shown = added.json()
    assert shown.pop("updated_at")
    assert shown == {"name": "acme", "kind": "openai-chat", "base_url": URL, "has_key": True, "problem": None}
    assert (await office.admin.get("providers/acme")).json() == added.json()


async def test_providers_are_listed_a_page_at_a_time(office: Office) -> None:
    for name in ("acme", "beta", "zeta"):
        await office.admin.put(f"providers/{name}", kind="openai", base_url=URL, key=KEY)
    first = (await office.admin.get("providers", limit=2)).json()
    rest = (await office.admin.get("providers", limit=2, cursor=first["next_cursor"])).json()
    assert [one["name"] for one in (*first["data"], *rest["data"])] == ["acme", "beta", "zeta"]
    assert rest["next_cursor"] is None
    for limit in (0, 201):
        assert (await office.admin.get("providers", limit=limit)).json()["errors"][0]["field"] == "query.limit"


async def test_a_key_stays_with_its_address(office: Office) -> None:
    admin = office.admin
    await admin.put("providers/acme", kind="openai", base_url=URL, key=KEY)
    kept = await admin.put("providers/acme", kind="anthropic", base_url=URL)
    assert (kept.status_code, kept.json()["kind"], kept.json()["has_key"]) == (200, "anthropic", True)
    for base_url in ("https://thief.example", ""):
        refused = await admin.put("providers/acme", kind="anthropic", base_url=base_url)
        assert refused.status_code == 422
        assert "stays with its address" in refused.json()["detail"]
    assert (await admin.get("providers/acme")).json() == kept.json()
    moved = await admin.put("providers/acme", kind="anthropic", base_url="https://other.example", key="")
    assert (moved.status_code, moved.json()["has_key"]) == (200, False)


async def test_the_kind_s_own_address_needs_a_key(office: Office) -> None:
    admin = office.admin
    for key in ({}, {"key": ""}, {"key": None}):
        for answer in (
            await admin.post("providers", name="spare", kind="anthropic", **key),
            await admin.put("providers/spare", kind="anthropic", **key),
        ):
            assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "key")
    assert (await admin.put("providers/spare", kind="anthropic", key=KEY)).status_code == 201
    assert (await admin.put("providers/spare", kind="openai")).json()["has_key"] is True
    assert (await admin.put("providers/spare", kind="openai", key="")).status_code == 422


@pytest.mark.parametrize("name", ["openai", "openai-chat", "anthropic", "google", "handbook", "scripted"])
async def test_what_is_built_in_cannot_be_replaced(office: Office, name: str) -> None:
    for answer in (
        await office.admin.post("providers", name=name, kind="openai", base_url=URL, key=KEY),
        await office.admin.put(f"providers/{name}", kind="openai", base_url=URL, key=KEY),
    ):
        assert (answer.status_code, answer.json()["title"]) == (409, "The name is taken.")


@pytest.mark.parametrize("name", ["Acme", "1acme", "a b", "acme:two", "a" * 33, "-acme", "акме"])
async def test_a_name_must_be_one_for_models(office: Office, name: str) -> None:
    posted = await office.admin.post("providers", name=name, kind="openai", base_url=URL, key=KEY)
    assert (posted.status_code, posted.json()["errors"][0]["field"]) == (422, "name")
    put = await office.admin.put(f"providers/{name}", kind="openai", base_url=URL, key=KEY)
    assert (put.status_code, put.json()["errors"][0]["field"]) == (422, "path.name")


@pytest.mark.parametrize(
    ("base_url", "local", "why"),
    [
        ("http://127.0.0.1:11434/v1", False, "local: true"),
        ("http://models.example.org", True, "use https://"),
        ("http://169.254.169.254", True, "link-local"),
        ("ftp://models.example.org", True, "https://"),
        ("https://ann:secret@models.example.org", True, "no name and password"),
    ],
)
async def test_an_address_that_no_key_should_go_to_is_refused(
    office: Office, base_url: str, local: bool, why: str
) -> None:
    answer = await office.admin.post("providers", name="acme", kind="openai", base_url=base_url, local=local, key=KEY)
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["field"]) == (422, "base_url")
    assert why in error["reason"]


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "ключ", "x" * 4097])
async def test_a_key_must_fit_a_header(office: Office, key: str) -> None:
    answer = await office.admin.post("providers", name="acme", kind="openai", base_url=URL, key=key)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "key")


async def test_nothing_is_found_under_a_name_that_nothing_has(office: Office) -> None:
    for answer in (await office.admin.get("providers/nobody"), await office.admin.delete("providers/nobody")):
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


async def test_without_encryption_keys_the_way_to_them_is_told(sqlite_url: str) -> None:
    async with open_office(sqlite_url, encryption_keys=SecretStr("")) as office:
        for key in (KEY, ""):
            answer = await office.admin.put("providers/acme", kind="openai", base_url=URL, key=key)
            assert answer.status_code == 409
            assert "openssl rand -base64 32" in answer.json()["detail"]
        assert (await office.admin.get("providers")).json() == {"data": [], "next_cursor": None}


async def test_a_database_that_does_not_answer_is_said_to_be_away(office: Office) -> None:
    async with office.stage.board.store.begin() as tx:
        await tx.wire.connection.exec_driver_sql("ALTER TABLE providers RENAME TO elsewhere")
    answer = await office.admin.get("providers")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert answer.headers["retry-after"] == "5"
    async with office.stage.board.store.begin() as tx:
        await tx.wire.connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO providers")
    assert (await office.admin.get("providers")).status_code == 200


def test_a_wrong_encryption_key_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENCRYPTION_KEYS", "1:c2hvcnQ=")
    with pytest.raises(SettingsError, match="ENCRYPTION_KEYS: entry 1 has 5 bytes where 32 are needed"):
        read_settings()
