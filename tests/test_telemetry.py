"""Logs tell who and how long, never what; figures are kept apart per platform."""

import asyncio
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from bot.telemetry import Metrics, bound, configure, redact

LIKE_A_TOKEN = "4242:" + "AbC-1_" * 6
LIKE_A_KEY = "sk" + "-test-" + "a1B2" * 5
LIKE_BASE64 = "aB3/" * 10 + "x+Y="


@pytest.fixture(autouse=True)
def _restore_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_of_any_logger_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    configure("info", json=True)
    logging.getLogger("somebody.elses.library").info("turn %d ended after %s", 7, "stop")
    (line,) = _lines(capsys)
    assert line["event"] == "turn 7 ended after stop"
    assert (line["level"], line["logger"]) == ("info", "somebody.elses.library")
    assert line["timestamp"].endswith("Z")


def test_lines_for_people_carry_the_same_facts(capsys: pytest.CaptureFixture[str]) -> None:
    configure("DEBUG", json=False)
    with bound(turn=7):
        logging.getLogger("bot.relay").debug("began")
    line = capsys.readouterr().err
    assert "began" in line
    assert "turn=7" in line
    assert "bot.relay" in line


def test_configuring_twice_does_not_log_twice(capsys: pytest.CaptureFixture[str]) -> None:
    configure("INFO", json=True)
    configure("WARNING", json=True)
    logging.getLogger("x").warning("once")
    logging.getLogger("x").info("never")
    assert [line["event"] for line in _lines(capsys)] == ["once"]


async def test_ids_follow_the_work_into_its_tasks_and_no_further(capsys: pytest.CaptureFixture[str]) -> None:
    configure("INFO", json=True)
    log = logging.getLogger("x")

    async def work(turn: int) -> None:
        with bound(turn=turn):
            await asyncio.sleep(0)
            log.info("inside")

    with bound(process="a"):
        await asyncio.gather(work(1), work(2))
    log.info("outside")
    seen = [(line["event"], line.get("process"), line.get("turn")) for line in _lines(capsys)]
    assert seen == [("inside", "a", 1), ("inside", "a", 2), ("outside", None, None)]


def test_an_inner_binding_gives_way_to_the_outer_one_again(capsys: pytest.CaptureFixture[str]) -> None:
    configure("INFO", json=True)
    with bound(turn=1):
        with bound(turn=2):
            logging.getLogger("x").info("a")
        logging.getLogger("x").info("b")
    assert [line["turn"] for line in _lines(capsys)] == [2, 1]


