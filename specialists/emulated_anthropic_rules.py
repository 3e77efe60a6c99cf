"""What Anthropic's Messages refuses, in its words: headers, parameters, the order of messages and of their blocks."""

import re
from collections.abc import Mapping
from typing import Any

from specialists.emulated_steps import Json
from specialists.emulated_wire import Refusal, Shown, seal

FIRST_VERSION_WITHOUT_SAMPLING = "2026-10-21"

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_MOST_CACHE_MARKS = 4
_LEAST_BUDGET = 1024
_NEW = re.compile(r"claude-(fable|mythos|opus|sonnet)-5|claude-haiku-5-5|claude-opus-4-[78]")
_THINKS_BY_ITSELF = re.compile(r"claude-(fable|mythos|opus|sonnet)-5|claude-haiku-5-5")
_ALWAYS_THINKS = re.compile(r"claude-(fable|mythos)-5|claude-opus-5-5")
_THINKS_ADAPTIVELY = re.compile(r"claude-(fable|mythos|opus|sonnet)-5|claude-haiku-5-5|claude-(sonnet|opus)-4-[678]")
_TAKES_NO_ORDERS = re.compile(r"claude-(fable|mythos)-5-[12]|claude-(opus|sonnet)-5-5")
_PREFILLED = re.compile(r"claude-(sonnet|opus|haiku)-4-5|claude-3")
_KINDS = {400: "invalid_request_error", 401: "authentication_error", 402: "billing_error", 403: "permission_error"} | {
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_SAID = {
    401: "invalid x-api-key",
    403: "Your API key does not have permission to use the specified resource.",
    404: "Not found",
    429: "This request would exceed your organization's rate limit of 50 requests per minute.",
    500: "Internal server error",
    529: "Overloaded",
}
_SAID_BY_CODE = {
    "context_length_exceeded": "prompt is too long: 200251 tokens > 200000 maximum",
    "insufficient_quota": "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to"
    " upgrade or purchase credits.",
    "unsupported_value": "temperature: Extra inputs are not permitted",
    "content_policy_violation": "Output blocked by content filtering policy",
}
_BLOCKS = {
    "user": ("text", "image", "document", "tool_result"),
    "assistant": ("text", "thinking", "redacted_thinking", "tool_use"),
    "system": ("text",),
}
_NEEDED = {
    "text": ("text",),
    "image": ("source",),
    "document": ("source",),
    "tool_result": ("tool_use_id",),
    "thinking": ("thinking", "signature"),
    "redacted_thinking": ("data",),
    "tool_use": ("id", "name", "input"),
}


def refusal(status: int, code: str = "", message: str = "") -> Refusal:
    """What Anthropic says with this status; `code` in OpenAI's words, since Anthropic has none."""
    said = message or _SAID_BY_CODE.get(code) or _SAID.get(status) or f"The request failed ({status})."
    kind = _KINDS.get(status, "api_error" if status >= 500 else "invalid_request_error")
    body = {"type": "error", "error": {"type": kind, "message": said, "details": None}, "request_id": "req_emulated"}
    return Refusal(status, body, said)


def invalid(message: str) -> Refusal:
    return refusal(400, message=message)


def check_key(headers: Mapping[str, str], key: str | None) -> None:
    """Refusal 401 without a bearer token or, of older clients, an x-api-key; and when it is not `key`."""
    scheme, _, given = headers.get("Authorization", "").partition(" ")
    given = given.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "").strip()
    if not given:
        raise refusal(401, message="x-api-key header is required")
    if key is not None and given != key:
        raise refusal(401)


def check_version(headers: Mapping[str, str]) -> str:
    version = headers.get("anthropic-version", "")
    if not version:
        raise invalid("anthropic-version: header is required")
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", version):
        raise invalid(f'anthropic-version: "{version}" is not a valid version')
    return version


def check_sampling(body: Json, model: str, version: str) -> None:
    """Newer versions and newer models take no temperature."""
    for name in ("temperature", "top_p", "top_k"):
        value = body.get(name)
        if value is None:
            continue
        if version >= FIRST_VERSION_WITHOUT_SAMPLING:
            raise invalid(f"{name}: Extra inputs are not permitted")
        if _NEW.match(model):
            raise invalid(f"`{name}` is not supported for this model.")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise invalid(f"{name}: Input should be a valid number")
        if name != "top_k" and not 0 <= value <= 1:
            raise invalid(f"{name}: range: 0..1")


def check_max_tokens(body: Json) -> int:
    value = body.get("max_tokens")
    if value is None:
        raise invalid("max_tokens: Field required")
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid("max_tokens: Input should be a valid integer")
    if value < 1:
        raise invalid("max_tokens: Input should be greater than or equal to 1")
    return value


