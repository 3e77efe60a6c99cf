"""The program as its operator uses it: migrate, doctor, token, ledger, and what it says when it cannot."""

import asyncio
from base64 import b64encode
from pathlib import Path
from typing import Any

import jwt
import pytest
import yaml
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient
from pydantic import SecretStr

from adapters.slack.emulator import SlackEmulator
from adapters.telegram.emulator import TelegramEmulator
from bot.api.auth import issue, scopes_of
from bot.cli import main
from bot.clock import SystemClock
from bot.doctor import Finding, diagnose
from bot.domain.installation import Installation
from bot.main import build
from bot.settings import Settings
from storage.migrate import migrate
from storage.sealing import Sealing
from storage.store import Store

SECRET = "a secret of the tests, long enough to sign with"
SEVERAL = {
    "SLACK_CLIENT_ID": "1.2",
    "SLACK_CLIENT_SECRET": "s",
    "SLACK_APP_TOKEN": "xapp-1",
    "ENCRYPTION_KEYS": f"1:{b64encode(bytes(32)).decode()}",
    "PUBLIC_URL": "https://bot.example",
}
"""What several workspaces need."""


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
        ("SLACK_MODE", "pigeon"),
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


ROOT = Path(__file__).parent.parent


def test_the_manifest_for_slack_is_written_here(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["slack", "manifest"]) == 0
    assert "slack-manifest.yaml is written" in capsys.readouterr().out
    assert main(["slack", "manifest", "--out", "-"]) == 0
    printed = capsys.readouterr().out
    assert (machine / "slack-manifest.yaml").read_text(encoding="utf-8") == printed
    assert (ROOT / "docs" / "slack-manifest.yaml").read_text(encoding="utf-8") == printed, "make it anew"
    assert main(["slack", "manifest", "--out", str(machine / "nowhere" / "file")]) == 1