@pytest.mark.parametrize(
    ("said", "logged"),
    [
        (f"POST https://api.example/bot{LIKE_A_TOKEN}/getMe", "POST https://api.example/bot[redacted]/getMe"),
        (f"refused {LIKE_A_KEY}!", "refused [redacted]!"),
        ("xoxb" + "-12345678-abc and xapp" + "-1-abcdefgh", "[redacted] and [redacted]"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer [redacted]"),
        ("{'Authorization': 'Bearer abc.def'}", "{'Authorization': '[redacted]'}"),
        ("?token=hunter22&page=2", "?token=[redacted]&page=2"),
        ("{'api_key': 'hunter22', 'n': 1}", "{'api_key': '[redacted]', 'n': 1}"),
        ("eyJhbGciOi.eyJzdWIi.c2ln", "[redacted]"),
        (f"key {LIKE_BASE64} end", "key [redacted] end"),
        ("0123456789abcdef" * 4, "[redacted]"),
        ("postgresql+asyncpg://anna:p:w@db:5432/x", "postgresql+asyncpg://anna:[redacted]@db:5432/x"),
        ("redis://:pw@cache", "redis://:[redacted]@cache"),
    ],
)
def test_what_looks_like_a_secret_is_blotted_out(said: str, logged: str) -> None:
    assert redact(said) == logged


@pytest.mark.parametrize(
    "text",
    [
        "telegram:-100123:7#42 at 12:30:01",
        "TELEGRAM_BOT_TOKEN: set it in .env",
        "http://localhost:8080/threads/7?page=2",
        "File /opt/switchboard/lib/python3.11/site-packages/sqlalchemy/engine.py, line 12",
        "test_a_very_long_name_of_a_function_that_reads_as_a_sentence",
        "risk-assessment-of-something",
        "",
    ],
)
def test_what_is_no_secret_stays_readable(text: str) -> None:
    assert redact(text) == text


def test_a_secret_in_a_librarys_message_is_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    configure("INFO", json=True)
    logging.getLogger("aiohttp.client").warning("GET /bot%s/getUpdates failed", LIKE_A_TOKEN)
    assert _lines(capsys)[0]["event"] == "GET /bot[redacted]/getUpdates failed"


@pytest.mark.parametrize("as_json", [True, False])
def test_a_secret_in_a_traceback_is_not_logged(as_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    configure("INFO", json=as_json)
    try:
        try:
            raise ConnectionError(f"https://api.example/bot{LIKE_A_TOKEN}/sendMessage")
        except ConnectionError as cause:
            raise RuntimeError("postgresql://anna:hunter22@db/x") from cause
    except RuntimeError:
        logging.getLogger("x").exception("send failed")
    logged = capsys.readouterr().err
    assert "Traceback" in logged
    assert "RuntimeError" in logged
    assert LIKE_A_TOKEN not in logged
    assert "hunter22" not in logged


def test_fields_that_hold_what_people_wrote_become_lengths(capsys: pytest.CaptureFixture[str]) -> None:
    configure("INFO", json=True)
    extra = {
        "text": "my secret",
        "body": b"12345",
        "bot_token": "t",
        "key": 5,
        "inner": {"text": "abc", "n": 1},
        "at": None,
    }
    logging.getLogger("x").info("got it", extra=extra)
    (line,) = _lines(capsys)
    fields = {name: line[name] for name in extra}
    assert fields == {
        "text": "<9>",
        "body": "<5>",
        "bot_token": "<1>",
        "key": "[redacted]",
        "inner": {"text": "<3>", "n": 1},
        "at": None,
    }


def test_secrets_inside_lists_and_objects_are_found(capsys: pytest.CaptureFixture[str]) -> None:
    configure("INFO", json=True)
    logging.getLogger("x").info("call", extra={"urls": [f"/bot{LIKE_A_TOKEN}/x"], "error": ValueError(LIKE_A_KEY)})
    (line,) = _lines(capsys)
    assert line["urls"] == ["/bot[redacted]/x"]
    assert line["error"] == "[redacted]"


def test_half_characters_do_not_break_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    configure("INFO", json=True)
    logging.getLogger("x").info("file \ud83d ends")
    assert _lines(capsys)[0]["event"] == "file \ud83d ends"


def test_figures_come_out_in_the_prometheus_format() -> None:
    metrics = Metrics()
    metrics.updates_total.labels(messenger="telegram", kind="message").inc()
    metrics.turns_total.labels(state="completed").inc()
    metrics.sends_total.labels(messenger="telegram", verb="send", result="ok").inc(2)
    metrics.floods_total.labels(messenger="telegram").inc()
    metrics.refusals_total.labels(reason="queue-full").inc()
    metrics.lease_lost_total.inc()
    metrics.turn_seconds.observe(0.3)
    metrics.first_text_seconds.observe(0.03)
    metrics.dispatch_seconds.observe(0.003)
    metrics.streams_active.inc()
    metrics.jobs_open.labels(kind="turn").set(3)
    metrics.account.labels(state="waiting").set(1)
    lines = metrics.render().decode().splitlines()
    expected = (
        'switchboard_updates_total{kind="message",messenger="telegram"} 1.0',
        'switchboard_turns_total{state="completed"} 1.0',
        'switchboard_sends_total{messenger="telegram",result="ok",verb="send"} 2.0',
        'switchboard_floods_total{messenger="telegram"} 1.0',
        'switchboard_refusals_total{reason="queue-full"} 1.0',
        "switchboard_lease_lost_total 1.0",
        'switchboard_turn_seconds_bucket{le="0.5"} 1.0',
        'switchboard_first_text_seconds_bucket{le="0.05"} 1.0',
        'switchboard_dispatch_seconds_bucket{le="0.005"} 1.0',
        "switchboard_streams_active 1.0",
        'switchboard_jobs_open{kind="turn"} 3.0',
        'switchboard_account{state="waiting"} 1.0',
    )
    assert [line for line in expected if line not in lines] == []


def test_two_platforms_in_one_process_count_apart() -> None:
    one, two = Metrics(), Metrics()
    one.lease_lost_total.inc()
    assert b"switchboard_lease_lost_total 1.0" in one.render()
    assert b"switchboard_lease_lost_total 0.0" in two.render()


def test_no_level_makes_the_database_tell_what_people_wrote() -> None:
    configure("DEBUG", json=True)
    assert not logging.getLogger("aiosqlite").isEnabledFor(logging.INFO)
