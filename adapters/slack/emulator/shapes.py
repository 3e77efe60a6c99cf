"""A small language for the shapes of Block Kit: a check takes a value and its place, and refuses what is wrong.

The places are JSON pointers, as in Slack's own messages: `must be a string [json-pointer:/blocks/0/text]`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from adapters.slack.emulator.wire import Json, Refusal, invalid_blocks

Check = Callable[[object, str], None]
"""Refusal (`invalid_blocks`) when the value at the pointer breaks the rule."""
_URL = re.compile(r"(https?|mailto|slack):\S+")


def wrong(problem: str, pointer: str) -> Refusal:
    """The refusal to raise: what is wrong, and where."""
    return invalid_blocks(f"{problem} [json-pointer:{pointer}]")


def text(longest: int, shortest: int = 1) -> Check:
    """A string of `shortest` to `longest` characters."""

    def check(value: object, pointer: str) -> None:
        if not isinstance(value, str):
            raise wrong("must be a string", pointer)
        if len(value) > longest:
            raise wrong(f"must be less than {longest + 1} characters", pointer)
        if len(value) < shortest:
            raise wrong(f"must be more than {shortest - 1} characters", pointer)

    return check


def url(longest: int = 3000) -> Check:
    fits = text(longest)

    def check(value: object, pointer: str) -> None:
        fits(value, pointer)
        if not _URL.fullmatch(str(value)):
            raise wrong("invalid url", pointer)

    return check


def flag(value: object, pointer: str) -> None:
    if not isinstance(value, bool):
        raise wrong("must be a boolean", pointer)


def number(lowest: int, highest: int) -> Check:
    def check(value: object, pointer: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            raise wrong("must be an integer", pointer)
        if not lowest <= value <= highest:
            raise wrong(f"must be between {lowest} and {highest}", pointer)

    return check


def one_of(*allowed: str) -> Check:
    def check(value: object, pointer: str) -> None:
        if value not in allowed:
            raise wrong(f"must be one of {', '.join(allowed)}", pointer)

    return check


def anything(value: object, pointer: str) -> None:
    """No rule of ours."""


def as_list(value: object, pointer: str) -> list[Any]:
    if not isinstance(value, list):
        raise wrong("must be an array", pointer)
    return value


def list_of(item: Check, shortest: int, longest: int) -> Check:
    """A list of `shortest` to `longest` values, each of which passes `item`."""

    def check(value: object, pointer: str) -> None:
        items = as_list(value, pointer)
        if len(items) > longest:
            raise wrong(f"no more than {longest} items allowed", pointer)
        if len(items) < shortest:
            raise wrong(f"no fewer than {shortest} items allowed", pointer)
        for index, one in enumerate(items):
            item(one, f"{pointer}/{index}")

    return check


def shape(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object with all `required` fields, some of the `optional` ones, and no other."""
    known = {**(optional or {}), **required}

    def check(value: object, pointer: str) -> None:
        fields = as_object(value, pointer)
        for name in required:
            if name not in fields:
                raise wrong(f"missing required field: {name}", pointer)
        for name, one in fields.items():
            if name not in known:
                raise wrong(f"invalid additional property: {name}", pointer)
            known[name](one, f"{pointer}/{name}")

    return check


def tagged(kinds: Mapping[str, Check]) -> Check:
    """An object whose `type` chooses the check that it must pass."""

    def check(value: object, pointer: str) -> None:
        kind = as_object(value, pointer).get("type")
        if not isinstance(kind, str) or kind not in kinds:
            raise wrong(f"unsupported type: {kind}", f"{pointer}/type")
        kinds[kind](value, pointer)

    return check


def every(*checks: Check) -> Check:
    """Passes all the checks, one after the other."""

    def check(value: object, pointer: str) -> None:
        for one in checks:
            one(value, pointer)

    return check


def as_object(value: object, pointer: str) -> Json:
    if not isinstance(value, dict):
        raise wrong("must be an object", pointer)
    return value


def at_least_one(*names: str) -> Check:
    """An object with at least one of the fields."""

    def check(value: object, pointer: str) -> None:
        if not any(name in as_object(value, pointer) for name in names):
            raise wrong(f"missing required field: {' or '.join(names)}", pointer)

    return check


def exactly_one(*names: str) -> Check:
    def check(value: object, pointer: str) -> None:
        if sum(name in as_object(value, pointer) for name in names) != 1:
            raise wrong(f"must have exactly one of {', '.join(names)}", pointer)

    return check


def all_different(values: Sequence[object], what: str, pointer: str) -> None:
    """Refusal when one of `values` occurs twice."""
    seen: set[object] = set()
    for one in values:
        if one in seen:
            raise wrong(f'{what} "{one}" already exists', pointer)
        seen.add(one)
