"""Arguments as models send them: checked, and what is wrong told in a way that they can mend."""

from typing import Any, Literal

from pydantic import BaseModel, ValidationError
from pydantic_ai.exceptions import ToolFailed
from pydantic_core import ErrorDetails, from_json

from specialists.tools.budget import Budget

_MOST_MISTAKES = 8
_LONGEST_MISTAKE_CHARS = 300

Partial = bool | Literal["off", "on", "trailing-strings"]


class Checked:
    """Validator of one tool's arguments, in the form that pydantic-ai asks for.

    A bad call is a failed result with the reasons, so a model may try again, and one that never learns costs calls of
    its budget instead of the whole reply.
    """

    def __init__(self, model: type[BaseModel] | None, budget: Budget) -> None:
        """Without `model` any object passes: the arguments are checked by whoever receives them."""
        self._model = model
        self._budget = budget

    def validate_json(self, input: str | bytes | bytearray, *, allow_partial: Partial = False, **_: Any) -> Any:  # noqa: A002
        try:
            value = from_json(input)
        except ValueError as error:
            raise self._bad("The arguments are no valid JSON. Call again with one JSON object.") from error
        return self.validate_python(value)

    def validate_python(self, input: Any, *, allow_partial: Partial = False, **_: Any) -> Any:  # noqa: A002
        if not isinstance(input, dict):
            raise self._bad("The arguments must be one JSON object. Call again.")
        if self._model is None:
            return input
        try:
            checked = self._model.model_validate(input)
        except ValidationError as error:
            raise self._bad(_told(error.errors(include_url=False, include_context=False))) from error
        return {name: getattr(checked, name) for name in self._model.model_fields}

    def _bad(self, reason: str) -> ToolFailed:
        self._budget.spend()
        return ToolFailed(reason)


def _told(mistakes: list[ErrorDetails]) -> str:
    lines = [f"- {_where(mistake)}: {mistake['msg']}"[:_LONGEST_MISTAKE_CHARS] for mistake in mistakes[:_MOST_MISTAKES]]
    return "\n".join(("The arguments are wrong; nothing was done. Mend them and call again.", *lines))


def _where(mistake: ErrorDetails) -> str:
    return ".".join(str(part) for part in mistake["loc"]) or "arguments"