def read_thinking(body: Json, model: str, max_tokens: int, *, forced: bool) -> Shown:
    """How much of the model's thinking the answer will carry."""
    config = body.get("thinking")
    if config is None:
        config = {"type": "adaptive" if _THINKS_BY_ITSELF.match(model) else "disabled"}
    kind = config.get("type") if isinstance(config, dict) else None
    if body.get("thinking") is not None:
        _check_thinking(kind, config, model, max_tokens, forced=forced)
    if forced and _TAKES_NO_ORDERS.match(model):
        raise invalid("tool_choice: forcing tool use is not supported for this model.")
    if kind in ("disabled", "between_tools") or forced:
        return "off"
    display = config.get("display") or ("omitted" if _NEW.match(model) else "summarized")
    return "shown" if display == "summarized" else "hidden"


def _check_thinking(kind: object, config: Json, model: str, max_tokens: int, *, forced: bool) -> None:
    if kind not in ("adaptive", "enabled", "disabled", "between_tools"):
        raise invalid("thinking: Input tag must be one of 'adaptive', 'between_tools', 'disabled', 'enabled'")
    if config.get("display") not in (None, "summarized", "omitted"):
        raise invalid("thinking.display: Input should be 'summarized' or 'omitted'")
    if kind == "adaptive" and not _THINKS_ADAPTIVELY.match(model):
        raise invalid("adaptive thinking is not supported on this model")
    if kind in ("disabled", "between_tools") and _ALWAYS_THINKS.match(model):
        raise invalid(f"thinking.type: '{kind}' is not supported for this model; it always thinks")
    if kind != "enabled":
        return
    if _NEW.match(model):
        raise invalid("thinking.type: 'enabled' is not supported for this model. Use 'adaptive' instead.")
    budget = config.get("budget_tokens")
    if not isinstance(budget, int) or budget < _LEAST_BUDGET:
        raise invalid("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024")
    if budget >= max_tokens:
        raise invalid("`max_tokens` must be greater than `thinking.budget_tokens`.")
    if forced:
        raise invalid("Thinking may not be enabled when tool_choice forces tool use.")


def read_tools(body: Json) -> dict[str, Json]:
    tools = body.get("tools")
    if tools is None:
        return {}
    if not isinstance(tools, list):
        raise invalid("tools: Input should be a valid list")
    offered: dict[str, Json] = {}
    for at, tool in enumerate(tools):
        if not isinstance(tool, dict) or not isinstance(tool.get("name"), str):
            raise invalid(f"tools.{at}.custom.name: Field required")
        if tool.get("type") not in (None, "custom"):
            raise refusal(501, message=f"The emulator does not emulate tools.{at}.type '{tool['type']}'")
        name = tool["name"]
        if not _NAME.fullmatch(name):
            raise invalid(f"tools.{at}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'")
        if name in offered:
            raise invalid("tools: Tool names must be unique.")
        schema = tool.get("input_schema")
        if not isinstance(schema, dict):
            raise invalid(f"tools.{at}.custom.input_schema: Field required")
        if schema.get("type") != "object":
            raise invalid(f"tools.{at}.custom.input_schema.type: Input should be 'object'")
        offered[name] = schema
    return offered


def read_choice(body: Json, offered: Mapping[str, Json]) -> tuple[str, ...]:
    """The tools of which one must be called; empty when none must."""
    choice = body.get("tool_choice")
    if choice is None:
        return ()
    kind = choice.get("type") if isinstance(choice, dict) else None
    if kind not in ("auto", "any", "tool", "none"):
        raise invalid("tool_choice: Input tag must be one of 'any', 'auto', 'none', 'tool'")
    if kind in ("any", "tool") and not offered:
        raise invalid("tool_choice: `tool_choice` may only be specified while providing `tools`.")
    if kind == "any":
        return tuple(offered)
    if kind == "tool":
        if choice.get("name") not in offered:
            raise invalid(f"Tool '{choice.get('name')}' not found in provided tools")
        return (choice["name"],)
    return ()


def read_messages(body: Json, model: str) -> list[tuple[str, list[Json]]]:
    """(role, blocks) of each message; text is one block."""
    messages = body.get("messages")
    if messages is None:
        raise invalid("messages: Field required")
    if not isinstance(messages, list):
        raise invalid("messages: Input should be a valid list")
    if not messages:
        raise invalid("messages: at least one message is required")
    read = [_read_message(message, f"messages.{at}", at == len(messages) - 1) for at, message in enumerate(messages)]
    if read[0][0] != "user":
        raise invalid('messages: first message must use the "user" role')
    _check_end(*read[-1], model)
    _check_results(_merged(read))
    return read


def read_system(body: Json) -> list[Json]:
    system = body.get("system")
    if system is None or system == "":
        return []
    if isinstance(system, str):
        return [{"type": "text", "text": system}]
    if not isinstance(system, list):
        raise invalid("system: Input should be a valid list")
    return [_check_block(block, "system", f"system.{at}") for at, block in enumerate(system)]


def is_marked(value: Any) -> bool:
    """Whether the prompt is to be cached up to this block, or something in it."""
    return _count_marks(value) > 0


