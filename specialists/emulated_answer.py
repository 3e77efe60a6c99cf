"""What an emulated model says when nobody wrote it a script."""

from collections.abc import Mapping
from dataclasses import dataclass
from json import dumps
from typing import Any

from specialists.emulated_steps import Asked, Call, Json, Say, Script

_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Echo:
    """Names the model and repeats what was said last; calls a tool only when it must, and fills in a wanted schema."""

    chunk_chars: int = 20
    pause_seconds: float = 0.0

    def __call__(self, asked: Asked) -> Script:
        if asked.forced:
            # Libraries that want an answer in the shape of a tool's arguments put that tool last.
            tool = asked.forced[-1]
            return [Call(tool, sample(asked.parameters[tool]), pause_seconds=self.pause_seconds)]
        if asked.schema is not None:
            return [self._say(dumps(sample(asked.schema), ensure_ascii=False))]
        role, text = asked.messages[-1] if asked.messages else ("user", "")
        if role == "tool":
            return [self._say(f"{asked.model} read this from the tool: {text}")]
        heard = next((said for who, said in reversed(asked.messages) if who == "user"), "")
        return [self._say(f"{asked.model} heard: {heard}")]

    def _say(self, text: str) -> Say:
        return Say(text, self.chunk_chars, self.pause_seconds)


def sample(schema: Json) -> Any:
    """The plainest value that a JSON Schema of a tool or an answer allows; `{}` for an empty schema."""
    return _sample(schema, schema, 0)


def _sample(schema: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> Any:
    schema = _resolved(schema, root)
    for name in ("const", "default"):
        if name in schema:
            return schema[name]
    for name in ("enum", "examples"):
        if schema.get(name):
            return schema[name][0]
    for name in ("anyOf", "oneOf"):
        if schema.get(name):
            return _sample(schema[name][0 if depth < _DEEPEST else -1], root, depth + 1)
    if schema.get("allOf"):
        merged = {key: value for part in schema["allOf"] for key, value in _resolved(part, root).items()}
        return _sample(merged, root, depth + 1)
    kind = schema.get("type", "object")
    return _of_kind(kind[0] if isinstance(kind, list) else kind, schema, root, depth)


def _of_kind(kind: str, schema: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> Any:
    match kind:
        case "string":
            return _string(schema)
        case "integer" | "number":
            return _number(schema, whole=kind == "integer")
        case "boolean":
            return True
        case "null":
            return None
        case "array":
            count = max(schema.get("minItems", 0), 0 if depth >= _DEEPEST else 1) if "items" in schema else 0
            return [_sample(schema["items"], root, depth + 1) for _ in range(min(count, schema.get("maxItems", count)))]
        case _:
            wanted = schema.get("required", ())
            properties = schema.get("properties", {})
            return {name: _sample(properties.get(name, {}), root, depth + 1) for name in wanted}


def _resolved(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    while (reference := schema.get("$ref")) is not None:
        target: Any = root
        for name in str(reference).removeprefix("#").strip("/").split("/"):
            target = target.get(name, {}) if name else target
        schema = target
    return schema


def _string(schema: Mapping[str, Any]) -> str:
    text = {"date": "2026-01-01", "date-time": "2026-01-01T00:00:00Z", "email": "ann@example.com"}.get(
        schema.get("format", ""), str(schema.get("title") or "text")
    )
    return text.ljust(schema.get("minLength", 0), ".")[: schema.get("maxLength")]


def _number(schema: Mapping[str, Any], *, whole: bool) -> float:
    low = schema.get("minimum", schema.get("exclusiveMinimum", 0) + (1 if "exclusiveMinimum" in schema else 0))
    number = min(low if low > 0 or "minimum" in schema else 1, schema.get("maximum", float("inf")))
    return int(number) if whole else float(number)
