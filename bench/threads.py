"""What a turn costs in a thread of 10, of 1,000 and of 10,000 messages: time, CPU, the database, the model's bill."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from bench.databases import KINDS, Kind, fresh
from bench.history import ANSWER, QUESTION, Owned, lengthen, open_thread
from bench.platform import platform, web_says
from bench.providers import Providers, providers
from bench.report import Measure, Section, number, percentile
from bench.statements import Statements, statements
from bot.domain.thread import TurnState
from bot.lanes import thread_topic
from bot.main import Switchboard

SHORT = 10
LENGTHS = (SHORT, 1_000, 10_000)
TURNS = 12
"""Measured for each length: twice as many as lie between two summaries."""
MODEL = "openai:gpt-5.4-mini"
"""Whose prices are taken when BENCH_MODEL (`provider:model`) names no other."""
SPECIALIST = "curator"

_WARM_UP = 2
_TURN_SECONDS = 10.0
_LOOK_SECONDS = 0.01
_BUDGET = "turn cost at 10,000 messages against 10"


@dataclass(slots=True)
class Cost:
    """Of the measured turns, together."""

    asked_ms: list[float] = field(default_factory=list)
    turn_ms: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    statements: list[int] = field(default_factory=list)
    statements_ms: list[float] = field(default_factory=list)
    upkeep_cpu_seconds: float = 0.0
    input_tokens: int = 0
    cached_tokens: int = 0
    summaries: int = 0
    cost_usd: Decimal | None = Decimal()
    """None when the price list does not know the model."""
    summaries_usd: Decimal = Decimal()

    @property
    def turns(self) -> int:
        return len(self.turn_ms)

    @property
    def cpu_ms(self) -> float:
        """Of a turn, its share of the summaries included."""
        return (sum(self.cpu_seconds) + self.upkeep_cpu_seconds) * 1_000 / self.turns

    @property
    def tokens(self) -> float:
        return self.input_tokens / self.turns

    def row(self, kind: Kind, messages: int) -> tuple[str, ...]:
        return (
            kind,
            f"{messages:,}",
            f"{number(percentile(self.asked_ms, 50))} ms",
            f"{number(percentile(self.turn_ms, 50))} ms",
            f"{number(self.cpu_ms)} ms",
            f"{percentile(self.statements, 50):.0f}",
            f"{number(percentile(self.statements_ms, 50))} ms",
            f"{self.tokens:,.0f}",
            f"{self.cached_tokens / self.input_tokens:.0%}",
            "not known" if self.cost_usd is None else f"${self._of_1_000(self.cost_usd):.2f}",
            "" if self.cost_usd is None else f"${self._of_1_000(self.summaries_usd):.2f}",
        )

    def against(self, short: "Cost") -> dict[str, float]:
        """Each figure in those of a short thread."""
        ratios = {
            "until the model is asked, p50": percentile(self.asked_ms, 50) / percentile(short.asked_ms, 50),
            "turn, p50": percentile(self.turn_ms, 50) / percentile(short.turn_ms, 50),
            "CPU, summaries included": self.cpu_ms / short.cpu_ms,
            "statements' time, p50": percentile(self.statements_ms, 50) / percentile(short.statements_ms, 50),
            "tokens to the model": self.tokens / short.tokens,
        }
        if self.cost_usd and short.cost_usd:
            per_turn = self.cost_usd / self.turns / (short.cost_usd / short.turns)
            ratios["the model's bill, summaries included"] = float(per_turn)
        return ratios

    def _of_1_000(self, usd: Decimal) -> Decimal:
        return usd * 1_000 / self.turns


async def run() -> Section:
    rows: list[tuple[str, ...]] = []
    measures: list[Measure] = []
    model = os.environ.get("BENCH_MODEL") or MODEL
    for kind in KINDS:
        costs = await _measure(kind, model)
        short = costs[SHORT]
        rows += [cost.row(kind, messages) for messages, cost in costs.items()]
        for messages in LENGTHS[1:]:
            ratios = costs[messages].against(short)
            rows.append(_ratios(kind, messages, ratios))
        longest = costs[LENGTHS[-1]].against(short)
        measures += [Measure(_BUDGET, f"{what}, {kind}", ratio, 1.1, "×") for what, ratio in longest.items()]
    return Section(
        "Threads",
        f"A turn with the {SPECIALIST} on the web, one at a time, through the real engine and the SDK of the model's "
        f"provider, which is emulated in a process of its own and answers at once with {len(ANSWER)} characters. "
        f"{TURNS} turns for each length: in one thread for the long ones, which is twice as many as lie between two of "
        "its summaries, and in as many threads of 10 messages, each right after its turn before. The long threads were "
        "written into the tables; their summaries (of 253 words) were made by the platform's own jobs. Until the model "
        "is asked: from the call of `intake.take` to the request's arrival. Turn: to its being recorded as completed. "
        "CPU of our process, a turn's share of the summaries included. Statements: those of one turn, with their "
        "waits, without commits. Tokens: those of a reply's request (instructions, tools, summary, messages), four "
        "characters each; cached: what an earlier request began with. Bill: input, cached input and output of replies "
        f"and summaries at list prices of `{model}` (BENCH_MODEL names another), as the platform recorded it.",
        (
            "database",
            "messages",
            "until the model is asked, p50",
            "turn, p50",
            "CPU per turn",
            "statements",
            "their time, p50",
            "tokens to the model",
            "of them cached",
            "bill of 1,000 turns",
            "summaries' part",
        ),
        rows,
        measures,
    )


def _ratios(kind: Kind, messages: int, ratios: dict[str, float]) -> tuple[str, ...]:
    asked, turn, cpu, in_statements, tokens, *bill = (f"× {ratio:.2f}" for ratio in ratios.values())
    return (kind, f"{messages:,} : {SHORT}", asked, turn, cpu, "", in_statements, tokens, "", *(bill or [""]), "")


async def _measure(kind: Kind, model: str) -> dict[int, Cost]:
    async with (
        fresh(kind) as url,
        providers() as outside,
        platform(url, None, **_settings(model, outside)) as board,
    ):
        await outside.reply(ANSWER)
        bench = _Bench(board, outside)
        costs = {SHORT: await _short(bench)}
        for messages in LENGTHS[1:]:
            costs[messages] = await _long(bench, messages)
    return costs


async def _short(bench: "_Bench") -> Cost:
    """The turns after message 10 of as many threads, each of which had its turn before just now."""
    threads = [await bench.thread(number, SHORT - 2) for number in range(TURNS)]
    cost, ignored = Cost(), Cost()
    for owned in threads:
        await bench.turn(owned, ignored)
    since = bench.board.clock.now()
    for owned in threads:
        await bench.turn(owned, cost)
    await bench.bill(threads, since, cost)
    return cost


async def _long(bench: "_Bench", messages: int) -> Cost:
    owned = await bench.thread(messages, messages)
    cost, ignored = Cost(), Cost()
    for _ in range(_WARM_UP):
        await bench.turn(owned, ignored)
    since = bench.board.clock.now()
    for _ in range(TURNS):
        await bench.turn(owned, cost)
    await bench.bill([owned], since, cost)
    return cost


def _settings(model: str, outside: Providers) -> dict[str, Any]:
    """Every provider is the emulated one."""
    services = ("openai", "anthropic", "deepseek", "xai", "openrouter")
    urls = {f"{name}_base_url": outside.openai_url for name in (*services, "ollama")}
    keys = {f"{name}_api_key": "none" for name in services}
    return {**urls, **keys, "anthropic_base_url": outside.anthropic_url, "default_model": model, "rate_per_minute": 0}


@dataclass(frozen=True, slots=True)
class _Bench:
    board: Switchboard
    outside: Providers

    async def thread(self, number: int, messages: int) -> Owned:
        """The thread of conversation `number`, that long already."""
        store = self.board.store
        owned = await open_thread(store, number, SPECIALIST)
        await lengthen(store, owned, SPECIALIST, self.board.clock.now(), messages)
        if store.dialect == "postgresql":
            # As its own upkeep would have done while the thread grew.
            async with store.begin() as tx:
                await tx.wire.count(text("ANALYZE"))
        return owned

    async def turn(self, owned: Owned, cost: Cost) -> None:
        """One turn and what it leaves to be done; added to `cost`."""
        async with self._ended(owned) as ended:
            with statements() as ran:
                began, cpu = time.monotonic(), time.process_time()
                await web_says(self.board, owned.conversation, QUESTION.format(began))
                await ended
                over, used = time.monotonic(), time.process_time()
            await self._upkept()
        cost.upkeep_cpu_seconds += time.process_time() - used
        requests = await self.outside.asked()
        (reply,) = (request for request in requests if request.streamed)
        self._note(cost, ran, asked=reply.at - began, turn=over - began, cpu=used - cpu)
        cost.input_tokens += reply.input_tokens
        cost.cached_tokens += reply.cached_tokens
        cost.summaries += len(requests) - 1

    def _note(self, cost: Cost, ran: Statements, *, asked: float, turn: float, cpu: float) -> None:
        cost.asked_ms.append(asked * 1_000)
        cost.turn_ms.append(turn * 1_000)
        cost.cpu_seconds.append(cpu)
        cost.statements.append(ran.count)
        cost.statements_ms.append(ran.seconds * 1_000)

    @asynccontextmanager
    async def _ended(self, owned: Owned) -> AsyncIterator["asyncio.Task[None]"]:
        """A task that is done when the thread's next turn is completed; TimeoutError when that does not happen."""
        async with self.board.store.bus.subscribe(thread_topic(owned.thread)) as news:

            async def wait() -> None:
                async with asyncio.timeout(_TURN_SECONDS):
                    async for _, message in news:
                        if message == TurnState.COMPLETED:
                            return

            task = asyncio.create_task(wait())
            yield task

    async def _upkept(self) -> None:
        """Wait until no job is open."""
        while True:
            async with self.board.store.begin() as tx:
                if not await tx.jobs.depth():
                    return
            await asyncio.sleep(_LOOK_SECONDS)

    async def bill(self, threads: Sequence[Owned], since: datetime, cost: Cost) -> None:
        """Put into `cost` what the platform has recorded of these threads since then."""
        for owned in threads:
            async with self.board.store.begin() as tx:
                totals = await tx.ledger.usage_of(owned.user, since)
            for total in totals:
                if total.cost_usd is None or total.unpriced:
                    cost.cost_usd = None
                elif cost.cost_usd is not None:
                    cost.cost_usd += total.cost_usd
                    cost.summaries_usd += 0 if total.specialist else total.cost_usd
