"""The model providers as a server in this process: OpenAI's APIs and Anthropic's, with scripts and mischief."""

import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Mapping
from itertools import count
from types import TracebackType
from typing import Self

from aiohttp import web

from bot.domain.errors import SettingsError
from bot.domain.ports import Clock
from specialists.emulated_answer import Echo
from specialists.emulated_anthropic import AnthropicWire
from specialists.emulated_openai import ChatWire
from specialists.emulated_playing import Gate, Playing
from specialists.emulated_responses import ResponsesWire
from specialists.emulated_sound import Sound, SpeechWire, Spoken, TranscriptionWire, tone
from specialists.emulated_sound_rules import Part
from specialists.emulated_steps import (
    Asked,
    Call,
    Complain,
    Cut,
    End,
    Garbage,
    Json,
    Refuse,
    Say,
    Script,
    Stall,
    Step,
    Think,
    Used,
    WireName,
)
from specialists.emulated_wire import PromptCache, Refusal, Request, Service, Stamp, Wire, Writer, count_tokens

__all__ = [
    "Asked",
    "Call",
    "Complain",
    "Cut",
    "Echo",
    "End",
    "Garbage",
    "ModelEmulator",
    "Refuse",
    "Say",
    "Script",
    "Sound",
    "Spoken",
    "Stall",
    "Step",
    "Think",
    "Used",
    "WireName",
]

_MAX_BODY_BYTES = 64 * 1024 * 1024
_SHUTDOWN_SECONDS = 0.1
_log = logging.getLogger(__name__)


