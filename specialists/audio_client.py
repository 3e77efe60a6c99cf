"""A service of sound that speaks OpenAI's protocol: its client, and how often it is asked before it is given up."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from random import Random
from types import MappingProxyType
from typing import TypeVar

import httpx2
from openai import AsyncOpenAI
from openai import DefaultAioHttpClient as OpenAIHttp

from bot.domain.errors import SettingsError
from bot.domain.ports import Clock
from specialists.attempts import Attempts
from specialists.faults import fault
from specialists.models import NO_KEY, TIMEOUT, trust
from specialists.prices import split
from specialists.tools.call import within

_PROVIDER = "openai"
_OWN_URL = "https://api.openai.com/v1"
_CONNECTIONS = 100

T = TypeVar("T")


@dataclass(slots=True)
class AudioClient:
    """One model of one service. What experience teaches about it is kept for as long as the process lives."""

    name: str
    """`provider:model`."""
    client: AsyncOpenAI
    clock: Clock
    random: Random
    retries: int
    _refused: set[tuple[str, str]] = field(default_factory=set, init=False)
    """What the model turned out not to take: a key of `faults.SOUND_PARAMETERS`, and the value that `insist` was told
    of it."""

    @classmethod
    def open(
        cls, setting: str, name: str, *, api_key: str, base_url: str, clock: Clock, random: Random, retries: int
    ) -> "AudioClient":
        """`setting` gave the `name`, `openai:model`. An empty `base_url` is OpenAI's own, which wants a key.

        SettingsError, which names the setting and the fix.
        """
        provider, model = split(name)
        if provider != _PROVIDER or not model:
            raise SettingsError(
                f"{setting}={name!r} is no model: write openai: and its name; for another service that speaks OpenAI's "
                f"protocol set {setting.replace('_MODEL', '_BASE_URL')} too"
            )
        if not api_key and base_url in ("", _OWN_URL):
            raise SettingsError(
                f"{setting}={name} needs a key: set OPENAI_API_KEY or {setting.replace('_MODEL', '_API_KEY')}"
            )
        http = OpenAIHttp(
            timeout=TIMEOUT,
            limits=httpx2.Limits(max_connections=_CONNECTIONS),
            verify=trust(),
            follow_redirects=False,
        )
        client = AsyncOpenAI(api_key=api_key or NO_KEY, base_url=base_url or _OWN_URL, http_client=http, max_retries=0)
        return cls(name, client, clock, random, retries)

    @property
    def model(self) -> str:
        """As the service calls it."""
        return split(self.name)[1]

    async def insist(
        self,
        seconds: float,
        once: Callable[[Collection[str]], Awaitable[T]],
        values: Mapping[str, str] = MappingProxyType({}),
    ) -> T:
        """The result of `once`, each attempt of which may take `seconds`. It is told which hints to leave out.

        What may pass is tried again, with a pause that grows and that the service may lengthen; a hint that it refuses
        is left out from then on, and it is asked at once without. `values` are those of hints that may be refused for
        the sake of their value, such as a language: they are left out with this value only. Raises EngineError.
        """
        attempts = Attempts(self.retries, self.random)
        while True:
            withheld = frozenset(hint for hint, value in self._refused if value == values.get(hint, ""))
            try:
                return await within(self.clock, seconds, once(withheld))
            except Exception as error:
                found = fault(error, self.name)
                if found.parameter and found.parameter not in withheld:
                    self._refused.add((found.parameter, values.get(found.parameter, "")))
                    continue
                wait_seconds = attempts.wait_seconds(found)
                if wait_seconds is None:
                    # Not `from error`: a service's message may quote what the user said, and errors are logged.
                    raise found.error from None
            await self.clock.sleep(wait_seconds)

    async def close(self) -> None:
        """Close all connections."""
        await self.client.close()
