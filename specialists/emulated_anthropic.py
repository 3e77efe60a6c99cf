"""Anthropic's Messages."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from anthropic.types.message_create_params import MessageCreateParamsStreaming

from specialists.emulated_anthropic_rules import (
    check_cache_marks,
    check_key,
    check_max_tokens,
    check_sampling,
    check_version,
    invalid,
    is_marked,
    read_choice,
    read_messages,
    read_system,
    read_thinking,
    read_tools,
    refusal,
)
from specialists.emulated_pictures import anthropic_pictures
from specialists.emulated_steps import Asked, Json, Used
from specialists.emulated_wire import Block, Refusal, Request, Stamp, Writer, event, rendered, seal

_KNOWN = MessageCreateParamsStreaming.__required_keys__ | MessageCreateParamsStreaming.__optional_keys__
_SAMPLING = frozenset({"temperature", "top_p", "top_k"})
_BETA = frozenset({"context_management", "mcp_servers", "output_format"})
_NOT_PLAYED: dict[str, Collection[Any]] = {"container": (), "context_management": ({},), "mcp_servers": ([],)} | {
    "stop_sequences": ([],)
}
_STOP = {"stop": "end_turn", "calls": "tool_use", "length": "max_tokens", "refusal": "refusal", "pause": "pause_turn"}


class AnthropicWire:
    """POST /v1/messages."""

    name: Literal["anthropic"] = "anthropic"
    call_prefix = "toolu_"
    request_header = "request-id"

    def __init__(self, key: str | None, catalog: Collection[str]) -> None:
        self._key = key
        self._catalog = catalog

    def admit(self, headers: Mapping[str, str]) -> None:
        check_key(headers, self._key)
        check_version(headers)

    def refusal(self, status: int, code: str = "", message: str = "") -> Refusal:
        return refusal(status, code, message)

    def blind(self, model: str) -> Refusal:
        return invalid(f"'{model}' does not support image input.")

    def writer(self, request: Request, stamp: Stamp, counted: Used) -> Writer:
        return _MessageWriter(request, stamp, counted)

    def listed(self, names: Sequence[str], created: datetime) -> Json:
        """GET /v1/models."""
        at = created.isoformat().replace("+00:00", "Z")
        entries = [
            {"id": name, "type": "model", "display_name": name, "created_at": at, "lifecycle": "active"}
            for name in names
        ]
        ends = {"first_id": names[0], "last_id": names[-1]} if names else {"first_id": None, "last_id": None}
        return {"data": entries, "has_more": False} | ends

    def read(self, headers: Mapping[str, str], body: Json) -> Request:
        model = self._read_model(body)
        _check_known(body)
        max_tokens = check_max_tokens(body)
        check_sampling(body, model, check_version(headers))
        system = read_system(body)
        messages = read_messages(body, model)
        offered = read_tools(body)
        forced = read_choice(body, offered)
        asked = Asked(
            wire="anthropic",
            model=model,
            system="\n\n".join(block["text"] for block in system),
            messages=tuple(pair for role, blocks in messages for pair in _spoken(role, blocks)),
            tools=tuple(offered),
            body=body,
            stream=bool(body.get("stream")),
            parameters=offered,
            forced=forced,
            pictures=anthropic_pictures(messages),
            schema=_read_format(body),
        )
        check_cache_marks(body)
        parts = [(rendered(tool), tool) for tool in body.get("tools") or ()]
        parts += [(block["text"], block) for block in system]
        parts += [(f"{_prompted(block)}\n<{role}>", block) for role, blocks in messages for block in blocks]
        lines = [f"{text}\n" for text, _ in parts]
        marked = [at for at, (_, block) in enumerate(parts) if is_marked(block)]
        last = len(lines) if body.get("cache_control") else marked[-1] + 1 if marked else 0
        return Request(
            asked,
            "".join(lines),
            thinking=read_thinking(body, model, max_tokens, forced=bool(forced)),
            max_tokens=max_tokens,
            marked="".join(lines[:last]),
        )

    def _read_model(self, body: Json) -> str:
        model = body.get("model")
        if model is None:
            raise invalid("model: Field required")
        if not isinstance(model, str) or not model:
            raise invalid("model: Input should be a valid string")
        if self._catalog and model not in self._catalog:
            raise refusal(404, message=f"model: {model}")
        return model


def _check_known(body: Json) -> None:
    for name, value in body.items():
        if name not in _KNOWN | _SAMPLING | _BETA:
            raise invalid(f"{name}: Extra inputs are not permitted")
        if value is not None and name in _NOT_PLAYED and value not in _NOT_PLAYED[name]:
            raise refusal(501, message=f"The emulator does not emulate {name}")


def _read_format(body: Json) -> Json | None:
    wanted = (body.get("output_config") or {}).get("format") or body.get("output_format")
    if wanted is None:
        return None
    if not isinstance(wanted, dict) or wanted.get("type") != "json_schema":
        raise invalid("output_config.format.type: Input should be 'json_schema'")
    schema = wanted.get("schema")
    if not isinstance(schema, dict):
        raise invalid("output_config.format.schema: Field required")
    return schema


def _spoken(role: str, blocks: list[Json]) -> Iterator[tuple[str, str]]:
    for block in blocks:
        match block["type"]:
            case "text":
                yield role, block["text"]
            case "thinking":
                yield "thinking", block["thinking"]
            case "tool_use":
                yield "call", f"{block['name']} {json.dumps(block['input'], ensure_ascii=False)}"
            case "tool_result":
                yield "tool", _result_text(block.get("content"))
            case kind:
                yield role, f"[{kind}]"


def _result_text(content: str | list[Json] | None) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    return "\n".join(part.get("text") or f"[{part.get('type')}]" for part in content)


def _prompted(block: Json) -> str:
    return block["text"] if block["type"] == "text" else rendered(block)


class _MessageWriter(Writer):
    """`message_start`, the content blocks one after the other, `message_delta`, `message_stop`."""

    def _begun(self) -> bytes:
        message = self._message(None, self.counted, output=1)
        return _sent("message_start", message=message)

    def _opened(self, block: Block) -> bytes:
        match block.kind:
            case "text":
                content: Json = {"type": "text", "text": ""}
            case "thinking":
                content = {"type": "thinking", "thinking": "", "signature": ""}
            case "call":
                content = {"type": "tool_use", "id": block.id, "name": block.tool, "input": {}}
        ping = _sent("ping") if block.index == 0 else b""
        return _sent("content_block_start", index=block.index, content_block=content) + ping

    def _grown(self, block: Block, piece: str) -> bytes:
        match block.kind:
            case "text":
                return self._delta(block, {"type": "text_delta", "text": piece})
            case "thinking":
                return self._delta(block, {"type": "thinking_delta", "thinking": piece})
            case "call":
                return self._delta(block, {"type": "input_json_delta", "partial_json": piece})

    def _closed(self, block: Block) -> bytes:
        stop = _sent("content_block_stop", index=block.index)
        if block.kind != "thinking":
            return stop
        return self._delta(block, {"type": "signature_delta", "signature": seal(block.text)}) + stop

    def _ended(self, reason: str, used: Used) -> bytes:
        delta = {"stop_reason": _STOP[reason], "stop_sequence": None, "stop_details": _details(reason)}
        return _sent("message_delta", delta=delta, usage=_usage(used)) + _sent("message_stop")

    def complaint(self, kind: str, message: str) -> bytes:
        return _sent("error", error={"type": kind, "message": message}, request_id=self.stamp.id("req_"))

    def whole(self, reason: str, used: Used) -> Json:
        return self._message(reason, used, output=used.output) | {"content": list(map(_content, self.blocks))}

    def _delta(self, block: Block, delta: Json) -> bytes:
        return _sent("content_block_delta", index=block.index, delta=delta)

    def _message(self, reason: str | None, used: Used, *, output: int) -> Json:
        return {
            "id": self.stamp.id("msg_"),
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": [],
            "stop_reason": _STOP[reason] if reason else None,
            "stop_sequence": None,
            "stop_details": _details(reason),
            "usage": _usage(used) | {"output_tokens": output, "service_tier": "standard"},
        }


def _sent(name: str, **content: Any) -> bytes:
    return event({"type": name, **content}, name)


def _content(block: Block) -> Json:
    match block.kind:
        case "text":
            return {"type": "text", "text": block.text, "citations": None}
        case "thinking":
            return {"type": "thinking", "thinking": block.text, "signature": seal(block.text)}
        case "call":
            return {"type": "tool_use", "id": block.id, "name": block.tool, "input": _arguments(block.text)}


def _arguments(text: str) -> Json:
    """Arguments that are no JSON object come out empty, where they are not streamed."""
    try:
        read = json.loads(text)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _details(reason: str | None) -> Json | None:
    return {"type": "refusal", "category": None, "explanation": None} if reason == "refusal" else None


def _usage(used: Used) -> Json:
    """Here the input is only what was neither read from the cache nor written to it."""
    return {
        "input_tokens": used.input - used.cached - used.written,
        "cache_creation_input_tokens": used.written,
        "cache_read_input_tokens": used.cached,
        "output_tokens": used.output,
        "output_tokens_details": {"thinking_tokens": used.reasoning},
    }
