"""What OpenAI's two APIs refuse alike, in its words: keys, models, tools, schemas, sampling."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from specialists.emulated_steps import Json
from specialists.emulated_wire import Refusal

COMPATIBLE_EXTRAS = frozenset(
    {
        *("thinking", "think", "enable_thinking", "reasoning", "include_reasoning"),
        *("provider", "models", "transforms", "route", "plugins", "usage", "search_parameters"),
        *("options", "keep_alive", "top_k", "min_p", "repetition_penalty"),
    }
)
"""Parameters that OpenAI does not know and providers with its wire format do."""

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_ALWAYS_REASONS = re.compile(
    r"o\d|gpt-5(-(mini|nano|pro|codex))?(-\d{4}|$)|gpt-5\.\d-(pro|chat|codex)|gpt-6-astra|gpt-6\.1-sol"
)
_REASONS_UNLESS_TOLD = re.compile(r"gpt-5\.[5-9]|gpt-6")
_REASONS_WHEN_TOLD = re.compile(r"gpt-5\.[1-4]")
_NEVER_REASONS = re.compile(r"gpt-[34]|chatgpt-4o")

_SAID: dict[tuple[int, str], tuple[str, str | None, str]] = {
    (400, "context_length_exceeded"): (
        "invalid_request_error",
        "messages",
        "This model's maximum context length is 128000 tokens. However, your messages resulted in 130511 tokens."
        " Please reduce the length of the messages.",
    ),
    (400, "unsupported_value"): (
        "invalid_request_error",
        "temperature",
        "Unsupported value: 'temperature' does not support 0.4 with this model."
        " Only the default (1) value is supported.",
    ),
    (400, "content_policy_violation"): (
        "invalid_request_error",
        None,
        "Your request was rejected as a result of our safety system.",
    ),
    (401, "invalid_api_key"): (
        "invalid_request_error",
        None,
        "Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys.",
    ),
    (403, "unsupported_country_region_territory"): (
        "request_forbidden",
        None,
        "Country, region, or territory not supported",
    ),
    (404, "model_not_found"): (
        "invalid_request_error",
        "model",
        "The model does not exist or you do not have access to it.",
    ),
    (429, "rate_limit_exceeded"): (
        "requests",
        None,
        "Rate limit reached on requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in 20s.",
    ),
    (429, "insufficient_quota"): (
        "insufficient_quota",
        None,
        "You exceeded your current quota, please check your plan and billing details.",
    ),
    (500, ""): (
        "server_error",
        None,
        "The server had an error while processing your request. Sorry about that!",
    ),
    (503, ""): ("service_unavailable_error", None, "The engine is currently overloaded, please try again later."),
}
_USUAL_CODES = {
    401: "invalid_api_key",
    403: "unsupported_country_region_territory",
    404: "model_not_found",
    429: "rate_limit_exceeded",
}


def refusal(status: int, code: str = "", message: str = "") -> Refusal:
    """What OpenAI says with this status and code."""
    code = code or _USUAL_CODES.get(status, "")
    usual = ("invalid_request_error" if status < 500 else "server_error", None, f"The request failed ({status}).")
    kind, param, said = _SAID.get((status, code)) or _SAID.get((status, "")) or usual
    return invalid(message or said, param=param, code=code or None, status=status, kind=kind)


def invalid(
    message: str,
    *,
    param: str | None = None,
    code: str | None = None,
    status: int = 400,
    kind: str = "invalid_request_error",
) -> Refusal:
    body = {"error": {"message": message, "type": kind, "param": param, "code": code}}
    return Refusal(status, body, message)


def missing(param: str) -> Refusal:
    return invalid(f"Missing required parameter: '{param}'.", param=param, code="missing_required_parameter")


def wrong_type(param: str, expected: str, value: object) -> Refusal:
    return invalid(
        f"Invalid type for '{param}': expected {expected}, but got {type_name(value)} instead.",
        param=param,
        code="invalid_type",
    )


def wrong_value(param: str, value: object, supported: Collection[str]) -> Refusal:
    listed = ", ".join(f"'{one}'" for one in sorted(supported))
    return invalid(f"Invalid value: '{value}'. Supported values are: {listed}.", param=param, code="invalid_value")


def cannot_see(param: str) -> Refusal:
    return invalid("Invalid content type. image_url is only supported by certain models.", param=param)


def not_emulated(param: str) -> Refusal:
    return invalid(f"The emulator does not emulate '{param}'.", param=param, code="not_emulated", status=501)


def type_name(value: object) -> str:
    """JSON's name of the value's type, with OpenAI's article."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int():
            return "an integer"
        case float():
            return "a decimal"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:
            return "an object"


