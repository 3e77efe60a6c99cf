"""`/usage`: what a user's replies took, and what is left of today."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from math import ceil

from bot.commands.answer import Answer, Given
from bot.domain.ports import Clock
from bot.domain.specialist import Team
from bot.markdown.plain import literal
from bot.quota import Left, Quota
from bot.texts import Texts
from storage.ledger import UsageTotal
from storage.store import Tx

_DAYS = 30
_SPECIALISTS_SHOWN = 6
_SMALLEST_USD = Decimal("0.0001")


class UsageCommands:
    def __init__(self, team: Team, texts: Texts, quota: Quota, clock: Clock) -> None:
        self._team = team
        self._texts = texts
        self._quota = quota
        self._clock = clock

    async def usage(self, tx: Tx, given: Given) -> Answer:
        """What `told` says, under a title."""
        title = self._texts.say(given.locale, "usage-title")
        return Answer(f"{title}\n\n{await self.told(tx, given)}")

    async def told(self, tx: Tx, given: Given) -> str:
        """Today (UTC) and the last 30 days; a cost that nobody knows is said to be unknown, never 0."""
        locale, now = given.locale, self._clock.now()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        spans = (("usage-today", midnight), ("usage-month", now - timedelta(days=_DAYS)))
        parts = [await self._span(tx, given, key, since) for key, since in spans]
        parts.append(await self._by_specialist(tx, given, now - timedelta(days=_DAYS)))
        parts.append(self._left(locale, await self._quota.left(tx, given.user.id, given.place), now))
        return "\n\n".join(part for part in parts if part)

    async def _span(self, tx: Tx, given: Given, key: str, since: datetime) -> str:
        locale = given.locale
        totals = await tx.ledger.usage_of(given.user.id, since)
        span, turns = self._texts.say(locale, key), await tx.turns.count_since(given.user.id, since)
        if not any(one.input_tokens or one.output_tokens or one.audio_seconds for one in totals):
            return self._texts.say(locale, "usage-span-free", span=span, turns=turns)
        seconds = sum(one.audio_seconds for one in totals)
        return self._texts.say(
            locale,
            "usage-span",
            span=span,
            turns=turns,
            input=sum(one.input_tokens for one in totals),
            output=sum(one.output_tokens for one in totals),
            spoken="yes" if seconds else "no",
            speech=clock_time(seconds),
            cost=self._cost(locale, totals),
        )

    async def _by_specialist(self, tx: Tx, given: Given, since: datetime) -> str:
        by_name: dict[str, list[UsageTotal]] = {}
        for total in await tx.ledger.usage_of(given.user.id, since):
            by_name.setdefault(total.specialist, []).append(total)
        if len(by_name) < 2:
            return ""
        most = sorted(by_name.items(), key=lambda item: (-sum(map(_tokens, item[1])), item[0]))
        lines = [
            self._texts.say(
                given.locale,
                "usage-specialist",
                specialist=literal(self._name(name, given.locale)),
                tokens=sum(map(_tokens, totals)),
                cost=self._cost(given.locale, totals),
            )
            for name, totals in most[:_SPECIALISTS_SHOWN]
        ]
        return "\n".join((self._texts.say(given.locale, "usage-specialists"), "", *lines))

    def _cost(self, locale: str, totals: Sequence[UsageTotal]) -> str:
        """In dollars; at least so much when a part has no known price."""
        known = sum((one.cost_usd for one in totals if one.cost_usd is not None), Decimal())
        is_partial = any(one.unpriced for one in totals)
        if is_partial and all(one.cost_usd is None for one in totals):
            return self._texts.say(locale, "usage-cost-unknown")
        shown = dollars(known)
        return self._texts.say(locale, "usage-cost-at-least", cost=shown) if is_partial else shown

    def _left(self, locale: str, left: Left, now: datetime) -> str:
        limits = (("usage-left-user", left.user_tokens), ("usage-left-workspace", left.workspace_tokens))
        lines = [self._texts.say(locale, key, tokens=max(0, tokens)) for key, tokens in limits if tokens is not None]
        if not lines:
            return self._texts.say(locale, "usage-no-limit")
        hours = max(1, round((left.resets_at - now).total_seconds() / 3600))
        resets = self._texts.say(locale, "usage-resets", time=left.resets_at.strftime("%H:%M"), hours=hours)
        return "\n".join((*lines, resets))

    def _name(self, name: str, locale: str) -> str:
        specialist = self._team.get(name)
        return f"{specialist.emoji} {specialist.localised(locale).title}".strip() if specialist is not None else name


def clock_time(seconds: float) -> str:
    """Minutes and seconds, as in 1:05; anything begun is a second."""
    whole = ceil(seconds)
    return f"{whole // 60}:{whole % 60:02}"


def dollars(amount: Decimal) -> str:
    """Cents, or for less than a dollar four places; what is smaller still is said to be less, not nothing."""
    if 0 < amount < _SMALLEST_USD:
        return f"< ${_SMALLEST_USD}"
    return f"${amount:,.2f}" if amount >= 1 or not amount else f"${amount:.4f}"


def _tokens(total: UsageTotal) -> int:
    return total.input_tokens + total.output_tokens
