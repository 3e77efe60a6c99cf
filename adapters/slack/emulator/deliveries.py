"""Events, interactions and commands on their way to the app: acknowledged within 3 s, or sent again."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from adapters.slack.emulator.bell import Bell
from adapters.slack.emulator.wire import Json
from bot.domain.ports import Clock

Kind = Literal["events_api", "interactive", "slash_commands"]
"""The kinds of envelopes; https://docs.slack.dev/apis/events-api/using-socket-mode/."""
ACK_SECONDS = 3.0
_RETRY_AFTER_SECONDS = (0.0, 60.0, 300.0)


@dataclass(slots=True, eq=False)
class Attempt:
    """One time that a delivery went out. `at` is the clock's monotonic time."""

    envelope: str
    retry: int
    reason: str
    at: float
    state: Literal["sent", "acked", "failed"] = "sent"


@dataclass(slots=True, eq=False)
class Delivery:
    """Something the app shall hear. Only events are tried again; what a person waits for is lost when it is late."""

    kind: Kind
    body: Json
    attempts: list[Attempt] = field(default_factory=list)
    acked: bool = False
    given_up: bool = False
    answer: Json | None = None
    """The payload of the acknowledgement, where it had one."""
    next_try_at: float = 0.0
    next_reason: str = ""
    on_answer: Callable[[Json], None] | None = field(default=None, repr=False)
    """What the acknowledgement means to whoever waits for it."""

    @property
    def retry_numbers(self) -> list[int]:
        """0 for the first time, then 1, 2, 3, as in `X-Slack-Retry-Num`."""
        return [attempt.retry for attempt in self.attempts]

    @property
    def event_id(self) -> str:
        return str(self.body.get("event_id", ""))

    @property
    def in_flight(self) -> list[Attempt]:
        return [attempt for attempt in self.attempts if attempt.state == "sent"]

    @property
    def is_open(self) -> bool:
        return not self.acked and not self.given_up


class Carrier(Protocol):
    """A way to the app: a socket or a request URL."""

    @property
    def is_ready(self) -> bool: ...

    def carry(self, delivery: Delivery, attempt: Attempt) -> None:
        """Send it off; `Deliveries.acknowledge` or `Deliveries.fail` is called when the answer is there."""
        ...


