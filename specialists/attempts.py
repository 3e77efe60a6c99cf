"""How often a model is asked again, and how long to wait before."""

from dataclasses import dataclass, field
from random import Random

from specialists.faults import Fault

LONGEST_WAIT_SECONDS = 20.0
"""A provider that wants to be left alone for longer is not waited for: the next model is asked."""
_FIRST_SECONDS = 0.5
_MOST_SECONDS = 8.0


@dataclass(slots=True)
class Attempts:
    """The budget of one model within one reply."""

    retries: int
    random: Random
    _used: int = field(default=0, init=False)

    def wait_seconds(self, fault: Fault) -> float | None:
        """How long to wait before the same request goes to the same model again; None: not at all.

        Exponential with jitter, at least as long as the provider asked for. Never for what a second try cannot mend:
        wrong keys, used up quotas, refused requests.
        """
        if not fault.again or self._used >= self.retries:
            return None
        wanted = fault.error.retry_after_seconds or 0.0
        if wanted > LONGEST_WAIT_SECONDS:
            return None
        backoff = min(_FIRST_SECONDS * (1 << self._used), _MOST_SECONDS) * self.random.uniform(0.5, 1.0)
        self._used += 1
        return max(wanted, backoff)
