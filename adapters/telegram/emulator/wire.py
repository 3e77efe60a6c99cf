"""The Bot API's way of answering: the JSON of objects, the refusals, and lengths in UTF-16."""

from typing import Any

from bot.domain.errors import Refused

Json = dict[str, Any]
"""One Bot API object as it travels; its shape is the platform's, not ours."""


class Refusal(Refused):
    """The server's answer to a call that it does not carry out."""

    def __init__(self, code: int, description: str, parameters: Json | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def to_json(self) -> Json:
        body: Json = {"ok": False, "error_code": self.code, "description": self.description}
        return body | ({"parameters": self.parameters} if self.parameters else {})


def bad_request(reason: str) -> Refusal:
    """A 400; the first letter is lowered as the Bot API server does, unless the word is a constant."""
    if len(reason) > 1 and (reason[1].islower() or reason[1] in "' "):
        reason = reason[0].lower() + reason[1:]
    return Refusal(400, f"Bad Request: {reason}")


def forbidden(reason: str) -> Refusal:
    return Refusal(403, f"Forbidden: {reason}")


def too_many_requests(retry_after: int) -> Refusal:
    return Refusal(429, f"Too Many Requests: retry after {retry_after}", {"retry_after": retry_after})


def utf16_length(text: str) -> int:
    """How many UTF-16 code units `text` takes; the unit of all lengths and offsets of the Bot API."""
    return len(text) + sum(1 for char in text if ord(char) > 0xFFFF)