@dataclass(slots=True)
class Deliveries:
    """All that was ever to be delivered, the oldest first. Order of sending is the order of events.

    A failed event is due again at once, a minute after that fails, and five minutes after that
    (https://docs.slack.dev/apis/events-api/#retries). It goes out when `deliver_due` is called; two things need
    no call: what a closed connection took with it goes out on the next one, and a late acknowledgement shows by
    itself that Slack has sent the event again by then. That is done once: the second acknowledgement counts, however
    late, so that a slow machine gets to an end.
    """

    clock: Clock
    bell: Bell
    all: list[Delivery] = field(default_factory=list)
    carrier: Carrier | None = None
    every: int = 0
    """Each delivery whose number is a multiple of it is doubled; 0 for none."""
    _flying: dict[str, tuple[Delivery, Attempt]] = field(default_factory=dict)
    _unsettled: list[Delivery] = field(default_factory=list)
    _number: int = 0
    _events: int = 0

    def push(self, kind: Kind, body: Json, on_answer: Callable[[Json], None] | None = None) -> Delivery:
        """Send it, or keep it until there is a way to the app."""
        delivery = Delivery(kind, body, next_try_at=self.clock.monotonic(), on_answer=on_answer)
        self.all.append(delivery)
        self._unsettled.append(delivery)
        self._send_if_ready(delivery)
        if kind == "events_api":
            self._events += 1
            if self.every and self._events % self.every == 0:
                self._send_if_ready(delivery, "http_timeout")
        return delivery

    def repeat(self, count: int) -> None:
        """Deliver the last `count` events once more, acknowledged or not."""
        for delivery in [one for one in self.all if one.kind == "events_api"][-count:]:
            self._unsettled.append(delivery)
            self._send_if_ready(delivery, "http_timeout")

    def deliver_waiting(self) -> None:
        """The app can be reached again: send what never went out or was lost with a connection."""
        for delivery in self._waiting():
            self._expire(delivery)
            lost = not delivery.attempts or delivery.next_reason == "connection_failed"
            if delivery.is_open and lost and not delivery.in_flight:
                self._send_if_ready(delivery, delivery.next_reason)

    def deliver_due(self) -> int:
        """Send every event again that is due by the clock; return how many deliveries still wait for their turn."""
        now = self.clock.monotonic()
        for delivery in self._waiting():
            self._expire(delivery)
            if delivery.is_open and not delivery.in_flight and delivery.next_try_at <= now:
                self._send_if_ready(delivery, delivery.next_reason)
        return sum(delivery.is_open for delivery in self._waiting())

    @property
    def pending(self) -> int:
        """How many wait for their acknowledgement, or are due to be sent."""
        now = self.clock.monotonic()
        return sum(bool(delivery.in_flight) or delivery.next_try_at <= now for delivery in self._waiting())

    def acknowledge(self, envelope: str, answer: Json | None = None) -> bool:
        """The app has taken the envelope; False when nothing waits for that."""
        flying = self._flying.pop(envelope, None)
        if flying is None:
            return False
        delivery, attempt = flying
        is_late = self.clock.monotonic() - attempt.at > ACK_SECONDS
        if is_late and (attempt.retry == 0 or delivery.kind != "events_api"):
            attempt.state = "failed"
            self._put_off(delivery, attempt, "http_timeout")
            if delivery.is_open:
                self._send_if_ready(delivery, "http_timeout")
            self.bell.ring()
            return True
        attempt.state, first = "acked", not delivery.acked
        delivery.acked, delivery.given_up = True, False
        if first:
            delivery.answer = answer
            if delivery.on_answer is not None:
                delivery.on_answer(answer or {})
        self.bell.ring()
        return True

    def fail(self, envelope: str, reason: str, *, for_good: bool = False) -> None:
        """The app did not take the envelope; `for_good` when it asked for no retry (`X-Slack-No-Retry`)."""
        flying = self._flying.pop(envelope, None)
        if flying is None:
            return
        delivery, attempt = flying
        attempt.state = "failed"
        self._put_off(delivery, attempt, reason)
        delivery.given_up = delivery.given_up or (for_good and not delivery.acked)
        self.bell.ring()

    def _waiting(self) -> list[Delivery]:
        """What is not settled yet, each once."""
        for delivery in self._unsettled:
            if delivery.kind != "events_api":
                self._expire(delivery)
        self._unsettled = [one for one in dict.fromkeys(self._unsettled) if one.is_open or one.in_flight]
        return self._unsettled

    def _expire(self, delivery: Delivery) -> None:
        """Three seconds without an acknowledgement are a failure; a person then sees a warning, and that is all."""
        now = self.clock.monotonic()
        for attempt in delivery.in_flight:
            if now - attempt.at >= ACK_SECONDS:
                self.fail(attempt.envelope, "http_timeout")
        waited_too_long = now - delivery.next_try_at >= ACK_SECONDS and not delivery.attempts
        if delivery.kind != "events_api" and waited_too_long:
            delivery.given_up = True

    def _put_off(self, delivery: Delivery, attempt: Attempt, reason: str) -> None:
        if delivery.acked:
            return
        lost = reason == "connection_lost"
        delivery.next_reason = "connection_failed" if lost else reason
        if delivery.kind != "events_api" or (attempt.retry >= len(_RETRY_AFTER_SECONDS) and not lost):
            delivery.given_up = True
            return
        failed_at = min(self.clock.monotonic(), attempt.at + ACK_SECONDS)
        delivery.next_try_at = failed_at + (0.0 if lost else _RETRY_AFTER_SECONDS[attempt.retry])

    def _send_if_ready(self, delivery: Delivery, reason: str = "") -> None:
        if self.carrier is None or not self.carrier.is_ready:
            return
        self._number += 1
        retry = min(len(delivery.attempts), len(_RETRY_AFTER_SECONDS))
        attempt = Attempt(f"envelope-{self._number}", retry, reason, self.clock.monotonic())
        delivery.attempts.append(attempt)
        self._flying[attempt.envelope] = (delivery, attempt)
        self.carrier.carry(delivery, attempt)
