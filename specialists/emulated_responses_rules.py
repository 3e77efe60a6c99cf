"""What OpenAI's Responses refuses of its input: shapes, ids, calls without outputs, thoughts it does not know."""

from collections.abc import Collection

from specialists.emulated_openai_rules import invalid, missing, wrong_type, wrong_value
from specialists.emulated_steps import Json
from specialists.emulated_wire import seal

_ROLES = ("user", "assistant", "system", "developer")
_PARTS = {
    "user": ("input_text", "input_image", "input_file"),
    "assistant": ("output_text", "refusal"),
    "system": ("input_text", "input_image", "input_file"),
    "developer": ("input_text", "input_image", "input_file"),
}
_ITEMS = ("message", "function_call", "function_call_output", "reasoning")
_PREFIXES = {"message": "msg", "function_call": "fc", "reasoning": "rs"}


def read_items(body: Json, stored: Collection[str]) -> list[Json]:
    """The items of the input, each with its type; `stored` names those the provider has kept itself."""
    given = body.get("input")
    if given is None:
        raise missing("input")
    if isinstance(given, str):
        return [{"type": "message", "role": "user", "content": given}]
    if not isinstance(given, list):
        raise wrong_type("input", "one of a string or array of input items", given)
    if not given:
        raise invalid("Invalid 'input': empty array.", param="input", code="empty_array")
    items = [_check_item(item, f"input[{at}]") for at, item in enumerate(given)]
    for item in items:
        if item["type"] == "reasoning":
            _check_thought(item, stored)
    _check_results(items)
    return items


def _check_thought(item: Json, stored: Collection[str]) -> None:
    """What the model thought comes back sealed, or was kept by the provider."""
    sealed, known = item.get("encrypted_content"), str(item.get("id", ""))
    if sealed is None and known not in stored:
        message = f"Item with id '{known}' not found. Items are not persisted when `store` is set to false."
        advice = " Try again with `store` set to true, or remove this item from your input."
        raise invalid(message + advice, param="input", status=404)
    if sealed is not None and sealed != seal(known):
        message = f"The encrypted content for item {known} could not be verified."
        raise invalid(message, param="input", code="invalid_encrypted_content")


def _check_item(item: object, param: str) -> Json:
    if not isinstance(item, dict):
        raise wrong_type(param, "an object", item)
    kind = item.get("type", "message" if "role" in item else None)
    if kind not in _ITEMS:
        raise wrong_value(f"{param}.type" if kind else param, kind, _ITEMS)
    prefix = _PREFIXES.get(kind)
    if item.get("id") and prefix and not str(item["id"]).startswith(prefix):
        message = f"Invalid '{param}.id': '{item['id']}'. Expected an ID that begins with '{prefix}'."
        raise invalid(message, param=f"{param}.id", code="invalid_value")
    if kind == "message":
        _check_message(item, param)
    for name in {"function_call": ("call_id", "name", "arguments"), "function_call_output": ("call_id",)}.get(kind, ()):
        if not isinstance(item.get(name), str):
            raise missing(f"{param}.{name}")
    if kind == "function_call_output" and not isinstance(item.get("output"), str | list):
        raise missing(f"{param}.output")
    if kind == "reasoning" and not isinstance(item.get("summary"), list):
        raise missing(f"{param}.summary")
    return {**item, "type": kind}


def _check_message(item: Json, param: str) -> None:
    role, content = item.get("role"), item.get("content")
    if role not in _ROLES:
        raise wrong_value(f"{param}.role", role, _ROLES)
    if content is None:
        raise missing(f"{param}.content")
    if not isinstance(content, str | list):
        raise wrong_type(f"{param}.content", "one of an array of objects or string", content)
    for at, part in enumerate(content if isinstance(content, list) else ()):
        kind = part.get("type") if isinstance(part, dict) else None
        if kind not in _PARTS[role]:
            raise wrong_value(f"{param}.content[{at}].type", kind, _PARTS[role])
        if kind in ("input_text", "output_text") and not isinstance(part.get("text"), str):
            raise missing(f"{param}.content[{at}].text")


def _check_results(items: list[Json]) -> None:
    """Every call has its output after it, and every output its call before it; reasoning is followed by its fruit."""
    called: set[str] = set()
    answered: set[str] = set()
    for at, item in enumerate(items):
        match item["type"]:
            case "function_call":
                called.add(item["call_id"])
            case "function_call_output":
                if item["call_id"] not in called:
                    message = f"No tool call found for function call output with call_id {item['call_id']}."
                    raise invalid(message, param="input")
                answered.add(item["call_id"])
            case "reasoning" if not any(_is_fruit(later) for later in items[at + 1 :]):
                message = (
                    f"Item '{item.get('id')}' of type 'reasoning' was provided without its required following item."
                )
                raise invalid(message, param="input")
    if unanswered := sorted(called - answered):
        raise invalid(f"No tool output found for function call {unanswered[0]}.", param="input")


def _is_fruit(item: Json) -> bool:
    return item["type"] == "function_call" or item.get("role") == "assistant"
