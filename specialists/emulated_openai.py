"""OpenAI's Chat Completions, which DeepSeek, OpenRouter, Ollama and many more speak as well."""

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal

from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming

from specialists.emulated_openai_rules import (
    cannot_see,
    check_flag,
    check_key,
    check_known,
    check_model,
    check_number,
    check_sampling,
    check_schema,
    invalid,
    is_reasoning_family,
    missing,
    read_choice,
    read_functions,
    refusal,
    wrong_type,
    wrong_value,
)
from specialists.emulated_pictures import chat_pictures
from specialists.emulated_steps import Asked, Json, Used
from specialists.emulated_wire import Block, Refusal, Request, Stamp, Writer, event, rendered

_ROLES = ("developer", "system", "user", "assistant", "tool")
_PARTS = {
    "user": ("text", "image_url", "input_audio", "file"),
    "assistant": ("text", "refusal"),
    "tool": ("text",),
    "system": ("text",),
    "developer": ("text",),
}
_FINISH = {"stop": "stop", "calls": "tool_calls", "length": "length", "refusal": "content_filter", "pause": "stop"}
_KNOWN = CompletionCreateParamsStreaming.__required_keys__ | CompletionCreateParamsStreaming.__optional_keys__
_NOT_PLAYED: dict[str, Collection[Any]] = {
    "audio": (),
    "logprobs": (False,),
    "modalities": (["text"],),
    "moderation": (),
    "n": (1,),
    "prediction": (),
    "stop": ([],),
    "web_search_options": (),
}


class ChatWire:
    """POST /v1/chat/completions."""

    name: Literal["chat"] = "chat"
    call_prefix = "call_"
    request_header = "x-request-id"

    def __init__(self, key: str | None, catalog: Collection[str]) -> None:
        self._key = key
        self._catalog = catalog

    def admit(self, headers: Mapping[str, str]) -> None:
        check_key(headers, self._key)

    def refusal(self, status: int, code: str = "", message: str = "") -> Refusal:
        return refusal(status, code, message)

    def blind(self, model: str) -> Refusal:
        return cannot_see("messages")

    def writer(self, request: Request, stamp: Stamp, counted: Used) -> Writer:
        return _ChatWriter(request, stamp, counted)

    def read(self, headers: Mapping[str, str], body: Json) -> Request:
        model = check_model(body, self._catalog)
        check_known(body, _KNOWN, _NOT_PLAYED)
        messages = _read_messages(body)
        stream = check_flag(body, "stream")
        _check_stream_options(body, stream=stream)
        check_sampling(body, model, body.get("reasoning_effort"))
        offered = read_functions(body.get("tools"), nested=True)
        spoken = tuple(pair for message in messages for pair in _spoken(message))
        leading = _leading_system(spoken)
        asked = Asked(
            wire="chat",
            model=model,
            system="\n\n".join(text for _, text in spoken[:leading]),
            messages=spoken[leading:],
            tools=tuple(offered),
            body=body,
            stream=stream,
            parameters=offered,
            forced=read_choice(body, offered, nested=True),
            pictures=chat_pictures(messages),
            schema=_read_format(body),
        )
        prompt = rendered(body["tools"]) if offered else ""
        return Request(
            asked,
            prompt + "".join(f"{text}\n<{role}>\n" for role, text in map(_prompted, messages)),
            max_tokens=_max_tokens(body, model),
        )


def _read_messages(body: Json) -> list[Json]:
    messages = body.get("messages")
    if messages is None:
        raise missing("messages")
    if not isinstance(messages, list):
        raise wrong_type("messages", "an array of objects", messages)
    if not messages:
        raise invalid("[] is too short - 'messages'", param="messages", code="empty_array")
    for at, message in enumerate(messages):
        _check_message(message, f"messages[{at}]")
    _check_results(messages)
    return messages


