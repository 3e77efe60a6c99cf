"""What a tool tells the engine besides its result."""

from dataclasses import dataclass, field

from bot.domain.messenger import File
from bot.domain.reply import Handover


@dataclass(slots=True)
class Signals:
    """Of one reply. The engine looks here after every tool result and takes what it finds."""

    handover: Handover | None = None
    """The reply ends here, and this specialist goes on."""
    attachments: list[File] = field(default_factory=list)
    """Files to show below the reply, oldest first."""

    def take_attachments(self) -> list[File]:
        """The files that were not taken yet."""
        taken, self.attachments = self.attachments, []
        return taken
