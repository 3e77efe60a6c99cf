"""Plays a script into one HTTP response, streamed or whole."""

import asyncio
import json
from dataclasses import replace
from typing import assert_never

from aiohttp import web

from bot.domain.ports import Clock
from specialists.emulated_steps import (
    Call,
    Complain,
    Cut,
    End,
    Garbage,
    Refuse,
    Say,
    Script,
    Stall,
    Step,
    Think,
    Used,
)
from specialists.emulated_wire import Service, Writer, chars_of, count_tokens

_COMPLAINT_STATUS = {"overloaded_error": 529, "rate_limit_error": 429, "rate_limit_exceeded": 429}


class Gate:
    """Where answers pause: by the clock, or until they are released."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._released = asyncio.Event()
        self._closed = False
        self.waiting = 0

    async def pause(self, seconds: float) -> None:
        await self._clock.sleep(seconds)

    async def stall(self) -> None:
        self.waiting += 1
        try:
            if not self._closed:
                await self._released.wait()
        finally:
            self.waiting -= 1

    def release(self) -> None:
        self._released.set()
        self._released = asyncio.Event()

    def close(self) -> None:
        self._closed = True
        self._released.set()


class Playing:
    """One request's answer on its way; keeps `Asked` up to date about what becomes of it."""

    def __init__(self, http: web.Request, service: Service, writer: Writer, gate: Gate) -> None:
        self._http = http
        self._service = service
        self._writer = writer
        self._gate = gate
        self._asked = writer.request.asked
        self._told: Used | None = None
        self._response: web.StreamResponse | None = None
        self._garbage = bytearray()
        self._room = chars_of(writer.request.max_tokens) if writer.request.max_tokens else None
        self._thought_chars = 0
        self._said_chars = 0

    async def play(self, script: Script) -> web.StreamResponse:
        """Play to the end, or until the client goes away."""
        try:
            for step in script:
                if await self._over(step):
                    break
            else:
                await self._over(End("calls" if any(isinstance(step, Call) for step in script) else "stop"))
        except ConnectionError:
            self._asked.closed_early, self._asked.ended = True, False
        except asyncio.CancelledError:
            self._asked.closed_early = not self._asked.ended
            raise
        return self._response or web.Response()

    async def _over(self, step: Step) -> bool:
        """Play one step; whether it was the last."""
        match step:
            case Say() | Think():
                return await self._speak(step)
            case Call():
                return await self._call(step)
            case Stall(seconds):
                await (self._gate.stall() if seconds is None else self._gate.pause(seconds))
            case Garbage(data):
                await self._garble(data)
            case Used():
                self._told = step
            case Cut():
                self._cut()
                return True
            case Refuse():
                await self._refuse(step)
                return True
            case Complain(kind, message):
                await self._complain(kind, message)
                return True
            case End(reason):
                await self._end(reason)
                return True
            case _:
                assert_never(step)
        return False

    async def _speak(self, step: Say | Think) -> bool:
        thinking = isinstance(step, Think)
        shown = self._writer.request.thinking if thinking else "shown"
        if shown == "off":
            return False
        await self._send(self._writer.begin() + self._writer.block("thinking" if thinking else "text"))
        for piece in _pieces(step.text, step.chunk_chars):
            fitting = self._fitting(piece)
            if thinking:
                self._thought_chars += len(fitting)
            else:
                self._said_chars += len(fitting)
            if fitting and shown == "shown":
                await self._send(self._writer.grow(fitting))
            if len(fitting) < len(piece):
                await self._end("length")
                return True
            await self._gate.pause(step.pause_seconds)
        return False

    async def _call(self, step: Call) -> bool:
        arguments = step.arguments
        text = arguments if isinstance(arguments, str) else json.dumps(dict(arguments), ensure_ascii=False)
        number = len(self._writer.blocks)
        call = step.id or self._writer.stamp.id(self._service.call_prefix, number)
        await self._send(self._writer.begin() + self._writer.block("call", call=call, tool=step.tool))
        for piece in _pieces(text, step.chunk_chars):
            fitting = self._fitting(piece)
            self._said_chars += len(fitting)
            await self._send(self._writer.grow(fitting))
            if len(fitting) < len(piece):
                await self._end("length")
                return True
            await self._gate.pause(step.pause_seconds)
        return False

    def _fitting(self, piece: str) -> str:
        """As much of the piece as the request's limit of tokens still allows."""
        if self._room is None:
            return piece
        fitting = piece[: self._room]
        self._room -= len(fitting)
        return fitting

    async def _end(self, reason: str) -> None:
        self._asked.used = used = self._told or self._used()
        self._asked.ended = True
        if not reason:
            await self._send(b"")
        elif self._asked.stream:
            await self._send(self._writer.begin() + self._writer.end(reason, used))
        if not self._asked.stream:
            answer = json.dumps(self._writer.whole(reason, used), ensure_ascii=False).encode() if reason else b""
            body = bytes(self._garbage) or answer
            self._response = web.Response(body=body, content_type="application/json", headers=self._headers())

    def _used(self) -> Used:
        thought = count_tokens(self._thought_chars)
        return replace(self._writer.counted, output=thought + count_tokens(self._said_chars), reasoning=thought)

    def _cut(self) -> None:
        self._asked.ended = True
        if self._http.transport is not None:
            self._http.transport.close()

    async def _refuse(self, step: Refuse) -> None:
        refusal = self._service.refusal(step.status, step.code, step.message)
        if self._response is not None:
            await self._complain(step.code or "server_error", refusal.why)
            return
        self._asked.ended = True
        headers = self._headers() | ({"Retry-After": step.retry_after} if step.retry_after else {})
        self._response = web.json_response(refusal.body, status=refusal.status, headers=headers)

    async def _complain(self, kind: str, message: str) -> None:
        message = message or "The server had an error while processing your request."
        self._asked.ended = True
        if self._asked.stream:
            await self._send(self._writer.begin() + self._writer.complaint(kind, message))
            return
        refusal = self._service.refusal(_COMPLAINT_STATUS.get(kind, 500), "", message)
        self._response = web.json_response(refusal.body, status=refusal.status, headers=self._headers())

    async def _garble(self, data: bytes) -> None:
        self._garbage += data
        await self._send(data)

    async def _send(self, data: bytes) -> None:
        """Stream `data`; the headers go first, once. Nothing for a client that waits for the whole."""
        if not self._asked.stream:
            return
        if self._response is None:
            headers = self._headers() | {
                "Cache-Control": "no-cache",
                "Content-Type": self._writer.content_type,
            }
            self._response = web.StreamResponse(headers=headers)
            await self._response.prepare(self._http)
        if data:
            await self._response.write(data)

    def _headers(self) -> dict[str, str]:
        return {self._service.request_header: self._writer.stamp.id("req_")}


def _pieces(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), max(size, 1))]