def _check_message(message: object, param: str) -> None:
    if not isinstance(message, dict):
        raise wrong_type(param, "an object", message)
    role = message.get("role")
    if role is None:
        raise missing(f"{param}.role")
    if role not in _ROLES:
        raise wrong_value(f"{param}.role", role, _ROLES)
    calls = message.get("tool_calls")
    if role == "assistant" and calls is not None:
        _check_calls(calls, f"{param}.tool_calls")
    if role == "tool" and not isinstance(message.get("tool_call_id"), str):
        raise missing(f"{param}.tool_call_id")
    _check_content(message.get("content"), role, f"{param}.content", optional=role == "assistant" and bool(calls))


def _check_content(content: object, role: str, param: str, *, optional: bool) -> None:
    if isinstance(content, str) or (content is None and optional):
        return
    if content is None:
        raise invalid("Invalid value for 'content': expected a string, got null.", param=param)
    if not isinstance(content, list):
        raise wrong_type(param, "one of a string or array of objects", content)
    for at, part in enumerate(content):
        kind = part.get("type") if isinstance(part, dict) else None
        if kind not in _PARTS[role]:
            raise wrong_value(f"{param}[{at}].type", kind, _PARTS[role])
        if not isinstance(part.get(kind), dict if kind in ("image_url", "input_audio", "file") else str):
            raise missing(f"{param}[{at}].{kind}")


def _check_calls(calls: object, param: str) -> None:
    if not isinstance(calls, list):
        raise wrong_type(param, "an array of objects", calls)
    if not calls:
        message = (
            f"Invalid '{param}': empty array. Expected an array with minimum length 1, but got an empty array instead."
        )
        raise invalid(message, param=param, code="empty_array")
    for at, call in enumerate(calls):
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict) or not isinstance(call.get("id"), str):
            raise missing(f"{param}[{at}].id" if isinstance(function, dict) else f"{param}[{at}].function")
        for name in ("name", "arguments"):
            if not isinstance(function.get(name), str):
                raise missing(f"{param}[{at}].function.{name}")


def _check_results(messages: list[Json]) -> None:
    """Each tool call is answered right after it, and nothing else is."""
    waiting: set[str] = set()
    for at, message in enumerate([*messages, {"role": "end"}]):
        if message["role"] == "tool":
            if message["tool_call_id"] not in waiting:
                raise invalid(
                    "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with"
                    " 'tool_calls'.",
                    param=f"messages.[{at}].role",
                )
            waiting.discard(message["tool_call_id"])
            continue
        if waiting:
            raise invalid(
                "An assistant message with 'tool_calls' must be followed by tool messages responding to each"
                " 'tool_call_id'. The following tool_call_ids did not have response messages: "
                + ", ".join(sorted(waiting)),
                param=f"messages.[{at}].role",
            )
        if message["role"] == "assistant":
            waiting = {call["id"] for call in message.get("tool_calls") or ()}


def _check_stream_options(body: Json, *, stream: bool) -> None:
    options = body.get("stream_options")
    if options is None:
        return
    if not stream:
        message = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        raise invalid(message, param="stream_options")
    if not isinstance(options, dict):
        raise wrong_type("stream_options", "an object", options)


def _max_tokens(body: Json, model: str) -> int | None:
    for name in ("max_tokens", "max_completion_tokens"):
        check_number(body, name, 1, whole=True)
    old, new = body.get("max_tokens"), body.get("max_completion_tokens")
    if old is not None and new is not None:
        raise invalid("Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.")
    if old is not None and is_reasoning_family(model):
        message = "Unsupported parameter: 'max_tokens' is not supported with this model."
        instead = " Use 'max_completion_tokens' instead."
        raise invalid(message + instead, param="max_tokens", code="unsupported_parameter")
    return new if new is not None else old


def _read_format(body: Json) -> Json | None:
    wanted = body.get("response_format")
    if wanted is None or wanted == {"type": "text"}:
        return None
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if kind == "json_object":
        if "json" not in json.dumps(body["messages"]).lower():
            message = (
                "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."
            )
            raise invalid(message, param="messages")
        return {}
    if kind != "json_schema":
        raise wrong_value("response_format.type", kind, ("text", "json_object", "json_schema"))
    spec = wanted.get("json_schema")
    for name in ("name", "schema"):
        if not isinstance(spec, dict) or spec.get(name) is None:
            raise missing(f"response_format.json_schema.{name}")
    schema: Json = spec["schema"]
    check_schema(schema, f"response_format '{spec['name']}'", "response_format", strict=bool(spec.get("strict")))
    return schema