class ModelEmulator:
    """Model providers, as far as a client can tell; they refuse what the real ones refuse.

    async with ModelEmulator(clock=clock) as models:
        models.then(Think("hm"), Say("Hello"), Cut())     # the next request, on whichever wire
        AsyncOpenAI(base_url=models.openai_url, api_key="any")
        AsyncAnthropic(base_url=models.anthropic_url, api_key="any")
        models.asked[-1].system

    Requests that are not scripted are answered by `choose`; speech is understood by `hear`, and made by `speak`. A
    script that says something is what is understood; one that says nothing plays in front of what is. `key` is the
    only key that is let in, any when None; `catalog` names the models there are, any when empty; `blind` those of them
    that take no pictures; a prompt of more than `context_tokens` is refused. All times are the `clock`'s.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        key: str | None = None,
        catalog: Collection[str] = (),
        blind: Collection[str] = (),
        context_tokens: int | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.asked: list[Asked] = []
        """Every request that passed the checks, the oldest first."""
        self.violations: list[str] = []
        """What no correct client sends: what the providers' checks refused; and failures of the emulator itself."""
        self.choose: Callable[[Asked], Script] = Echo()
        self.heard: list[Sound] = []
        """Every sound that passed the checks, the oldest first."""
        self.hear: Callable[[Sound], str] = _understood
        self.spoken: list[Spoken] = []
        """Every text that passed the checks, the oldest first."""
        self.speak: Callable[[Spoken], bytes] = tone
        self.blind = frozenset(blind)
        self.context_tokens = context_tokens
        self._clock = clock
        self._catalog = catalog
        self._scripts: deque[Script] = deque()
        self._gate = Gate(clock)
        self._cache = PromptCache()
        self._marked = PromptCache()
        self._numbers = count(1)
        self._address = (host, port)
        self._runner: web.AppRunner | None = None
        self._chat = ChatWire(key, catalog)
        self._responses = ResponsesWire(key, catalog)
        self._anthropic = AnthropicWire(key, catalog)
        self._transcription = TranscriptionWire(key, catalog)
        self._speech = SpeechWire(key, catalog)

    async def __aenter__(self) -> Self:
        self._runner = web.AppRunner(
            self._app(), access_log=None, handler_cancellation=True, shutdown_timeout=_SHUTDOWN_SECONDS
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, *self._address).start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._gate.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def openai_url(self) -> str:
        """The base URL for OpenAI's clients and those of compatible providers; SettingsError before the start."""
        return f"{self._url}/v1"

    @property
    def anthropic_url(self) -> str:
        """The base URL for Anthropic's clients; SettingsError before the start."""
        return self._url

    def then(self, *steps: Step) -> None:
        """Queue the script of one request; requests take scripts in the order in which they arrive."""
        self._scripts.append(steps)

    @property
    def scripts_left(self) -> int:
        return len(self._scripts)

    @property
    def stalled(self) -> int:
        """Answers that wait for `release` now."""
        return self._gate.waiting

    def release(self) -> None:
        """Let every answer go on that stalls without an end."""
        self._gate.release()

    @property
    def _url(self) -> str:
        if self._runner is None:
            raise SettingsError("the emulator is not started; use `async with`")
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}"

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=_MAX_BODY_BYTES)
        app.router.add_post("/v1/chat/completions", self._on_chat)
        app.router.add_post("/v1/responses", self._on_responses)
        app.router.add_post("/v1/messages", self._on_messages)
        app.router.add_post("/v1/messages/count_tokens", self._on_count)
        app.router.add_post("/v1/audio/transcriptions", self._on_transcription)
        app.router.add_post("/v1/audio/speech", self._on_speech)
        app.router.add_get("/v1/models", self._on_models)
        app.router.add_route("*", "/{path:.*}", self._on_unknown)
        return app

    async def _on_chat(self, http: web.Request) -> web.StreamResponse:
        return await self._answer(http, self._chat)

    async def _on_responses(self, http: web.Request) -> web.StreamResponse:
        return await self._answer(http, self._responses)

    async def _on_messages(self, http: web.Request) -> web.StreamResponse:
        return await self._answer(http, self._anthropic)

    async def _on_count(self, http: web.Request) -> web.StreamResponse:
        try:
            request = self._anthropic.read(http.headers, {"max_tokens": 1} | await self._body(http, self._anthropic))
        except Refusal as refusal:
            return self._refused(http, refusal)
        return web.json_response({"input_tokens": count_tokens(len(request.prompt))})

    async def _on_transcription(self, http: web.Request) -> web.StreamResponse:
        wire = self._transcription

        async def take() -> tuple[Writer, Script]:
            wire.admit(http.headers)
            request, sound = wire.read(await _form(http, wire))
            self.heard.append(sound)
            script = self._scripts.popleft() if self._scripts else ()
            if not any(isinstance(step, Say | Refuse | Cut | Complain | Garbage | End) for step in script):
                script = [*script, Say(self.hear(sound))]
            return wire.writer(request, self._stamp(), sound), script

        return await self._play(http, wire, take)

    async def _on_speech(self, http: web.Request) -> web.StreamResponse:
        wire = self._speech

        async def take() -> tuple[Writer, Script]:
            request, spoken = wire.read(await self._body(http, wire))
            self.spoken.append(spoken)
            script = self._scripts.popleft() if self._scripts else ()
            return wire.writer(request, self._stamp(), spoken, self.speak), script

        return await self._play(http, wire, take)

    async def _on_models(self, http: web.Request) -> web.StreamResponse:
        wire = self._wire_of(http)
        try:
            wire.admit(http.headers)
        except Refusal as refusal:
            return self._refused(http, refusal)
        names = sorted(self._catalog) or sorted({asked.model for asked in self.asked})
        created = self._clock.now()
        if wire is self._anthropic:
            return web.json_response(self._anthropic.listed(names, created))
        entries = [
            {"id": name, "object": "model", "created": int(created.timestamp()), "owned_by": "emulator"}
            for name in names
        ]
        return web.json_response({"object": "list", "data": entries})

    async def _on_unknown(self, http: web.Request) -> web.StreamResponse:
        return self._refused(
            http, self._wire_of(http).refusal(404, "not_found", f"Invalid URL ({http.method} {http.path})")
        )

    def _wire_of(self, http: web.Request) -> Wire:
        return self._anthropic if "anthropic-version" in http.headers else self._chat

    async def _answer(self, http: web.Request, wire: Wire) -> web.StreamResponse:
        async def take() -> tuple[Writer, Script]:
            request = wire.read(http.headers, await self._body(http, wire))
            counted = self._register(request)
            script: Script | None = None
            if self.context_tokens is not None and counted.input > self.context_tokens:
                script = [Refuse(400, "context_length_exceeded")]
            elif request.asked.pictures and request.asked.model in self.blind:
                script = [Refuse(400, message=wire.blind(request.asked.model).why)]
            elif self._scripts:
                script = self._scripts.popleft()
            return wire.writer(request, self._stamp(), counted), self.choose(
                request.asked
            ) if script is None else script

        return await self._play(http, wire, take)

    async def _play(
        self, http: web.Request, service: Service, take: Callable[[], Awaitable[tuple[Writer, Script]]]
    ) -> web.StreamResponse:
        """`take` reads the request and says what is played for it."""
        try:
            writer, script = await take()
        except Refusal as refusal:
            return self._refused(http, refusal)
        except Exception as error:  # a bug of a script or the emulator must be seen by the test, not guessed
            _log.exception("the emulator failed")
            self.violations.append(f"{service.name}: the emulator failed with {type(error).__name__}")
            return web.Response(status=500, text="the emulator failed")
        return await Playing(http, service, writer, self._gate).play(script)

    def _stamp(self) -> Stamp:
        return Stamp(next(self._numbers), int(self._clock.now().timestamp()))

    async def _body(self, http: web.Request, wire: Service) -> Json:
        wire.admit(http.headers)
        try:
            body = json.loads((await http.read()).decode(), parse_constant=_no_constant)
            json.dumps(body, ensure_ascii=False).encode()  # a half of a surrogate pair is no text
        except (ValueError, RecursionError) as error:
            message = "We could not parse the JSON body of your request. (HINT: the API expects a JSON payload.)"
            raise wire.refusal(400, "invalid_json", message) from error
        if not isinstance(body, dict) or http.content_type != "application/json":
            raise wire.refusal(400, "invalid_json", "The body must be a JSON object, sent as application/json.")
        return body

    def _register(self, request: Request) -> Used:
        """Remember the request; what is known of its usage before the answer."""
        asked = request.asked
        tokens = count_tokens(len(request.prompt))
        asked.at = self._clock.monotonic()
        asked.cached_tokens = min(self._cache.reuse(asked.model, request.prompt), tokens)
        self.asked.append(asked)
        if request.marked is None:
            return Used(tokens, 0, cached=asked.cached_tokens)
        marked = count_tokens(len(request.marked))
        cached = self._marked.reuse(asked.model, request.marked) if marked else 0
        return Used(tokens, 0, cached=cached, written=marked - cached)

    def _refused(self, http: web.Request, refusal: Refusal) -> web.StreamResponse:
        self.violations.append(f"{http.method} {http.path}: {refusal.why}")
        return web.json_response(refusal.body, status=refusal.status)


def _understood(_: Sound) -> str:
    return "This is what was said."


async def _form(http: web.Request, wire: Service) -> Mapping[str, list[Part]]:
    if http.content_type != "multipart/form-data":
        message = f"Unsupported content type: '{http.content_type}'. This API method only accepts"
        raise wire.refusal(400, "unsupported_content_type", f"{message} 'multipart/form-data' requests.")
    parts: dict[str, list[Part]] = {}
    for name, value in (await http.post()).items():
        if isinstance(value, web.FileField):
            with value.file:
                part = Part(content=value.file.read(), name=value.filename, media_type=value.content_type)
        else:
            part = Part(text=value if isinstance(value, str) else value.decode())
        parts.setdefault(name, []).append(part)
    return parts


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")
