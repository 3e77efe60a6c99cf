"""What the Bot API calls its methods and parameters, read from aiogram's own method models."""

import json
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import aiogram.methods
from aiogram.methods.base import TelegramMethod
from aiogram.types import InputFile
from pydantic import BaseModel, ValidationError

from adapters.telegram.emulator.wire import Json, Refusal, bad_request

_MISSING = {
    "chat_id": "chat_id is empty",
    "text": "message text is empty",
    "message_id": "message identifier is not specified",
    "reply_markup": "object expected as reply markup",
}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a multipart request."""

    filename: str
    data: bytes
    media_type: str = "application/octet-stream"


@dataclass(slots=True)
class Request:
    """One call: its parameters as JSON values, the files beside them, and names the API does not know."""

    method: str
    params: Json
    uploads: dict[str, Upload] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)

    def text(self, name: str) -> str:
        """The parameter as text; an absent one is empty."""
        value = self.params.get(name)
        return "" if value is None else str(value)

    def number(self, name: str, default: int = 0) -> int:
        value = self.params.get(name)
        return default if value is None else int(value)

    def flag(self, name: str) -> bool:
        return bool(self.params.get(name))


@dataclass(frozen=True, slots=True)
class MethodSchema:
    """One Bot API method: its model and how each parameter is written on the wire."""

    name: str
    model: type[TelegramMethod[typing.Any]]
    kinds: dict[str, str]


@cache
def read_methods() -> Mapping[str, MethodSchema]:
    """All methods that the installed aiogram knows, by lower-case name (the server ignores case)."""
    found: dict[str, MethodSchema] = {}
    for exported in vars(aiogram.methods).values():
        if isinstance(exported, type) and issubclass(exported, TelegramMethod) and exported is not TelegramMethod:
            name = exported.__api_method__
            kinds = {key: _kind(info.annotation) for key, info in exported.model_fields.items()}
            found[name.lower()] = MethodSchema(name, exported, kinds)
    return found


def _kind(annotation: object) -> str:
    """`json`, `integer`, `float`, `boolean`, `file` or `text`: how a form field of this type is read."""
    leaves = _leaves(annotation)
    if any(isinstance(leaf, type) and issubclass(leaf, InputFile) for leaf in leaves):
        return "file"
    if any(typing.get_origin(leaf) in (list, dict) for leaf in leaves):
        return "json"
    if any(isinstance(leaf, type) and issubclass(leaf, BaseModel) for leaf in leaves):
        return "json"
    for kind, python in (("text", str), ("boolean", bool), ("float", float), ("integer", int)):
        if python in leaves:
            return kind
    return "integer"


def _leaves(annotation: object) -> list[object]:
    if typing.get_origin(annotation) in (typing.Union, types.UnionType, typing.Annotated):
        return [leaf for part in typing.get_args(annotation) for leaf in _leaves(part)]
    if (value := getattr(annotation, "__value__", None)) is not None:
        return _leaves(value)
    return [annotation]


def parse_request(schema: MethodSchema, fields: Json, uploads: dict[str, Upload]) -> Request:
    """Read the values of a call; Refusal with 400 when one has the wrong type or is missing."""
    request = Request(schema.name, {}, dict(uploads))
    for name, upload in uploads.items():
        if schema.kinds.get(name) == "file":
            fields = {**fields, name: f"attach://{name}"}
            request.uploads[name] = upload
    for name, value in fields.items():
        if name not in schema.kinds:
            if name not in uploads:
                request.unknown.append(name)
            continue
        request.params[name] = _read(schema.kinds[name], name, value)
    _validate(schema, request)
    return request


def _read(kind: str, name: str, value: object) -> object:
    if isinstance(value, str):
        _refuse_broken_text(value)
    match kind, value:
        case "json", str():
            return _read_json(name, value)
        case "boolean", str():
            return value.lower() in ("true", "yes", "1")
        case (("integer" | "float"), str()):
            return _read_number(kind, name, value)
        case "text", bool() | dict() | list():
            raise bad_request(f'field "{name}" must be of type String')
        case _:
            return value


def _read_number(kind: str, name: str, value: str) -> float:
    try:
        return int(value) if kind == "integer" else float(value)
    except ValueError as error:
        raise bad_request(f'parameter "{name}" must be a number') from error


def _read_json(name: str, value: str) -> object:
    try:
        decoded: object = json.loads(value)
    except ValueError as error:
        raise bad_request(f"can't parse {name} JSON object") from error
    refuse_broken_texts(decoded)
    return decoded


def _refuse_broken_text(value: str) -> None:
    if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
        raise bad_request("strings must be encoded in UTF-8")


def refuse_broken_texts(value: object) -> None:
    """Refusal when any string inside `value` holds a lone surrogate."""
    match value:
        case str():
            _refuse_broken_text(value)
        case dict():
            for key, item in value.items():
                _refuse_broken_text(str(key))
                refuse_broken_texts(item)
        case list():
            for item in value:
                refuse_broken_texts(item)


def _validate(schema: MethodSchema, request: Request) -> None:
    try:
        model = schema.model.model_validate(request.params)
    except ValidationError as error:
        raise _explained(error) from error
    for name in request.params:
        _collect_unknown(getattr(model, name, None), name, request.unknown)


def _explained(error: ValidationError) -> Refusal:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    name = str(first["loc"][0]) if first["loc"] else "request"
    if first["type"] == "missing" and len(first["loc"]) == 1:
        return bad_request(_MISSING.get(name, f'parameter "{name}" is required'))
    where = ".".join(str(part) for part in first["loc"][1:] if "[" not in str(part))
    return bad_request(f"can't parse {name}: {where or 'value'}: {first['msg']}")


def _collect_unknown(value: object, path: str, unknown: list[str]) -> None:
    match value:
        case BaseModel():
            unknown.extend(f"{path}.{extra}" for extra in value.model_extra or {})
            for name in value.model_fields_set:
                _collect_unknown(getattr(value, name, None), f"{path}.{name}", unknown)
        case list() | tuple():
            for item in value:
                _collect_unknown(item, f"{path}[]", unknown)