def test_the_manifest_says_where_slack_shall_post_to(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def made(*more: str) -> dict[str, Any]:
        assert main(["slack", "manifest", "--out", "-", *more]) == 0
        return dict(yaml.safe_load(capsys.readouterr().out))

    assert made()["settings"]["socket_mode_enabled"]
    by_http = made("--public-url", "https://bot.example/", "--name", "Ask us")
    assert by_http["display_information"]["name"] == "Ask us"
    assert not by_http["settings"]["socket_mode_enabled"]
    assert by_http["settings"]["event_subscriptions"]["request_url"] == "https://bot.example/slack/events"
    assert by_http["oauth_config"]["redirect_urls"] == ["https://bot.example/slack/oauth_redirect"]

    monkeypatch.setenv("PUBLIC_URL", "https://bot.example")
    by_socket = made()
    assert by_socket["settings"]["socket_mode_enabled"]
    assert by_socket["oauth_config"]["redirect_urls"] == ["https://bot.example/slack/oauth_redirect"]
    monkeypatch.setenv("SLACK_MODE", "http")
    assert made() == made("--public-url", "https://bot.example")


@pytest.mark.parametrize("url", ["", "http://bot.example", "not a url"])
def test_a_manifest_that_slack_could_not_use_is_not_made(
    machine: Path, url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_MODE", "http")
    assert main(["slack", "manifest", "--public-url", url]) == 1
    assert "PUBLIC_URL" in capsys.readouterr().err
    assert not (machine / "slack-manifest.yaml").exists()


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-1"}, "SLACK_APP_TOKEN"),
        ({"SLACK_APP_TOKEN": "xapp-1"}, "SLACK_BOT_TOKEN"),
        ({"SLACK_BOT_TOKEN": "xapp-1", "SLACK_APP_TOKEN": "xoxb-1"}, "SLACK_BOT_TOKEN"),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xoxb-2"}, "SLACK_APP_TOKEN"),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_MODE": "http"}, "SLACK_SIGNING_SECRET"),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_MODE": "pigeon"}, "SLACK_MODE"),
        ({"SLACK_CLIENT_ID": "1.2"}, "SLACK_CLIENT_SECRET"),
        ({"SLACK_CLIENT_SECRET": "s"}, "SLACK_CLIENT_ID"),
        ({**SEVERAL, "SLACK_APP_TOKEN": ""}, "SLACK_APP_TOKEN"),
        ({**SEVERAL, "ENCRYPTION_KEYS": ""}, "ENCRYPTION_KEYS"),
        ({**SEVERAL, "PUBLIC_URL": ""}, "PUBLIC_URL"),
        ({**SEVERAL, "PUBLIC_URL": "http://bot.example"}, "PUBLIC_URL"),
    ],
)
def test_what_slack_still_needs_is_named(
    given: dict[str, str], named: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert main(["doctor"]) == 1
    assert capsys.readouterr().err.splitlines()[1].startswith(f"{named}:")


async def test_the_doctor_asks_slack(machine: Path) -> None:
    async with SlackEmulator(clock=SystemClock()) as slack:
        settings = Settings(
            _env_file=None,
            slack_bot_token=SecretStr(slack.token),
            slack_app_token=SecretStr(slack.app_token),
            slack_api_base=slack.url,
        )
        who, socket = (await diagnose(settings))[-2:]
        assert (who.ok, slack.home.name in who.what) == (True, True)
        assert (socket.ok, socket.what) == (True, "slack: connections can be opened")
        slack.faults.fails("invalid_auth")
        refused, _ = (await diagnose(settings))[-2:]
        assert not refused.ok
        assert "SLACK_BOT_TOKEN" in refused.advice
        other = settings.model_copy(update={"slack_app_token": SecretStr("xapp-of-another-app")})
        _, refused = (await diagnose(other))[-2:]
        assert not refused.ok
        assert "SLACK_APP_TOKEN" in refused.advice
    gone, shut = (await diagnose(settings))[-2:]
    assert not gone.ok
    assert "cannot be reached" in gone.what
    assert not shut.ok


async def test_the_doctor_keeps_a_file_and_says_where_that_fails(machine: Path) -> None:
    def files(found: list[Finding]) -> Finding:
        return next(one for one in found if one.what.startswith("files"))

    fine = files(await diagnose(Settings(_env_file=None, files_url="kept")))
    assert (fine.ok, fine.what) == (True, "files: kept in a folder")
    assert not [path for path in (machine / "kept").rglob("*") if path.is_file()]
    wrong = files(await diagnose(Settings(_env_file=None, files_url="ftp://somewhere")))
    assert not wrong.ok
    assert "FILES_URL" in wrong.what
    gone = Settings(_env_file=None, files_url="s3://bucket/here", s3_endpoint="http://127.0.0.1:9")
    assert "FILES_URL" in files(await diagnose(gone)).advice


async def test_the_doctor_looks_at_what_understands_and_speaks(machine: Path) -> None:
    async def told(**more: str) -> list[tuple[bool, str]]:
        found = await diagnose(Settings(_env_file=None, **more))  # type: ignore[arg-type]
        return [(one.ok, one.what) for one in found if one.what.startswith(("voice", "spoken"))]

    assert await told() == [(True, "voice messages: none"), (True, "spoken replies: none")]
    fine = await told(transcribe_model="openai:ears", speech_model="openai:mouth", openai_api_key="any")
    assert fine == [(True, "voice messages: openai"), (True, "spoken replies: openai")]
    for name, word in (("ears", "TRANSCRIBE_MODEL"), ("openai:ears", "TRANSCRIBE_API_KEY"), ("local:", "path")):
        (heard, _) = await told(transcribe_model=name)
        assert not heard[0]
        assert word in heard[1]
    (_, spoken) = await told(speech_model="local:/mouth")
    assert not spoken[0]
    assert "SPEECH_MODEL" in spoken[1]


async def test_the_doctor_asks_in_every_workspace_that_installed_the_app(machine: Path) -> None:
    clock = SystemClock()
    async with SlackEmulator(clock=clock) as slack:
        settings = Settings(
            _env_file=None,
            public_url="https://bot.example",
            encryption_keys=SecretStr(SEVERAL["ENCRYPTION_KEYS"]),
            slack_client_id=slack.client_id,
            slack_client_secret=SecretStr(slack.client_secret),
            slack_app_token=SecretStr(slack.app_token),
            slack_api_base=slack.url,
        )
        await asyncio.to_thread(migrate, settings.database_url)
        acme = slack.workspace("Acme")
        kept = Installation("slack", acme.id, "Acme", acme.token, acme.bot_user, (), clock.now())
        store = await Store.open(settings.database_url, clock=clock)
        async with store.begin() as tx:
            await tx.installations.put(kept, Sealing.parse(SEVERAL["ENCRYPTION_KEYS"]))
        await store.close()
        *_, workspace, count = await diagnose(settings)
        assert "Acme" in workspace.what
        assert (count.what, count.ok) == ("slack: installed in 1 workspaces", True)
        assert "https://bot.example/slack/install" in count.advice
        other = settings.model_copy(update={"encryption_keys": SecretStr(f"2:{'A' * 43}=")})
        *_, workspace, _ = await diagnose(other)
        assert (workspace.ok, "ENCRYPTION_KEYS" in workspace.what, "Acme" in workspace.what) == (False, True, True)
        assert "/slack/install" in workspace.advice


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