def _spoken(message: Json) -> Iterator[tuple[str, str]]:
    role = "system" if message["role"] == "developer" else message["role"]
    if thought := message.get("reasoning_content") or message.get("reasoning"):
        yield "thinking", str(thought)
    if message.get("content") or not message.get("tool_calls"):
        yield role, _text(message.get("content"))
    for call in message.get("tool_calls") or ():
        yield "call", f"{call['function']['name']} {call['function']['arguments']}"


def _text(content: str | list[Json] | None) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    return "\n".join(part.get("text") or part.get("refusal") or f"[{part['type']}]" for part in content)


def _prompted(message: Json) -> tuple[str, str]:
    content = message.get("content")
    text = content if isinstance(content, str) else rendered(content) if content else ""
    calls = message.get("tool_calls")
    return message["role"], text + (rendered(calls) if calls else "")


def _leading_system(spoken: tuple[tuple[str, str], ...]) -> int:
    return next((at for at, (role, _) in enumerate(spoken) if role != "system"), len(spoken))


class _ChatWriter(Writer):
    """`chat.completion.chunk`s, the usage apart, and `[DONE]`."""

    def _begun(self) -> bytes:
        return self._chunk({"role": "assistant", "content": "", "refusal": None})

    def _opened(self, block: Block) -> bytes:
        if block.kind != "call":
            return b""
        head = {"id": block.id, "type": "function", "function": {"name": block.tool, "arguments": ""}}
        return self._chunk({"tool_calls": [{"index": self._call_number(block), **head}]})

    def _grown(self, block: Block, piece: str) -> bytes:
        match block.kind:
            case "text":
                return self._chunk({"content": piece})
            case "thinking":
                return self._chunk({"content": None, "reasoning_content": piece})
            case "call":
                delta = {"index": self._call_number(block), "function": {"arguments": piece}}
                return self._chunk({"tool_calls": [delta]})

    def _closed(self, block: Block) -> bytes:
        return b""

    def _ended(self, reason: str, used: Used) -> bytes:
        last = self._chunk({}, finish=_FINISH[reason])
        if self._tells_usage:
            last += event(self._envelope("chat.completion.chunk", choices=[], usage=_usage(used)))
        return last + b"data: [DONE]\n\n"

    def complaint(self, kind: str, message: str) -> bytes:
        return event({"error": {"message": message, "type": kind, "param": None, "code": kind}})

    def whole(self, reason: str, used: Used) -> Json:
        text, thought = self.joined("text"), self.joined("thinking")
        calls = [
            {"id": block.id, "type": "function", "function": {"name": block.tool, "arguments": block.text}}
            for block in self.blocks
            if block.kind == "call"
        ]
        message: Json = {"role": "assistant", "content": text if text or not calls else None, "refusal": None}
        if thought:
            message["reasoning_content"] = thought
        if calls:
            message["tool_calls"] = calls
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _FINISH[reason]}
        return self._envelope("chat.completion", choices=[choice], usage=_usage(used))

    @property
    def _tells_usage(self) -> bool:
        return bool((self.request.asked.body.get("stream_options") or {}).get("include_usage"))

    def _call_number(self, block: Block) -> int:
        return sum(1 for earlier in self.blocks[: block.index] if earlier.kind == "call")

    def _chunk(self, delta: Json, finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        usage: Json = {"usage": None} if self._tells_usage else {}
        return event(self._envelope("chat.completion.chunk", choices=[choice], **usage))

    def _envelope(self, kind: str, **content: Any) -> Json:
        head = {"id": self.stamp.id("chatcmpl-"), "object": kind, "created": self.stamp.created, "model": self.model}
        return head | {"service_tier": "default", "system_fingerprint": "fp_emulated"} | content


def _usage(used: Used) -> Json:
    return {
        "prompt_tokens": used.input,
        "completion_tokens": used.output,
        "total_tokens": used.input + used.output,
        "prompt_tokens_details": {"cached_tokens": used.cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": used.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
