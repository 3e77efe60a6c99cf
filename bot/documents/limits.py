"""How much of a file is read, and how long we work at it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one file. What is longer than `pages`, `cells`, `parts` or `chars` is cut there; all others refuse it."""

    file_bytes: int = 20_000_000
    pages: int = 500
    cells: int = 200_000
    """Cells with something in them, of all sheets together."""
    parts: int = 5_000
    chars: int = 2_000_000
    expansion: int = 100
    """How many times its own size an archive may hold, when that is much at all."""
    expanded_bytes: int = 200_000_000
    members: int = 10_000
    """Files within an archive."""
    seconds: float = 30.0
    """From the start of the process that reads the file to its answer."""
    memory_bytes: int = 1_200_000_000
    """Address space of that process. Python, NumPy and FFmpeg take 0.2 GB of it before they do anything, and 50
    megapixels in three copies 0.6 GB."""
    pixels: int = 50_000_000
    speech_seconds: int = 600
    picture_side: int = 1568
    """Longest side of the picture that is handed on. Larger ones are made smaller by the providers, after they cost
    time to send (https://docs.claude.com/en/docs/build-with-claude/vision)."""
    picture_bytes: int = 1_500_000

    @property
    def answer_bytes(self) -> int:
        """The most that is written down about a file: in JSON no character takes more than six bytes."""
        return 6 * self.chars + 1_000 * self.parts + 1_000_000
