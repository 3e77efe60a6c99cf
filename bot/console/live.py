"""The reply that is being written, as far as this page has heard of it."""

from dataclasses import dataclass, field

from adapters.web import Grew


@dataclass(slots=True)
class Live:
    """Text that grows by deltas; a lost delta shows as a gap, and what comes after it waits for `catch_up`."""

    message: str = ""
    """Id of the message that grows; empty before the first word was heard."""
    text: str = ""
    thinking: str = ""
    status: str = ""
    _waiting: list[Grew] = field(default_factory=list)

    @property
    def has_gap(self) -> bool:
        return bool(self._waiting)

    def clear(self) -> None:
        self.start("", "")

    def start(self, message: str, text: str, *, thinking: str = "", status: str = "") -> None:
        """The message `message` reads `text` now."""
        self.message, self.text, self.thinking, self.status = message, text, thinking, status
        self._waiting = []

    def grow(self, delta: Grew) -> None:
        if delta.message != self.message:
            self.start(delta.message, self.text if not self.message else "")
        self.thinking, self.status = delta.thinking, delta.status
        if self._waiting or delta.offset > len(self.text):
            self._waiting.append(delta)
        else:
            self.text = self.text[: delta.offset] + delta.text

    def catch_up(self, partial: str) -> None:
        """`partial` is the stored text so far; deltas that waited follow it, and what does not fit goes on waiting."""
        if len(partial) > len(self.text):
            self.text = partial
        waiting, self._waiting = self._waiting, []
        for delta in waiting:
            self.grow(delta)