def check_key(headers: Mapping[str, str], key: str | None) -> None:
    """Refusal 401 without a bearer token, or with another than `key` when there is one."""
    scheme, _, given = headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not given.strip():
        raise invalid("You didn't provide an API key.", status=401)
    if key is not None and given.strip() != key:
        raise refusal(401)


def check_model(body: Json, catalog: Collection[str]) -> str:
    model = body.get("model")
    if model is None or model == "":
        raise invalid("you must provide a model parameter")
    if not isinstance(model, str):
        raise wrong_type("model", "a string", model)
    if catalog and model not in catalog:
        message = f"The model `{model}` does not exist or you do not have access to it."
        raise refusal(404, "model_not_found", message)
    return model


def check_known(body: Json, known: Collection[str], not_played: Mapping[str, Collection[Any]]) -> None:
    """Refuse parameters that nobody knows, and those that would mean something that is not played here.

    `not_played` names the values of such a parameter that change nothing.
    """
    for name, value in body.items():
        if name not in known and name not in COMPATIBLE_EXTRAS:
            raise invalid(f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")
        if name in not_played and value is not None and value not in not_played[name]:
            raise not_emulated(name)


def check_number(body: Json, name: str, low: float, high: float | None = None, *, whole: bool = False) -> None:
    value = body.get(name)
    if value is None:
        return
    kind = "integer" if whole else "decimal"
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        raise wrong_type(name, f"a{'n' if whole else ''} {kind}", value)
    if value < low:
        message = f"Invalid '{name}': {kind} below minimum value. Expected a value >= {low:g}, but got {value} instead."
        raise invalid(message, param=name, code=f"{kind}_below_min_value")
    if high is not None and value > high:
        message = (
            f"Invalid '{name}': {kind} above maximum value. Expected a value <= {high:g}, but got {value} instead."
        )
        raise invalid(message, param=name, code=f"{kind}_above_max_value")


def check_flag(body: Json, name: str) -> bool:
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise wrong_type(name, "a boolean", value)
    return bool(value)


def check_sampling(body: Json, model: str, effort: object) -> None:
    """A model that reasons takes no temperature; one that cannot takes no effort."""
    check_number(body, "temperature", 0, 2)
    check_number(body, "top_p", 0, 1)
    if effort is not None and _NEVER_REASONS.match(model):
        raise invalid(
            "Unsupported parameter: 'reasoning_effort' is not supported with this model.", code="unsupported_parameter"
        )
    if not reasons(model, effort):
        return
    if body.get("temperature") not in (None, 1):
        message = f"Unsupported value: 'temperature' does not support {body['temperature']} with this model."
        only = " Only the default (1) value is supported."
        raise invalid(message + only, param="temperature", code="unsupported_value")
    for name in ("top_p", "presence_penalty", "frequency_penalty", "logit_bias"):
        if body.get(name) not in (None, 1 if name == "top_p" else 0):
            message = f"Unsupported parameter: '{name}' is not supported with this model."
            raise invalid(message, param=name, code="unsupported_parameter")


def reasons(model: str, effort: object) -> bool:
    """Whether a model of OpenAI's thinks at this effort; of other makers' models nothing is known."""
    if _ALWAYS_REASONS.match(model):
        return True
    if _REASONS_UNLESS_TOLD.match(model):
        return effort != "none"
    return bool(_REASONS_WHEN_TOLD.match(model)) and effort not in (None, "none")


def is_reasoning_family(model: str) -> bool:
    return any(rule.match(model) for rule in (_ALWAYS_REASONS, _REASONS_UNLESS_TOLD, _REASONS_WHEN_TOLD))


def read_functions(tools: object, *, nested: bool) -> dict[str, Json]:
    """The schemas of the tools by name; `nested` is Chat's shape, flat that of Responses."""
    if tools is None:
        return {}
    if not isinstance(tools, list):
        raise wrong_type("tools", "an array of objects", tools)
    if not tools and nested:
        raise invalid("[] is too short - 'tools'", param="tools")
    return dict(_read_function(tool, f"tools[{at}]", nested=nested) for at, tool in enumerate(tools))


def _read_function(tool: object, param: str, *, nested: bool) -> tuple[str, Json]:
    if not isinstance(tool, dict):
        raise wrong_type(param, "an object", tool)
    if tool.get("type") is None:
        raise missing(f"{param}.type")
    if tool["type"] != "function":
        raise not_emulated(f"{param}.type")
    holder = f"{param}.function" if nested else param
    function = tool.get("function") if nested else tool
    if not isinstance(function, dict):
        raise missing(holder)
    name = function.get("name")
    if name is None:
        raise missing(f"{holder}.name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        message = f"Invalid '{holder}.name': string does not match pattern. Expected a string that matches the pattern"
        raise invalid(f"{message} '^[a-zA-Z0-9_-]+$'.", param=f"{holder}.name", code="invalid_value")
    schema = function.get("parameters") or {"type": "object", "properties": {}}
    check_schema(schema, f"function '{name}'", f"{holder}.parameters", strict=bool(function.get("strict")))
    return name, schema


def check_schema(schema: object, whose: str, param: str, *, strict: bool) -> None:
    if not isinstance(schema, dict):
        raise wrong_type(param, "an object", schema)
    flaw = (
        ""
        if schema.get("type", "object") == "object"
        else f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{schema['type']}\"'."
    )
    if strict and not flaw:
        flaw = next(strict_flaws(schema, ()), "")
    if flaw:
        code = "invalid_function_parameters" if whose.startswith("function") else "invalid_json_schema"
        raise invalid(f"Invalid schema for {whose}: {flaw}", param=param, code=code)


def strict_flaws(schema: object, path: tuple[str, ...]) -> Iterator[str]:
    """What strict mode does not take: open objects, and properties that may be left out."""
    if not isinstance(schema, dict):
        return
    properties = schema.get("properties")
    if schema.get("type") == "object" or isinstance(properties, dict):
        if schema.get("additionalProperties") is not False:
            yield f"In context={path}, 'additionalProperties' is required to be supplied and to be false."
        left_out = sorted(set(properties or {}) - set(schema.get("required", ())))
        if left_out:
            yield (
                f"In context={path}, 'required' is required to be supplied and to be an array including every key in"
                f" properties. Missing '{left_out[0]}'."
            )
    for group in ("properties", "$defs", "definitions"):
        for name, inner in (schema.get(group) or {}).items():
            yield from strict_flaws(inner, (*path, group, name))
    for name in ("anyOf", "items"):
        inner = schema.get(name)
        for at, one in enumerate(inner if isinstance(inner, list) else [inner]):
            yield from strict_flaws(one, (*path, name, str(at)))


def read_choice(body: Json, offered: Mapping[str, Json], *, nested: bool) -> tuple[str, ...]:
    """The tools of which one must be called; empty when none must."""
    for name in ("tool_choice", "parallel_tool_calls"):
        if nested and body.get(name) is not None and not offered:
            raise invalid(f"'{name}' is only allowed when 'tools' are specified.", param=name)
    choice = body.get("tool_choice")
    if choice is None or isinstance(choice, str):
        if choice not in (None, "none", "auto", "required"):
            raise wrong_value("tool_choice", choice, ("none", "auto", "required"))
        return tuple(offered) if choice == "required" else ()
    if not isinstance(choice, dict):
        raise wrong_type("tool_choice", "an object", choice)
    kind = choice.get("type")
    if kind == "allowed_tools":
        allowed = choice.get("allowed_tools", {}) if nested else choice
        names = [_named(tool, nested=nested) for tool in allowed.get("tools", ())]
        must = allowed.get("mode") == "required"
    elif kind == "function":
        names, must = [_named(choice, nested=nested)], True
    else:
        raise wrong_value("tool_choice.type", kind, ("function", "allowed_tools"))
    for name in names:
        if name not in offered:
            raise invalid(f"Tool choice '{name}' not found in 'tools' parameter.", param="tool_choice")
    return tuple(names) if must else ()


def _named(tool: object, *, nested: bool) -> str:
    holder = tool.get("function") if nested and isinstance(tool, dict) else tool
    name = holder.get("name") if isinstance(holder, dict) else None
    if not isinstance(name, str):
        raise missing("tool_choice.function.name" if nested else "tool_choice.name")
    return name
