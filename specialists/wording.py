"""The visible text of one response, out of as many attempts as it took."""

from dataclasses import dataclass, field

from specialists.seam import Seam
from specialists.trailer import Trailer

PARAGRAPH = "\n\n"


@dataclass(slots=True)
class Wording:
    """Feeds go through the seam to what was said before, and lose the trailer at the end."""

    lead: str = ""
    """What separates this response from earlier text of the reply."""
    said: str = ""
    """All that was let through so far, without the lead."""
    spoke: bool = field(default=False, init=False)
    """The attempt under way has said something."""
    _seam: Seam = field(default_factory=lambda: Seam(""), init=False)
    _trailer: Trailer = field(default_factory=Trailer, init=False)

    def begin(self) -> None:
        """Another attempt starts to speak; it continues what was said."""
        self.spoke = False
        self._seam = Seam(self.said)
        self._trailer = Trailer()

    def feed(self, text: str) -> str:
        """What of the text can be shown."""
        self.spoke = self.spoke or bool(text.strip())
        return self._shown(self._trailer.feed(self._seam.feed(text)))

    def end(self, *, broken: bool = False) -> str:
        """The rest, when the attempt is over."""
        rest = self._trailer.feed(self._seam.end(broken=broken))
        return self._shown(rest + self._trailer.end())

    @property
    def complete(self) -> bool:
        """The trailer is there: the response is whole, whatever happens to its connection."""
        return self._trailer.complete or self._trailer.found

    @property
    def confidence(self) -> float | None:
        return self._trailer.confidence

    def _shown(self, text: str) -> str:
        if self.said or not text:
            self.said += text
            return text
        if self.lead:
            text = text.lstrip("\n")
            if not text.strip():
                return ""
        self.said = text
        return self.lead + text
