"""The models that can be asked: which providers there are, their clients (built once), and what is known of each."""

import asyncio
import logging
import ssl
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from types import MappingProxyType

import httpx2
from anthropic import AsyncAnthropic
from anthropic import DefaultAioHttpClient as AnthropicHttp
from openai import AsyncOpenAI
from openai import DefaultAioHttpClient as OpenAIHttp
from pydantic_ai.models import Model
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.ollama import OllamaModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel, OpenAIResponsesModelSettings
from pydantic_ai.models.openrouter import OpenRouterModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.deepseek import DeepSeekProvider
from pydantic_ai.providers.ollama import OllamaProvider
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider
from pydantic_ai.providers.openrouter import OpenRouterProvider

from bot.domain.errors import SettingsError
from bot.domain.ports import Clock
from specialists.added import KINDS, AddedProvider, RetiringClient
from specialists.faults import PICTURES
from specialists.prices import split

Make = Callable[[str], Model]
"""Name of the model, as its provider calls it → the model."""

GOOGLE = "google"
_UNKNOWN_CONTEXT_TOKENS = 32_000
_REST_SECONDS = 30.0
NO_KEY = "none"
_CONNECTIONS = 1_000
TIMEOUT = httpx2.Timeout(connect=10.0, read=900.0, write=60.0, pool=10.0)
"""A net below our own limits, which are kept by the platform's clock."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Keys and addresses of providers, as the settings give them. An empty address is the provider's own."""

    openai_api_key: str = field(default="", repr=False)
    openai_base_url: str = ""
    anthropic_api_key: str = field(default="", repr=False)
    anthropic_base_url: str = ""
    deepseek_api_key: str = field(default="", repr=False)
    deepseek_base_url: str = ""
    xai_api_key: str = field(default="", repr=False)
    xai_base_url: str = ""
    openrouter_api_key: str = field(default="", repr=False)
    openrouter_base_url: str = ""
    google_api_key: str = field(default="", repr=False)
    google_base_url: str = ""
    ollama_base_url: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """Where a provider is found in `Credentials`, and its own address."""

    key: str
    """Empty when there is none to give."""
    base_url: str
    own_url: str
    """Empty when there is no common one."""

    @property
    def missing(self) -> str:
        """What the operator of the machine has to set."""
        return (self.key or self.base_url).upper()

    def reached(self, credentials: Credentials) -> bool:
        """Whether it can be asked: a key for the provider's own address; another address may do without."""
        return bool((self.key and getattr(credentials, self.key)) or self.address(credentials) != self.own_url)

    def address(self, credentials: Credentials) -> str:
        return str(getattr(credentials, self.base_url)) or self.own_url

    def secret(self, credentials: Credentials) -> str:
        return (str(getattr(credentials, self.key)) if self.key else "") or NO_KEY


_OPENAI = Service("openai_api_key", "openai_base_url", "https://api.openai.com/v1")
SERVICES: Mapping[str, Service] = MappingProxyType(
    {
        "openai": _OPENAI,
        "openai-chat": _OPENAI,
        "anthropic": Service("anthropic_api_key", "anthropic_base_url", "https://api.anthropic.com"),
        "deepseek": Service("deepseek_api_key", "deepseek_base_url", "https://api.deepseek.com"),
        "xai": Service("xai_api_key", "xai_base_url", "https://api.x.ai/v1"),
        "openrouter": Service("openrouter_api_key", "openrouter_base_url", "https://openrouter.ai/api/v1"),
        "ollama": Service("", "ollama_base_url", ""),
        GOOGLE: Service("google_api_key", "google_base_url", ""),
    }
)


