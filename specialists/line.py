"""The models that may speak in one reply, one after the other."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from specialists.attempts import Attempts


@dataclass(slots=True)
class Line:
    names: Sequence[str]
    """In the order in which they are asked; at least one. Those before the one that has the floor had it."""
    first_choice: str
    retries: int
    random: Random
    attempts: Attempts = field(init=False)
    """The budget of the model that has the floor."""
    _at: int = field(default=0, init=False)
    _may_go_on: bool = field(default=True, init=False)

    def __post_init__(self) -> None:
        self.attempts = Attempts(self.retries, self.random)

    @property
    def name(self) -> str:
        """Who has the floor."""
        return self.names[self._at]

    @property
    def substitute(self) -> bool:
        """Not the model that the specialist would have."""
        return self.name != self.first_choice

    @property
    def waiting(self) -> Sequence[str]:
        """Who comes next."""
        return self.names[self._at + 1 :]

    def step_back(self) -> None:
        """Who has the floor goes to the end of the line, with a fresh budget; the next one is asked."""
        self.names = [*self.names[: self._at], *self.waiting, self.name]
        self.attempts = Attempts(self.retries, self.random)

    def pass_on(self, *, spoke: bool) -> bool:
        """Give the floor to the next model; False when there is none.

        Where there is none, a model that broke off in the middle of its text (`spoke`) may go on itself, once.
        """
        if self._at + 1 < len(self.names):
            self._at += 1
        elif spoke and self._may_go_on:
            self._may_go_on = False
        else:
            return False
        self.attempts = Attempts(self.retries, self.random)
        return True
