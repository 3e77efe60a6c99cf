"""Socket Mode: websockets over which the app gets envelopes and acknowledges them.

https://docs.slack.dev/apis/events-api/using-socket-mode/
"""

import asyncio
import json
from contextlib import suppress

from aiohttp import WSMsgType, web

from adapters.slack.emulator.deliveries import Attempt, Deliveries, Delivery
from adapters.slack.emulator.wire import Json

_MAX_CONNECTIONS = 10
_GOODBYE_SECONDS = 0.5
_MAX_FRAME_BYTES = 4 * 1024 * 1024


class Connection:
    """One open socket; what is put into it goes out in order."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport | None) -> None:
        self.socket = socket
        self.transport = transport
        self.envelopes: set[str] = set()
        self.leaving = False
        """It was asked to go; new envelopes take another way, if there is one."""
        self._outbox: asyncio.Queue[str] = asyncio.Queue()

    def put(self, message: Json) -> None:
        self._outbox.put_nowait(json.dumps(message))

    async def write(self) -> None:
        """Send what was put until the socket closes."""
        with suppress(ConnectionError):
            while not self.socket.closed:
                await self.socket.send_str(await self._outbox.get())


class Sockets:
    """The sockets of the app; envelopes go to them in turn, as Slack does it."""

    def __init__(self, deliveries: Deliveries, app_id: str, violations: list[str]) -> None:
        self._deliveries = deliveries
        self._app_id = app_id
        self._violations = violations
        self._tickets: set[str] = set()
        self._issued = 0
        self._turn = 0
        self.connections: list[Connection] = []

    @property
    def is_ready(self) -> bool:
        return bool(self.connections)

    def ticket(self) -> str:
        """What opens one socket, once; it is part of the address that `apps.connections.open` gives."""
        self._issued += 1
        ticket = f"ticket-{self._issued}"
        self._tickets.add(ticket)
        return ticket

    def carry(self, delivery: Delivery, attempt: Attempt) -> None:
        staying = [connection for connection in self.connections if not connection.leaving] or self.connections
        self._turn += 1
        connection = staying[self._turn % len(staying)]
        envelope: Json = {
            "envelope_id": attempt.envelope,
            "type": delivery.kind,
            "payload": delivery.body,
            "accepts_response_payload": _accepts_payload(delivery),
        }
        if delivery.kind == "events_api":
            envelope |= {"retry_attempt": attempt.retry, "retry_reason": attempt.reason}
        connection.envelopes.add(attempt.envelope)
        connection.put(envelope)

    async def serve(self, http: web.Request) -> web.StreamResponse:
        """Hold one socket open until either side closes it."""
        ticket = http.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=403, text="the ticket is unknown or was used")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(timeout=_GOODBYE_SECONDS, max_msg_size=_MAX_FRAME_BYTES)
        await socket.prepare(http)
        connection = Connection(socket, http.transport)
        if len(self.connections) >= _MAX_CONNECTIONS:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await socket.close()
            return socket
        self.connections.append(connection)
        connection.put(self._hello(http.host))
        writer = asyncio.create_task(connection.write())
        self._deliveries.deliver_waiting()
        try:
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    self._hear(connection, message.data)
        finally:
            writer.cancel()
            self._lose(connection)
        return socket

    def _hello(self, host: str) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.connections),
            "connection_info": {"app_id": self._app_id},
            "debug_info": {"host": host, "build_number": 1, "approximate_connection_time": 18060},
        }

    def _hear(self, connection: Connection, text: str) -> None:
        try:
            answer = json.loads(text)
            envelope, payload = answer["envelope_id"], answer.get("payload")
        except (ValueError, KeyError, TypeError, AttributeError):
            self._violations.append("socket: what came is no acknowledgement")
            return
        for one in self.connections:
            one.envelopes.discard(envelope)
        if payload is not None and not isinstance(payload, dict):
            self._violations.append("socket: the payload of an acknowledgement is no object")
            payload = None
        self._deliveries.acknowledge(str(envelope), payload)

    def _lose(self, connection: Connection) -> None:
        """What was not acknowledged goes out again, over another socket or the next one."""
        if connection in self.connections:
            self.connections.remove(connection)
        for envelope in connection.envelopes:
            self._deliveries.fail(envelope, "connection_lost")
        if self.connections:
            self._deliveries.deliver_waiting()

    def disconnect(self, reason: str) -> None:
        """Ask every socket to go; the app opens new ones."""
        for connection in self.connections:
            connection.leaving = True
            connection.put({"type": "disconnect", "reason": reason, "debug_info": {"host": "emulator"}})

    async def hang_up(self, *, rudely: bool = False) -> None:
        """Close every socket; `rudely` without a word, as a lost network does."""
        for connection in list(self.connections):
            if rudely and connection.transport is not None:
                connection.transport.abort()
            else:
                await connection.socket.close()


def _accepts_payload(delivery: Delivery) -> bool:
    return delivery.kind == "slash_commands" or delivery.body.get("type") in ("view_submission", "block_suggestion")
