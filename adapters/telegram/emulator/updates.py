"""Updates on their way to the bot: `getUpdates` with its offsets, and the webhook."""

import asyncio
import json
from dataclasses import dataclass, field

import aiohttp

from adapters.telegram.emulator.wire import Json, Refusal
from bot.domain.ports import Clock

# Telegram sends these only to bots that name them in allowed_updates.
_ONLY_WHEN_ASKED = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
_POLL_SECONDS_AT_MOST = 50.0


@dataclass(slots=True, eq=False)
class _Waiting:
    """An update not confirmed yet; by webhook also when it may be tried again."""

    update: Json
    attempts: int = 0
    next_try_at: float = 0.0


@dataclass(slots=True)
class Webhook:
    """Where updates are posted."""

    url: str
    secret_token: str = ""
    max_connections: int = 40
    last_error: str = ""
    last_error_at: int | None = None


@dataclass(slots=True, eq=False)
class Updates:
    """The queue of one bot. Order of ids is the order of events."""

    clock: Clock
    allowed: list[str] | None = None
    webhook: Webhook | None = None
    delivered: list[int] = field(default_factory=list)
    _queue: list[_Waiting] = field(default_factory=list)
    _again: list[Json] = field(default_factory=list)
    _history: list[Json] = field(default_factory=list)
    _next_id: int = 1000
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)
    polls_waiting: int = 0
    _poller: object = None
    _client: aiohttp.ClientSession | None = None

    async def push(self, update: Json, *, filtered: bool = True) -> int:
        """Queue an update under the next id (or its own), wake the poller, post it to a webhook; return the id.

        An update of a kind the bot does not want is dropped when `filtered`, as Telegram does, and the id is 0.
        """
        if filtered and not self._wanted(next(iter(update))):
            return 0
        body = {"update_id": update.get("update_id", self._next_id)} | update
        self._next_id = max(self._next_id, int(body["update_id"])) + 1
        self._history.append(body)
        self._queue.append(_Waiting(body))
        self._arrived.set()
        if self.webhook is not None:
            await self.deliver_due()
        return int(body["update_id"])

    async def repeat(self, count: int) -> None:
        """Deliver the last `count` updates once more, confirmed or not."""
        again = self._history[-count:]
        if self.webhook is None:
            self._again.extend(again)
            self._arrived.set()
        else:
            self._queue.extend(_Waiting(update) for update in again)
            await self.deliver_due()

    def drop_pending(self) -> None:
        """Forget what was not confirmed."""
        self._queue.clear()

    @property
    def pending(self) -> int:
        return len(self._queue)

    async def take(self, offset: int, limit: int, timeout_seconds: float) -> list[Json]:
        """Answer `getUpdates`: confirm what lies before `offset`, then wait for news."""
        if self.webhook is not None:
            raise Refusal(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        me = self._poller = object()
        self._arrived.set()  # whoever polls already looks up and finds itself replaced
        self._confirm(offset)
        deadline = asyncio.get_running_loop().time() + min(timeout_seconds, _POLL_SECONDS_AT_MOST)
        while not (found := self._batch(limit)):
            remaining = deadline - asyncio.get_running_loop().time()
            if remaining <= 0 or not await self._news_within(remaining):
                break
            if self._poller is not me:
                raise Refusal(
                    409,
                    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
                )
        return found

    def _confirm(self, offset: int) -> None:
        if offset > 0:
            self._queue = [waiting for waiting in self._queue if waiting.update["update_id"] >= offset]
        elif offset < 0:
            self._queue = self._queue[offset:]

    def _batch(self, limit: int) -> list[Json]:
        again, self._again = self._again[:limit], self._again[limit:]
        fresh = [waiting.update for waiting in self._queue[: max(0, limit - len(again))]]
        self.delivered.extend(update["update_id"] for update in again + fresh)
        return again + fresh

    async def _news_within(self, seconds: float) -> bool:
        self._arrived.clear()
        self.polls_waiting += 1
        try:
            async with asyncio.timeout(seconds):
                await self._arrived.wait()
        except TimeoutError:
            return False
        finally:
            self.polls_waiting -= 1
        return True

    def _wanted(self, kind: str) -> bool:
        if not self.allowed:
            return kind not in _ONLY_WHEN_ASKED
        return kind in self.allowed

    async def deliver_due(self) -> int:
        """Post every update that is due to the webhook, in order; return how many still wait.

        An answer other than 2xx puts the update off by 1, 2, 4, … at most 60 s of the clock.
        """
        now = self.clock.monotonic()
        for waiting in [one for one in self._queue if one.next_try_at <= now]:
            if waiting not in self._queue:
                continue  # another delivery, begun while this one waited, has done it
            waiting.next_try_at = now + min(60.0, 2.0**waiting.attempts)
            waiting.attempts += 1
            if await self._post(waiting.update):
                self._queue = [one for one in self._queue if one is not waiting]
        return self.pending

    async def _post(self, update: Json) -> bool:
        hook = self.webhook
        if hook is None:
            return False
        self._client = self._client or aiohttp.ClientSession()
        headers = {"X-Telegram-Bot-Api-Secret-Token": hook.secret_token} if hook.secret_token else {}
        headers["Content-Type"] = "application/json"
        self.delivered.append(update["update_id"])
        try:
            async with self._client.post(hook.url, data=json.dumps(update).encode(), headers=headers) as answer:
                if 200 <= answer.status < 300:
                    return True
                hook.last_error = f"Wrong response from the webhook: {answer.status} {answer.reason}"
        except (aiohttp.ClientError, TimeoutError) as error:
            hook.last_error = f"Connection failed: {type(error).__name__}"
        hook.last_error_at = int(self.clock.now().timestamp())
        return False

    async def close(self) -> None:
        """End the wait of a poller and the connections to a webhook."""
        self._poller = None
        self._arrived.set()
        if self._client is not None:
            await self._client.close()
