"""`switchboard`: run the platform, migrate its database, look after it."""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from bot.api.auth import SCOPES, issue
from bot.clock import SystemClock
from bot.doctor import diagnose
from bot.domain.errors import SettingsError, StorageError
from bot.manifest import MANIFEST, slack_manifest
from bot.secret import keep_secret
from bot.serve import serve
from bot.settings import Settings, read_settings
from bot.telemetry import configure
from storage.migrate import migrate
from storage.store import Store


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit status: 0 done, 1 something is wrong (said on standard error), 2 wrong usage."""
    options = _parser().parse_args(arguments)
    os.environ.setdefault("PYDANTIC_AI_NO_BANNER", "1")
    os.umask(0o077)  # conversations and secrets are nobody else's on this machine
    try:
        settings = read_settings()
        configure(settings.log_level, settings.log_format == "json")
        command: Callable[[Settings, argparse.Namespace], int] = options.command
        return command(settings, options)
    except SettingsError as error:
        print(f"switchboard cannot do this with the settings as they are:\n{error}", file=sys.stderr)
        return 1
    except StorageError as error:
        print(f"the database does not answer: {error}\nDATABASE_URL names it; is it running?", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "switchboard", description="A chat-bot platform. Settings come from the environment."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="start the platform; the database is migrated first")
    run.add_argument("--role", choices=("all", "web", "worker"), default="all", help="what this process does (all)")
    run.set_defaults(command=_run)

    commands.add_parser("migrate", help="bring the database to the newest schema").set_defaults(command=_migrate)
    commands.add_parser("doctor", help="check everything and say what to do").set_defaults(command=_doctor)
    commands.add_parser("ledger", help="received = answered + refused + waiting").set_defaults(command=_ledger)

    slack = commands.add_parser("slack", help="set up Slack").add_subparsers(required=True, metavar="COMMAND")
    manifest = slack.add_parser("manifest", help="write the file from which Slack makes the app")
    manifest.add_argument("--name", default="Switchboard", help="what the app is called in Slack (Switchboard)")
    manifest.add_argument(
        "--public-url",
        metavar="URL",
        help="Slack posts its events there, instead of by Socket Mode (PUBLIC_URL, with SLACK_MODE=http)",
    )
    manifest.add_argument("--out", default=MANIFEST, metavar="FILE", help=f"where to; - prints it ({MANIFEST})")
    manifest.set_defaults(command=_slack_manifest)

    token = commands.add_parser("token", help="print an access token for the HTTP API")
    token.add_argument("subject", help="whom the token is for")
    token.add_argument("--scope", action="append", choices=SCOPES, required=True, help="what it allows; repeatable")
    token.add_argument("--days", type=int, choices=range(1, 3_651), default=30, metavar="1-3650", help="good for (30)")
    token.set_defaults(command=_token)
    return parser


def _run(settings: Settings, options: argparse.Namespace) -> int:
    migrate(settings.database_url)
    asyncio.run(serve(settings, options.role))
    return 0


def _migrate(settings: Settings, _: argparse.Namespace) -> int:
    migrate(settings.database_url)
    print("The database has the newest schema.")
    return 0


def _doctor(settings: Settings, _: argparse.Namespace) -> int:
    findings = asyncio.run(diagnose(settings))
    for finding in findings:
        print(f"{'ok ' if finding.ok else 'BAD'}  {finding.what}")
        if finding.advice:
            print(f"     {finding.advice}")
    return 0 if all(finding.ok for finding in findings) else 1


def _ledger(settings: Settings, _: argparse.Namespace) -> int:
    async def read() -> int:
        store = await Store.open(settings.database_url, clock=SystemClock(), exclusive=False)
        try:
            async with store.begin() as tx:
                account = await tx.ledger.account()
        finally:
            await store.close()
        for name, count in asdict(account).items():
            print(f"{name:<10}{count:>8}")
        print(f"{'lost':<10}{account.lost:>8}")
        return 0 if account.lost == 0 else 1

    return asyncio.run(read())


def _slack_manifest(settings: Settings, options: argparse.Namespace) -> int:
    text = slack_manifest(settings, name=options.name, public_url=options.public_url)
    if options.out == "-":
        print(text, end="")
        return 0
    try:
        Path(options.out).write_text(text, encoding="utf-8")
    except OSError as error:
        print(f"{options.out} cannot be written: {error.strerror}", file=sys.stderr)
        return 1
    print(f"{options.out} is written. At https://api.slack.com/apps: Create New App, From a manifest, and paste it.")
    return 0


def _token(settings: Settings, options: argparse.Namespace) -> int:
    now = datetime.now(UTC)
    print(issue(keep_secret(settings), options.subject, options.scope, now=now, ttl_seconds=options.days * 86_400))
    return 0


if __name__ == "__main__":
    sys.exit(main())