class Models:
    """All models by name, `provider:model`. One for the process; closed at the end.

    It also remembers what experience taught about a model: which hints it refuses, and that it failed a moment ago.
    """

    def __init__(
        self,
        makers: Mapping[str, Make],
        clock: Clock,
        *,
        missing: Mapping[str, str] = MappingProxyType({}),
        clients: Iterable[httpx2.AsyncClient] = (),
        text_only: Collection[str] = (),
    ) -> None:
        """`makers` by provider; `missing` says of the others what must be set; `clients` are closed in the end.

        `text_only` names models that cannot see, `provider:model` or `provider:*`.
        """
        self._text_only = frozenset(text_only)
        self._makers = dict(makers)
        self._missing = dict(missing)
        self._clients = tuple(clients)
        self._built_in = frozenset({*self._makers, *self._missing})
        self._added: dict[str, _Added] = {}
        self._leaving: set[RetiringClient] = set()
        self._retiring: set[asyncio.Task[None]] = set()
        self._clock = clock
        self._made: dict[str, Model] = {}
        self._refused: dict[str, frozenset[str]] = {}
        self._resting: dict[str, float] = {}

    @classmethod
    def build(
        cls,
        credentials: Credentials,
        clock: Clock,
        *,
        extra: Mapping[str, Make] = MappingProxyType({}),
        text_only: Collection[str] = (),
    ) -> "Models":
        """`extra` brings providers that are not built in, such as `google`, whose SDK is an optional extra."""
        reached = {name: one for name, one in SERVICES.items() if name != GOOGLE and one.reached(credentials)}
        makers: dict[str, Make] = {}
        clients: list[httpx2.AsyncClient] = []
        if (anthropic := reached.pop("anthropic", None)) is not None:
            clients.append(anthropic_http := AnthropicHttp(timeout=TIMEOUT, limits=_limits(), verify=trust()))
            url, key = anthropic.address(credentials), anthropic.secret(credentials)
            claude = AsyncAnthropic(api_key=key, base_url=url, http_client=anthropic_http, max_retries=0)
            makers["anthropic"] = partial(_anthropic, AnthropicProvider(anthropic_client=claude))
        if reached:
            clients.append(http := OpenAIHttp(timeout=TIMEOUT, limits=_limits(), verify=trust()))
            for name, service in reached.items():
                url, key = service.address(credentials), service.secret(credentials)
                client = AsyncOpenAI(api_key=key, base_url=url, http_client=http, max_retries=0)
                makers[name] = _openai_makers(client, own=url == service.own_url)[name]
        missing = {name: service.missing for name, service in SERVICES.items()}
        return cls(makers | dict(extra), clock, missing=missing, clients=clients, text_only=text_only)

    def adopt(self, providers: Iterable[AddedProvider]) -> None:
        """Put these providers in the place of those that were adopted before; call from a running event loop.

        What replies hold of a provider that is changed or gone works on until they end; then its connections are
        closed. A provider that is built in stays what it is.
        """
        wanted = {one.name: one for one in providers if one.name not in self._built_in}
        for name, added in list(self._added.items()):
            if wanted.get(name) != added.provider:
                self._dismiss(name)
        for name in wanted.keys() - self._added.keys():
            added = _added(wanted[name])
            self._added[name] = added
            if added.make is not None:
                self._makers[name] = added.make
            else:
                _log.warning("a provider cannot be asked", extra={"provider": name, "detail": added.trouble})

    def known(self, name: str) -> bool:
        """Whether `name` is written as the name of a model of a provider that we know, set up or not."""
        provider, model = split(name)
        return bool(model) and (provider in self._built_in or provider in self._added)

    def check(self, name: str) -> None:
        """SettingsError when the model cannot be asked: says what is missing and how to set it."""
        provider, model = split(name)
        if provider in self._makers and model:
            return
        if not self.known(name):
            providers = ", ".join(sorted({*self._built_in, *self._added}))
            raise SettingsError(f"{name!r} is no model: write provider:model, with one of {providers}")
        if provider in self._added:
            raise SettingsError(f"the model {name} cannot be asked: {self._added[provider].trouble}")
        if provider == GOOGLE:
            hint = ".venv/bin/pip install 'pydantic-ai-slim[google]' and set GOOGLE_API_KEY"
            raise SettingsError(f"the model {name} needs the optional extra google: {hint}")
        raise SettingsError(f"the model {name} needs {self._missing[provider]}: set it in the environment or .env")

    def get(self, name: str) -> Model:
        """The model, always the same object for one name. SettingsError as of `check`."""
        if name not in self._made:
            self.check(name)
            provider, model = split(name)
            self._made[name] = self._makers[provider](model)
        return self._made[name]

    def context_tokens(self, name: str) -> int:
        """How much it can read and write in one request; a careful guess where nobody says. SettingsError as `get`."""
        return self.get(name).context_window or _UNKNOWN_CONTEXT_TOKENS

    def sees(self, name: str) -> bool:
        """Whether the model takes pictures, as far as is known: unless a setting, its profile or experience says no."""
        provider, _ = split(name)
        if self._text_only & {name, f"{provider}:*"} or PICTURES in self.refused(name):
            return False
        try:
            return self.get(name).profile.get("supports_image_input", True)
        except SettingsError:
            return True

    def refused(self, name: str) -> frozenset[str]:
        """What the model turned out not to take: keys of `faults.PARAMETERS`, or `faults.PICTURES`; `ending`: it never
        says why it ends."""
        return self._refused.get(name, frozenset())

    def refuse(self, name: str, hint: str) -> None:
        """Never give the model that hint again, as long as the process lives."""
        self._refused[name] = self.refused(name) | {hint}

    def failed(self, name: str) -> None:
        """The model was down: for half a minute others are asked before it."""
        self._resting[name] = self._clock.monotonic() + _REST_SECONDS

    def answered(self, name: str) -> None:
        self._resting.pop(name, None)

    def order(self, names: Sequence[str], *, pictures: bool = False) -> list[str]:
        """`names`, each once; those that failed a moment ago at the end. With `pictures`, behind all that see come
        those that do not."""
        now = self._clock.monotonic()
        able = self.able(names, pictures=pictures)
        blind = {name for name in able if pictures and not self.sees(name)}
        return sorted(able, key=lambda name: (name in blind, self._resting.get(name, now) > now))

    def able(self, names: Sequence[str], *, pictures: bool = False) -> list[str]:
        """`names`, each once, as a specialist would have them; with `pictures` those first that see."""
        return sorted(dict.fromkeys(names), key=lambda name: pictures and not self.sees(name))

    async def close(self) -> None:
        """Close all connections."""
        for task in self._retiring:
            task.cancel()
        await asyncio.gather(*self._retiring, return_exceptions=True)
        added = (one.client for one in self._added.values() if one.client is not None)
        for client in (*self._clients, *added, *self._leaving):
            await client.aclose()

    def _dismiss(self, name: str) -> None:
        """Forget an adopted provider, and what experience taught about its models: another may come under its name."""
        added = self._added.pop(name)
        self._makers.pop(name, None)
        for memory in (self._made, self._refused, self._resting):
            for model in [model for model in memory if split(model)[0] == name]:
                del memory[model]
        if added.client is not None:
            self._retire(added.client)

    def _retire(self, client: RetiringClient) -> None:
        async def retired() -> None:
            await client.retire(self._clock)
            self._leaving.discard(client)

        self._leaving.add(client)
        task = asyncio.create_task(retired(), name="a provider's client retires")
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)


