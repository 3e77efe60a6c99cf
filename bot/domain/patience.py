"""How long to wait before the next try of something that must succeed, longer each time."""

from random import Random, SystemRandom

from bot.domain.job import backoff_seconds
from bot.domain.ports import Clock

_CAP_SECONDS = 30.0


class Patience:
    """Waits 1, 2, 4 … up to 30 s, each a little less by chance, so that many processes do not return at once."""

    def __init__(self, clock: Clock, random: Random | None = None) -> None:
        self._clock = clock
        self._random = random or SystemRandom()
        self.tries = 0

    async def wait(self, least_seconds: float = 0.0) -> None:
        """Wait after a failure; at least as long as the other side asked."""
        self.tries += 1
        await self._clock.sleep(max(least_seconds, backoff_seconds(self.tries, self._random, cap=_CAP_SECONDS)))

    def reset(self) -> None:
        """It worked."""
        self.tries = 0
