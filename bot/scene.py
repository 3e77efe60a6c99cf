"""All that is known about a turn when its reply begins, read in one transaction."""

from dataclasses import dataclass, replace

from bot.domain.reply import Decision, Prompt, Utterance
from bot.domain.specialist import Specialist
from bot.domain.thread import Message, Thread, Turn, User
from bot.markdown.plain import literal
from storage.pauses import Pause


@dataclass(frozen=True, slots=True)
class Scene:
    turn: Turn
    thread: Thread
    user: User
    said: tuple[Message, ...]
    history: tuple[Message, ...]
    """What was said after `summary`, oldest first."""
    previous: Turn | None
    """The turn before, whose buttons disappear when this one is answered."""
    summary: str = ""
    facts: tuple[str, ...] = ()
    choices: tuple[tuple[str, str], ...] = ()
    """Whom the user chose before, as (specialist, stems of the question); read only when somebody is to be chosen."""
    pause: Pause | None = None
    """Where this very reply paused, when it is to go on from there."""
    replaced: str = ""
    """The reply that this one replaces, if it stays to be read should this one fail."""
    ending: bool = False
    """The turn waits for a decision that will not come, and is to end."""

    @property
    def text(self) -> str:
        """The burst as one text; a paste that the client cut is whole again."""
        parts = [message.text + ("" if message.cut else "\n") for message in self.said]
        return "".join(parts).removesuffix("\n")

    @property
    def is_granted(self) -> bool | None:
        """What was decided about the pause; None when there was none, or no leave was asked for."""
        return self.pause.granted if self.pause is not None and self.pause.requests else None

    @property
    def read_already(self) -> str:
        """What of this reply the user has read and keeps."""
        return self.pause.text if self.pause is not None and self.pause.requests else ""

    @property
    def quote(self) -> str:
        """What the user said by a button, which no message of theirs shows."""
        if not self.said or self.said[0].ref is not None:
            return ""
        return "".join(f"> {literal(line)}\n" for line in self.text.splitlines()) + "\n"

    def assigned(self, specialist: str) -> "Scene":
        return replace(self, turn=replace(self.turn, specialist=specialist))

    def prompt(self, specialist: Specialist) -> Prompt:
        """What the specialist's engine is told, but for what its tools may cause."""
        decision = None
        if self.pause is not None and self.is_granted is not None:
            decision = Decision(self.pause.state, self.is_granted)
        return Prompt(
            turn=self.turn.id,
            specialist=specialist,
            text=self.text,
            history=tuple(Utterance(message.role, message.text) for message in self.history),
            user_name=self.user.name,
            locale=self.user.locale,
            thread=self.thread.id,
            user=self.user.id,
            summary=self.summary,
            facts=self.facts,
            said=self.read_already,
            decision=decision,
        )
