"""OpenAI's Responses."""

from collections.abc import Collection, Iterator, Mapping
from itertools import count
from typing import Any, Literal

from openai.types.responses.response_create_params import ResponseCreateParamsStreaming

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
    missing,
    read_choice,
    read_functions,
    refusal,
    wrong_value,
)
from specialists.emulated_pictures import response_pictures
from specialists.emulated_responses_rules import read_items
from specialists.emulated_steps import Asked, Json, Used
from specialists.emulated_wire import Block, Refusal, Request, Stamp, Writer, event, rendered, seal

_KNOWN = ResponseCreateParamsStreaming.__required_keys__ | ResponseCreateParamsStreaming.__optional_keys__
_NOT_PLAYED: dict[str, Collection[Any]] = {
    "background": (False,),
    "context_management": ([],),
    "conversation": (),
    "moderation": (),
    "previous_response_id": (),
    "prompt": (),
}
_INCOMPLETE = {"length": "max_output_tokens", "refusal": "content_filter"}


class ResponsesWire:
    """POST /v1/responses."""

    name: Literal["responses"] = "responses"
    call_prefix = "call_"
    request_header = "x-request-id"

    def __init__(self, key: str | None, catalog: Collection[str]) -> None:
        self._key = key
        self._catalog = catalog
        self._stored: set[str] = set()

    def admit(self, headers: Mapping[str, str]) -> None:
        check_key(headers, self._key)

    def refusal(self, status: int, code: str = "", message: str = "") -> Refusal:
        return refusal(status, code, message)

    def blind(self, model: str) -> Refusal:
        return cannot_see("input")

    def writer(self, request: Request, stamp: Stamp, counted: Used) -> Writer:
        return _ResponsesWriter(request, stamp, counted, self._stored)

    def read(self, headers: Mapping[str, str], body: Json) -> Request:
        model = check_model(body, self._catalog)
        check_known(body, _KNOWN, _NOT_PLAYED)
        items = read_items(body, self._stored)
        reasoning = body.get("reasoning") or {}
        stream = check_flag(body, "stream")
        check_flag(body, "store")
        check_sampling(body, model, reasoning.get("effort"))
        check_number(body, "max_output_tokens", 16, whole=True)
        offered = read_functions(body.get("tools"), nested=False)
        spoken = tuple(pair for item in items for pair in _spoken(item))
        leading = next((at for at, (role, _) in enumerate(spoken) if role != "system"), len(spoken))
        instructions = [body["instructions"]] if body.get("instructions") else []
        asked = Asked(
            wire="responses",
            model=model,
            system="\n\n".join([*instructions, *(text for _, text in spoken[:leading])]),
            messages=spoken[leading:],
            tools=tuple(offered),
            body=body,
            stream=stream,
            parameters=offered,
            forced=read_choice(body, offered, nested=False),
            pictures=response_pictures(items),
            schema=_read_format(body),
        )
        head = [rendered(body["tools"])] if offered else []
        prompt = "".join(f"{part}\n" for part in [*head, *instructions, *map(_prompted, items)])
        shown: Literal["shown", "hidden"] = "shown" if reasoning.get("summary") else "hidden"
        return Request(asked, prompt, thinking=shown, max_tokens=body.get("max_output_tokens"))


def _read_format(body: Json) -> Json | None:
    wanted = (body.get("text") or {}).get("format")
    if wanted is None or wanted == {"type": "text"}:
        return None
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if kind == "json_object":
        if "json" not in f"{body['input']}{body.get('instructions')}".lower():
            message = "Response input messages must contain the word 'json' in some form to use 'text.format' of type"
            raise invalid(f"{message} 'json_object'.", param="input")
        return {}
    if kind != "json_schema":
        raise wrong_value("text.format.type", kind, ("text", "json_object", "json_schema"))
    for name in ("name", "schema"):
        if wanted.get(name) is None:
            raise missing(f"text.format.{name}")
    schema: Json = wanted["schema"]
    check_schema(schema, f"response_format '{wanted['name']}'", "text.format.schema", strict=bool(wanted.get("strict")))
    return schema


def _spoken(item: Json) -> Iterator[tuple[str, str]]:
    match item["type"]:
        case "message":
            yield "system" if item["role"] == "developer" else item["role"], _text(item["content"])
        case "function_call":
            yield "call", f"{item['name']} {item['arguments']}"
        case "function_call_output":
            yield "tool", _text(item["output"])
        case _:
            yield "thinking", "\n".join(part.get("text", "") for part in item["summary"])


def _text(content: str | list[Json]) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text") or part.get("refusal") or f"[{part.get('type')}]" for part in content)


def _prompted(item: Json) -> str:
    content = item.get("content")
    if item["type"] == "message" and isinstance(content, str):
        return f"{content}\n<{item['role']}>"
    return rendered({name: value for name, value in item.items() if name not in ("id", "status")})