@dataclass(frozen=True, slots=True)
class _Added:
    """A provider that was adopted."""

    provider: AddedProvider
    make: Make | None = None
    """None when it cannot be asked."""
    client: RetiringClient | None = None
    trouble: str = ""


def _added(provider: AddedProvider) -> _Added:
    kind = next((kind for kind in KINDS if kind == provider.kind), None)
    if kind is None:
        return _Added(provider, trouble=f"this version does not speak {provider.kind!r}")
    if provider.trouble:
        return _Added(provider, trouble=provider.trouble)
    service = SERVICES[kind]
    client = RetiringClient(timeout=TIMEOUT, limits=_limits(), verify=trust())
    url, key = provider.base_url or service.own_url, provider.key or NO_KEY
    if kind == "anthropic":
        claude = AsyncAnthropic(api_key=key, base_url=url, http_client=client, max_retries=0)
        return _Added(provider, partial(_anthropic, AnthropicProvider(anthropic_client=claude)), client)
    speaking = AsyncOpenAI(api_key=key, base_url=url, http_client=client, max_retries=0)
    return _Added(provider, _openai_makers(speaking, own=url == service.own_url)[kind], client)


@cache
def trust() -> ssl.SSLContext:
    """The authorities whom this machine trusts, which take long to read, for all clients of the process."""
    return httpx2.create_ssl_context()


def _limits() -> httpx2.Limits:
    return httpx2.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=100)


def _openai_makers(client: AsyncOpenAI, *, own: bool) -> Mapping[str, Make]:
    """Everything that speaks OpenAI's protocol over `client`. `own`: it is at the provider's own address."""
    chat = OpenAIProvider(openai_client=client) if own else OpenAICompatibleProvider("openai", openai_client=client)
    return {
        "openai": partial(_responses, OpenAIProvider(openai_client=client)),
        "openai-chat": partial(_chat, chat),
        "deepseek": partial(_chat, DeepSeekProvider(openai_client=client)),
        "xai": partial(_chat, OpenAICompatibleProvider("xai", openai_client=client)),
        "openrouter": partial(_openrouter, OpenRouterProvider(openai_client=client)),
        "ollama": partial(_ollama, OllamaProvider(openai_client=client)),
    }


def _responses(provider: OpenAIProvider, name: str) -> Model:
    return OpenAIResponsesModel(name, provider=provider, settings=OpenAIResponsesModelSettings(openai_store=False))


def _chat(provider: OpenAIProvider | OpenAICompatibleProvider | DeepSeekProvider, name: str) -> Model:
    return OpenAIChatModel(name, provider=provider)


def _openrouter(provider: OpenRouterProvider, name: str) -> Model:
    return OpenRouterModel(name, provider=provider)


def _ollama(provider: OllamaProvider, name: str) -> Model:
    return OllamaModel(name, provider=provider)


def _anthropic(provider: AnthropicProvider, name: str) -> Model:
    return AnthropicModel(name, provider=provider)
