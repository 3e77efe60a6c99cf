"""The program as its operator uses it: migrate, doctor, token, ledger, and what it says when it cannot."""

import asyncio
from pathlib import Path

import jwt
import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient

from adapters.telegram.emulator import TelegramEmulator
from bot.api.auth import issue, scopes_of
from bot.cli import main
from bot.clock import SystemClock
from bot.doctor import diagnose
from bot.main import build
from bot.settings import Settings
from storage.migrate import migrate

SECRET = "a secret of the tests, long enough to sign with"


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, and no settings but the defaults."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    return tmp_path


def test_a_fresh_machine_is_migrated_and_its_account_is_balanced(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate"]) == 0
    assert main(["ledger"]) == 0
    assert [line.split() for line in capsys.readouterr().out.splitlines()[1:]] == [
        ["received", "0"],
        ["answered", "0"],
        ["refused", "0"],
        ["waiting", "0"],
        ["lost", "0"],
    ]


def test_the_doctor_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 1
    assert "switchboard migrate" in capsys.readouterr().out
    main(["migrate"])
    assert main(["doctor"]) == 0
    assert "BAD" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("DATABASE_URL", "mysql://nowhere"),
        ("JWT_SECRET", "short"),
        ("TELEGRAM_MODE", "pigeon"),
        ("DEFAULT_MODEL", "openai:none"),
        ("SPECIALISTS_DIR", "/nowhere/at/all"),
        ("KNOWLEDGE_DIR", "/nowhere/at/all"),
        ("PUBLIC_URL", "foo"),
    ],
)
def test_a_wrong_setting_is_named(
    name: str, value: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert main(["doctor"]) == 1
    said = capsys.readouterr()
    assert name in said.out + said.err


def test_webhook_mode_needs_its_address_and_its_secret(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "42:TEST")
    monkeypatch.setenv("TELEGRAM_MODE", "webhook")
    assert main(["doctor"]) == 1
    assert "PUBLIC_URL" in capsys.readouterr().err
    monkeypatch.setenv("PUBLIC_URL", "https://bot.example")
    assert main(["doctor"]) == 1
    assert "TELEGRAM_WEBHOOK_SECRET" in capsys.readouterr().err


async def test_the_doctor_asks_telegram(machine: Path) -> None:
    async with TelegramEmulator(clock=SystemClock()) as tg:
        settings = Settings(_env_file=None, telegram_bot_token=tg.token, telegram_api_base=tg.url)
        assert f"@{tg.me.username}, by polling" in (await diagnose(settings))[-1].what
        tg.faults.fails(401, "Unauthorized")
        refused = (await diagnose(settings))[-1]
        assert not refused.ok
        assert "TELEGRAM_BOT_TOKEN" in refused.advice
    gone = (await diagnose(settings))[-1]
    assert not gone.ok
    assert "cannot be reached" in gone.what


def test_a_token_says_who_and_what_for_how_long(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["token", "grafana", "--scope", "admin", "--days", "2"]) == 0
    token = capsys.readouterr().out.strip()
    secret = Path("var/secret").read_text(encoding="ascii")
    assert scopes_of(secret, token) == {"admin"}
    assert oct(Path("var/secret").stat().st_mode & 0o777) == "0o600"
    for wrong in (["--scope", "everything"], ["--scope", "admin", "--days", "0"], []):
        with pytest.raises(SystemExit):
            main(["token", "grafana", *wrong])
    with pytest.raises(jwt.InvalidTokenError):
        scopes_of("another secret that is long enough too", token)


async def test_the_account_is_for_those_who_may_see_it(machine: Path) -> None:
    clock = SystemClock()
    settings = Settings(_env_file=None, database_url=f"sqlite:///{machine / 'a.db'}")
    await asyncio.to_thread(migrate, settings.database_url)
    async with build(settings, SECRET, clock) as board, _browser(board.app) as browser:
        assert (await browser.get("/health")).json() == {"status": "healthy"}
        assert (await browser.get("/health/ready")).status_code == 200
        assert "switchboard_jobs_open" in (await browser.get("/metrics")).text
        nobody = await browser.get("/api/v1/ledger")
        assert (nobody.status_code, nobody.headers["content-type"]) == (401, "application/problem+json")

        async def ask(*scopes: str, secret: str = SECRET, ttl_seconds: int = 60) -> int:
            token = issue(secret, "ann", scopes, now=clock.now(), ttl_seconds=ttl_seconds)
            headers = {"Authorization": f"Bearer {token}"}
            return (await browser.get("/api/v1/ledger", headers=headers)).status_code

        assert await ask("chat") == 403
        assert await ask("admin", ttl_seconds=-1) == 401
        assert await ask("admin", secret="forged with a secret of somebody else") == 401
        assert await ask("admin") == 200


def _browser(app: FastAPI) -> AsyncClient:
    return AsyncClient(transport=ASGITransport(app), base_url="http://switchboard")