class _ResponsesWriter(Writer):
    """Typed events, numbered; the whole response rides on the first and the last."""

    def __init__(self, request: Request, stamp: Stamp, counted: Used, stored: set[str]) -> None:
        super().__init__(request, stamp, counted)
        self._sequence = count()
        self._stored = stored

    def _begun(self) -> bytes:
        response = self._response("in_progress")
        return self._event("response.created", response=response) + self._event(
            "response.in_progress", response=response
        )

    def _opened(self, block: Block) -> bytes:
        at = {"output_index": block.index}
        added = self._event("response.output_item.added", item=self._item(block, "in_progress"), **at)
        where = {"item_id": self._id(block), **at}
        match block.kind:
            case "text":
                part = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
                return added + self._event("response.content_part.added", content_index=0, part=part, **where)
            case "thinking" if self._shows_thinking:
                part = {"type": "summary_text", "text": ""}
                return added + self._event("response.reasoning_summary_part.added", summary_index=0, part=part, **where)
        return added

    def _grown(self, block: Block, piece: str) -> bytes:
        where = {"item_id": self._id(block), "output_index": block.index, "delta": piece}
        match block.kind:
            case "text":
                return self._event("response.output_text.delta", content_index=0, logprobs=[], **where)
            case "thinking":
                return self._event("response.reasoning_summary_text.delta", summary_index=0, **where)
            case "call":
                return self._event("response.function_call_arguments.delta", **where)

    def _closed(self, block: Block) -> bytes:
        item = self._item(block, "completed")
        filled = self._filled(block, item)
        return filled + self._event("response.output_item.done", output_index=block.index, item=item)

    def _filled(self, block: Block, item: Json) -> bytes:
        """The whole of what came in pieces."""
        where = {"item_id": self._id(block), "output_index": block.index}
        match block.kind:
            case "text":
                place = {"content_index": 0, **where}
                whole = self._event("response.output_text.done", text=block.text, logprobs=[], **place)
                return whole + self._event("response.content_part.done", part=item["content"][0], **place)
            case "thinking" if self._shows_thinking:
                place = {"summary_index": 0, **where}
                whole = self._event("response.reasoning_summary_text.done", text=block.text, **place)
                part = {"type": "summary_text", "text": block.text}
                return whole + self._event("response.reasoning_summary_part.done", part=part, **place)
            case "call":
                name = "response.function_call_arguments.done"
                return self._event(name, arguments=block.text, name=block.tool, **where)
        return b""

    def _ended(self, reason: str, used: Used) -> bytes:
        name = "response.incomplete" if reason in _INCOMPLETE else "response.completed"
        return self._event(name, response=self.whole(reason, used))

    def complaint(self, kind: str, message: str) -> bytes:
        error = {"type": kind, "code": kind, "message": message, "param": None}
        # The reference has these fields beside `type`; what the service sends nests them.
        return self._event("error", error=error)

    def whole(self, reason: str, used: Used) -> Json:
        if self.request.asked.body.get("store", True):
            self._stored.update(self._id(block) for block in self.blocks)
        response = self._response("incomplete" if reason in _INCOMPLETE else "completed")
        if reason in _INCOMPLETE:
            response["incomplete_details"] = {"reason": _INCOMPLETE[reason]}
        response["output"] = [self._item(block, "completed") for block in self.blocks]
        return response | {"completed_at": self.stamp.created, "usage": _usage(used)}

    def _event(self, name: str, /, **content: Any) -> bytes:
        return event({"type": name, "sequence_number": next(self._sequence), **content}, name)

    @property
    def _shows_thinking(self) -> bool:
        return self.request.thinking == "shown"

    def _id(self, block: Block) -> str:
        return self.stamp.id({"text": "msg_", "thinking": "rs_", "call": "fc_"}[block.kind], block.index)

    def _item(self, block: Block, status: str) -> Json:
        match block.kind:
            case "text":
                part = {"type": "output_text", "text": block.text, "annotations": [], "logprobs": []}
                content = [part] if status == "completed" else []
                head = {"id": self._id(block), "type": "message", "role": "assistant"}
                return head | {"status": status, "content": content}
            case "thinking":
                summary = [{"type": "summary_text", "text": block.text}] if block.text else []
                item: Json = {"id": self._id(block), "type": "reasoning", "summary": summary}
                if "reasoning.encrypted_content" in (self.request.asked.body.get("include") or ()):
                    item["encrypted_content"] = seal(self._id(block))
                return item
            case "call":
                call = {"call_id": block.id, "name": block.tool, "arguments": block.text, "status": status}
                return {"id": self._id(block), "type": "function_call"} | call

    def _response(self, status: str) -> Json:
        body = self.request.asked.body
        return {
            "id": self.stamp.id("resp_"),
            "object": "response",
            "created_at": self.stamp.created,
            "status": status,
            "background": False,
            "error": None,
            "incomplete_details": None,
            "instructions": body.get("instructions"),
            "max_output_tokens": body.get("max_output_tokens"),
            "model": self.model,
            "output": [],
            "parallel_tool_calls": body.get("parallel_tool_calls", True),
            "previous_response_id": None,
            "reasoning": body.get("reasoning") or {"effort": None, "summary": None},
            "store": body.get("store", True),
            "temperature": body.get("temperature", 1.0),
            "text": body.get("text") or {"format": {"type": "text"}},
            "tool_choice": body.get("tool_choice", "auto"),
            "tools": body.get("tools") or [],
            "top_p": body.get("top_p", 1.0),
            "truncation": body.get("truncation") or "disabled",
            "usage": None,
            "metadata": body.get("metadata") or {},
        }


def _usage(used: Used) -> Json:
    return {
        "input_tokens": used.input,
        "input_tokens_details": {"cached_tokens": used.cached, "cache_write_tokens": 0},
        "output_tokens": used.output,
        "output_tokens_details": {"reasoning_tokens": used.reasoning},
        "total_tokens": used.input + used.output,
    }