def check_cache_marks(body: Json) -> None:
    """Four marks are the most."""
    marks = _count_marks([body.get("tools"), body.get("system"), body.get("messages")])
    if marks > _MOST_CACHE_MARKS:
        raise invalid(f"A maximum of 4 blocks with cache_control may be provided. Found {marks}.")


def _count_marks(value: Any) -> int:
    if isinstance(value, list):
        return sum(map(_count_marks, value))
    if not isinstance(value, dict):
        return 0
    return (value.get("cache_control") is not None) + _count_marks(value.get("content"))


def _read_message(message: object, param: str, last: bool) -> tuple[str, list[Json]]:
    if not isinstance(message, dict):
        raise invalid(f"{param}: Input should be a valid dictionary")
    role, content = message.get("role"), message.get("content")
    if role not in _BLOCKS:
        raise invalid(f"{param}.role: Input should be 'user', 'assistant' or 'system'")
    if content is None:
        raise invalid(f"{param}.content: Field required")
    if not isinstance(content, str | list):
        raise invalid(f"{param}.content: Input should be a valid string or list")
    if not content and not (role == "assistant" and last):
        raise invalid(
            f"{param}: all messages must have non-empty content except for the optional final assistant message"
        )
    if isinstance(content, str):
        if content and not content.strip():
            raise invalid("messages: text content blocks must contain non-whitespace text")
        return role, [{"type": "text", "text": content}]
    return role, [_check_block(block, role, f"{param}.content.{at}") for at, block in enumerate(content)]


def _check_block(block: object, role: str, param: str) -> Json:
    kind = block.get("type") if isinstance(block, dict) else None
    if not isinstance(block, dict) or kind not in _BLOCKS[role]:
        expected = ", ".join(f"'{one}'" for one in _BLOCKS[role])
        raise invalid(
            f"{param}: Input tag '{kind}' found using 'type' does not match any of the expected tags: {expected}"
        )
    for name in _NEEDED[kind]:
        if name not in block:
            raise invalid(f"{param}.{kind}.{name}: Field required")
    if kind == "text" and not isinstance(block["text"], str):
        raise invalid(f"{param}.text.text: Input should be a valid string")
    if kind == "text" and not block["text"]:
        raise invalid("messages: text content blocks must be non-empty")
    if kind == "text" and not block["text"].strip():
        raise invalid("messages: text content blocks must contain non-whitespace text")
    if kind == "tool_use" and not isinstance(block["input"], dict):
        raise invalid(f"{param}.tool_use.input: Input should be a valid dictionary")
    if kind == "thinking" and block["signature"] != seal(str(block["thinking"])):
        raise invalid(f"{param}: Invalid `signature` in `thinking` block")
    return block


def _check_end(role: str, blocks: list[Json], model: str) -> None:
    if role != "assistant":
        return
    if not _PREFILLED.match(model):
        raise invalid(
            "This model does not support assistant message prefill. The conversation must end with a user message."
        )
    if blocks and blocks[-1]["type"] == "text" and blocks[-1]["text"] != blocks[-1]["text"].rstrip():
        raise invalid("messages: final assistant content cannot end with trailing whitespace")


def _merged(read: list[tuple[str, list[Json]]]) -> list[tuple[int, str, list[Json]]]:
    """Messages of one role in a row are one to the model; with the number of the first."""
    merged: list[tuple[int, str, list[Json]]] = []
    for at, (role, blocks) in enumerate(read):
        if role == "system":
            continue
        if merged and merged[-1][1] == role:
            merged[-1][2].extend(blocks)
        else:
            merged.append((at, role, list(blocks)))
    return merged


def _check_results(merged: list[tuple[int, str, list[Json]]]) -> None:
    """Each tool call has its result at the beginning of the next message, each result its call in the one before."""
    called: list[str] = []
    caller = 0
    for at, role, blocks in [*merged, (len(merged), "end", [])]:
        leading = next((n for n, block in enumerate(blocks) if block["type"] != "tool_result"), len(blocks))
        given = [block["tool_use_id"] for block in blocks[:leading]]
        if unanswered := [one for one in called if one not in given]:
            raise invalid(
                f"messages.{caller}: `tool_use` ids were found without `tool_result` blocks immediately after:"
                f" {', '.join(unanswered)}. Each `tool_use` block must have a corresponding `tool_result` block in the"
                " next message."
            )
        for n, block in enumerate(blocks):
            if block["type"] == "tool_result" and block["tool_use_id"] not in called:
                raise invalid(
                    f"messages.{at}.content.{n}: unexpected `tool_use_id` found in `tool_result` blocks:"
                    f" {block['tool_use_id']}. Each `tool_result` block must have a corresponding `tool_use` block in"
                    " the previous message."
                )
        called = [block["id"] for block in blocks if block["type"] == "tool_use"] if role == "assistant" else []
        if len(set(called)) < len(called):
            raise invalid(f"messages.{at}: `tool_use` ids must be unique")
        caller = at
