"""Structured logs that carry ids and lengths, never what people wrote; and the figures behind `/metrics`."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping, Sized
from contextlib import AbstractContextManager
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

_SECRETS = re.compile(
    r"""
      (?P<before> [a-z][a-z0-9+.-]*://[^\s:/@]*: ) [^\s@/]+ (?= @ )                  # password in a URL
    | (?P<scheme> \bBearer\s+ ) [^\s"']+
    | (?P<name> (?:api_?key|token|secret|password|authorization)["']? \s* (?: = | (?<=["'])\s*:\s* ) ["']? )
      (?: Bearer\s+ )? [^\s"'&,;)}]+
    | (?<![0-9a-f])\d+:[\w-]{30,}                                                                # Telegram bot token
    | (?<![A-Za-z0-9]) (?: sk|xapp|xox[a-z] ) -[\w-]{8,}                            # model providers, Slack
    | \beyJ[\w-]+\.[\w-]+\.[\w-]*                                                   # JWT
    | (?<![A-Za-z0-9]) [0-9a-fA-F]{48,}
    """,
    re.VERBOSE | re.IGNORECASE,
)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{40,}={0,2}")
_MIXED = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])")
_CHATTY = ("aiosqlite", "alembic", "apscheduler", "markdown_it", "matplotlib", "uvicorn")
"""Libraries that tell what only their authors want to know, or, as aiosqlite, what people write."""
_REDACTED = "[redacted]"
_PRIVATE = re.compile(r"(?:^|_)(?:text|body|token|key|secret|password|authorization)$", re.IGNORECASE)


def configure(level: str, json: bool) -> None:
    """Send everything that is logged in this process, libraries included, to standard error; call from the roof only.

    `level` is a name of `logging`. `json` gives one JSON object a line, otherwise lines for people.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(_formatter(json))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for library in _CHATTY:
        logging.getLogger(library).setLevel(max(logging.WARNING, root.level))


def bound(**ids: str | int) -> AbstractContextManager[None]:
    """Add `ids` to every line that is logged inside, tasks started there included."""
    return structlog.contextvars.bound_contextvars(**ids)


def redact(text: str) -> str:
    """`text` with everything that looks like a token, key or password blotted out."""
    return _BASE64.sub(_blot, _SECRETS.sub(_spare_prefix, text))


def _spare_prefix(match: re.Match[str]) -> str:
    return (match["before"] or match["scheme"] or match["name"] or "") + _REDACTED


def _blot(match: re.Match[str]) -> str:
    # Long paths and identifiers rarely mix all three kinds of characters; random keys practically always do.
    return _REDACTED if _MIXED.match(match[0]) else match[0]


def _formatter(json: bool) -> structlog.stdlib.ProcessorFormatter:
    renderer: structlog.typing.Processor = structlog.processors.JSONRenderer(default=str)
    if not json:
        renderer = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback, pad_event_to=0
        )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.ExtraAdder(),
            _add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _redact_event,
            renderer,
        ],
    )


def _add_logger_name(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["logger"] = event["_record"].name
    return event


def _redact_event(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {name: _redact_field(name, value) for name, value in event.items()}


def _redact_field(name: str, value: object) -> object:
    if _PRIVATE.search(name):
        return f"<{len(value)}>" if isinstance(value, Sized) else _REDACTED
    match value:
        case bool() | int() | float() | None:
            return value
        case Mapping():
            return {str(key): _redact_field(str(key), inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_redact_field("", inner) for inner in value]
        case _:
            return redact(str(value))


class Metrics:
    """The counters, histograms and gauges of one platform, in a registry of their own.

    The names below are prefixed with `switchboard_` in the output.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._count()
        self._measure()
        self._gauge()

    def _count(self) -> None:
        self.updates_total = self._counter("updates", "Updates taken in.", "messenger", "kind")
        self.turns_total = self._counter("turns", "Turns that ended, by state.", "state")
        self.sends_total = self._counter("sends", "Calls to a messenger.", "messenger", "verb", "result")
        self.floods_total = self._counter("floods", "Calls that a messenger answered with 'slow down'.", "messenger")
        self.refusals_total = self._counter("refusals", "Updates that were told they will not be answered.", "reason")
        self.lease_lost_total = self._counter("lease_lost", "Jobs that were taken from this process.")

    def _measure(self) -> None:
        self.turn_seconds = self._histogram(
            "turn_seconds",
            "From the start of a turn to its recorded end.",
            0.05,
            0.2,
            0.5,
            1,
            2,
            5,
            10,
            30,
            60,
            180,
            600,
        )
        self.first_text_seconds = self._histogram(
            "first_text_seconds",
            "From the start of a turn to its engine's first text.",
            0.01,
            0.05,
            0.2,
            0.5,
            1,
            2,
            5,
            15,
        )
        self.dispatch_seconds = self._histogram(
            "dispatch_seconds", "From a job being due to its start.", 0.002, 0.005, 0.01, 0.02, 0.05, 0.2, 1, 5, 15, 60
        )

    def _gauge(self) -> None:
        self.jobs_open = Gauge("switchboard_jobs_open", "Open jobs.", ("kind",), registry=self._registry)
        self.streams_active = Gauge("switchboard_streams_active", "Replies being written now.", registry=self._registry)
        self.account = Gauge(
            "switchboard_account",
            "Updates that expect a reply: received = answered + refused + waiting.",
            ("state",),
            registry=self._registry,
        )

    def _counter(self, name: str, help_: str, *labels: str) -> Counter:
        return Counter(f"switchboard_{name}", help_, labels, registry=self._registry)

    def _histogram(self, name: str, help_: str, *buckets: float) -> Histogram:
        return Histogram(f"switchboard_{name}", help_, registry=self._registry, buckets=buckets)

    def render(self) -> bytes:
        """Everything in the text format 0.0.4 of Prometheus."""
        return generate_latest(self._registry)
