"""How much the tools of one reply may do together."""

from dataclasses import dataclass

from pydantic_ai.exceptions import ToolFailed

CALLS = 20


@dataclass(slots=True)
class Budget:
    """Counts the calls of one reply, bad ones included, over all its toolsets."""

    calls: int = CALLS

    def spend(self) -> None:
        """Take one call. ToolFailed, in words for the model, when none is left."""
        if self.calls <= 0:
            raise ToolFailed("No more tools can be used in this reply. Answer now with what you have.")
        self.calls -= 1
