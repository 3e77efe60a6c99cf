"""Every setting: an environment variable, or a line of `.env`, by the name of the field in capitals."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.domain.errors import SettingsError
from storage.sealing import MAKE_ONE, Sealing


def _no_slash(url: str) -> str:
    return url.rstrip("/")


def _one_slash(url: str) -> str:
    return url.rstrip("/") + "/"


Url = Annotated[str, AfterValidator(_no_slash)]
BaseUrl = Annotated[str, AfterValidator(_one_slash)]
"""To which names are appended."""


class Settings(BaseSettings):
    """Read once, at the roof; everyone else receives the values they need."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", env_ignore_empty=True, populate_by_name=True
    )

    database_url: str = "sqlite:///var/switchboard.db"
    """`sqlite:///path` for one process, `postgresql://user:password@host/name` for as many as you like."""
    host: str = "127.0.0.1"
    """Address to listen on; `0.0.0.0` makes the pages reachable from other machines."""
    port: int = Field(8080, ge=0, le=65_535)
    """Port to listen on; 0 takes a free one."""
    public_url: Url = ""
    """How the outside reaches us, as in `https://chat.example.org`; needed for webhooks, and to be installed in
    several Slack workspaces."""
    jwt_secret: SecretStr = SecretStr("")
    """Signs access tokens and browser sessions, at least 32 characters. Empty: made once and kept in `var/secret`."""
    encryption_keys: SecretStr = SecretStr("")
    """Seal secrets in the database: `1:KEY` with a key of 32 bytes in base64; to rotate, `1:OLD,2:NEW`. Empty: no
    providers can be made at run time, and no Slack workspaces be added."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["text", "json"] = "text"

    telegram_bot_token: SecretStr = SecretStr("")
    """From @BotFather; empty: no Telegram."""
    telegram_api_base: Url = "https://api.telegram.org"
    """Another Bot API server, such as a local one."""
    telegram_mode: Literal["polling", "webhook"] = "polling"
    telegram_webhook_secret: SecretStr = SecretStr("")
    """Telegram sends it with every webhook call: 1 to 256 of A-Z a-z 0-9 _ and -."""

    slack_bot_token: SecretStr = SecretStr("")
    """`xoxb-…` of one workspace, from the page of the app at api.slack.com. Without it and without
    `SLACK_CLIENT_ID`: no Slack."""
    slack_mode: Literal["socket", "http"] = "socket"
    """How Slack's events reach us: a connection that we open, or posts to `PUBLIC_URL` + `/slack/events`."""
    slack_app_token: SecretStr = SecretStr("")
    """`xapp-…` with the scope `connections:write`, for the mode `socket`."""
    slack_signing_secret: SecretStr = SecretStr("")
    """Proves that a post comes from Slack, for the mode `http`."""
    slack_client_id: str = ""
    """With the next one: further workspaces install the app at `PUBLIC_URL` + `/slack/install`."""
    slack_client_secret: SecretStr = SecretStr("")
    slack_api_base: BaseUrl = "https://slack.com/api/"
    """Another Slack, such as GovSlack's."""

    default_model: str = ""
    """`provider:model` for every specialist that names none of its own; `handbook` answers from the shipped handbook
    without any account. Empty: `openai:` and `OPENAI_MODEL` where that is set, else `handbook`."""
    fallback_models: Annotated[tuple[str, ...], NoDecode] = ()
    """Asked in this order when a specialist's own models fail, separated by commas."""
    small_model: str = ""
    """For routing, titles and summaries; empty: `DEFAULT_MODEL`."""
    openai_api_key: SecretStr = SecretStr("")
    openai_base_url: Url = ""
    """Another service that speaks OpenAI's protocol; most of them know `openai-chat:` models only."""
    openai_model: str = ""
    """The model that `DEFAULT_MODEL` stands for when it is empty."""
    openai_max_tokens: int | None = Field(None, ge=16, le=1_000_000)
    """Longest reply of specialists that set no limit of their own, whoever provides the model."""
    openai_temperature: float | None = Field(None, ge=0, le=2)
    """Of specialists that set none of their own; models that take none are asked without."""
    anthropic_api_key: SecretStr = SecretStr("")
    anthropic_base_url: Url = ""
    deepseek_api_key: SecretStr = SecretStr("")
    deepseek_base_url: Url = ""
    xai_api_key: SecretStr = Field(SecretStr(""), validation_alias=AliasChoices("XAI_API_KEY", "GROK_API_KEY"))
    """Also read from `GROK_API_KEY`."""
    xai_base_url: Url = ""
    openrouter_api_key: SecretStr = SecretStr("")
    openrouter_base_url: Url = ""
    google_api_key: SecretStr = SecretStr("")
    """Needs the optional extra `google`."""
    google_base_url: Url = ""
    ollama_base_url: Url = ""
    """As in `http://localhost:11434/v1`; empty: no Ollama."""
    first_event_seconds: float = Field(30.0, gt=0, le=600)
    """How long a model may stay silent before another is asked."""
    reply_seconds: float = Field(300.0, gt=0, le=3_600)
    """How long a reply may take in all."""
    model_retries: int = Field(2, ge=0, le=10)
    """How often one model is asked again after a passing failure, before the next one is."""
    mcp_servers: str = ""
    """JSON: name → `{"url": …}` or `{"command": …, "args": […]}`, for specialists that name the server."""
    memory_messages: int = Field(40, ge=4, le=1_000)
    """How many messages of a thread a model is given word for word; older ones are summed up."""
    memory_tokens: int = Field(8_000, ge=500, le=1_000_000)
    """How long those may be together."""
    memory_facts: bool = False
    """Whether specialists may keep facts that users ask them to keep (`/memory`)."""
    rate_per_minute: int = Field(30, ge=0, le=10_000)
    """Turns that one user may begin in a minute; 0 for no limit."""
    daily_tokens_per_user: int | None = Field(None, ge=1)
    """Input and output together, in a day of UTC; empty for no limit."""
    daily_tokens_per_workspace: int | None = Field(None, ge=1)
    """The same for everybody of one Slack workspace, or of one messenger that has none."""
    text_only_models: Annotated[tuple[str, ...], NoDecode] = ()
    """Models that take no pictures and do not say so, as `provider:model` or `provider:*`, separated by commas."""

    transcribe_model: str = ""
    """Understands speech: `openai:` and the name of a model, or `local:` and the path of a Whisper model in the form of
    CTranslate2, which needs the optional extra `local`. Empty: voice messages are not understood."""
    transcribe_base_url: Url = ""
    """Another service that speaks OpenAI's protocol; empty: `OPENAI_BASE_URL`."""
    transcribe_api_key: SecretStr = SecretStr("")
    """Its key; empty: `OPENAI_API_KEY`."""
    speech_model: str = ""
    """Speaks replies for those who wish it (`/voice on`): `openai:` and the name of a model. Empty: nobody is offered
    that."""
    speech_voice: str = "alloy"
    """One of the model's voices."""
    speech_base_url: Url = ""
    """As `TRANSCRIBE_BASE_URL`."""
    speech_api_key: SecretStr = SecretStr("")

    files_url: str = "var/files"
    """Where users' files are kept: a folder, or `s3://bucket/prefix` (keys as S3 tools read them from the
    environment: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`)."""
    s3_endpoint: Url = ""
    """Another S3 than Amazon's, as in `https://s3.example.org`."""
    temporary_dir: Path = Path("var/temporary")
    """Where a file is while it is looked at; each process has its own folder there, and empties it at its start."""
    retention_days: int | None = Field(None, ge=1)
    """Threads in which nothing was said for so long are deleted, and files that are so old. Empty: nothing is."""
    file_megabytes: int = Field(20, ge=1, le=50)
    """Largest file that is taken."""
    voice_minutes: int = Field(10, ge=1, le=120)
    """Longest speech that is listened to."""
    file_pages: int = Field(500, ge=1, le=10_000)
    """What comes after so many pages of a document is not read."""
    file_cells: int = Field(200_000, ge=100, le=2_000_000)
    """What comes after so many cells of a table is not read."""
    file_seconds: float = Field(30.0, ge=1, le=300)
    """How long the reading of one file may take."""
    files_per_turn: int = Field(10, ge=1, le=100)
    """Further files of one question are left alone."""

    specialists_dir: Path | None = None
    """A folder with more specialists, or with changed ones of the shipped names."""
    knowledge_dir: Path | None = None
    """A folder of Markdown files that the handbook engine answers from besides its own."""

    burst_seconds: float = Field(0.8, ge=0, le=10)
    """Messages that follow each other within this time become one turn."""
    waiting_turns: int = Field(20, ge=1, le=1_000)
    """Turns that may wait in one thread before the user is asked to wait."""
    turn_concurrency: int = Field(1_000, ge=1, le=10_000)
    """Jobs that one process runs at once."""
    lease_seconds: float = Field(5.0, ge=1, le=120)
    """How long a process may be silent before another takes its work over."""
    grace_seconds: float = Field(10.0, ge=0, le=600)
    """How long running replies may go on after a signal to stop."""
    process_name: str = ""
    """Name of this process among its fellows; empty: the machine's name. A process that returns under its name
    continues its work at once."""

    @field_validator("fallback_models", "text_only_models", mode="before")
    @classmethod
    def _comma_separated(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(part.strip() for part in value.split(",") if part.strip())

    @property
    def has_slack(self) -> bool:
        return bool(self.slack_bot_token.get_secret_value() or self.slack_client_id)

    @property
    def main_model(self) -> str:
        """What `DEFAULT_MODEL` comes to."""
        return self.default_model or (f"openai:{self.openai_model}" if self.openai_model else "handbook")

    def chat_url(self, port: int) -> str:
        """Where a person opens the chat page when we listen on `port`."""
        return self.public_url or f"http://{'localhost' if self.host in _HERE else self.host}:{port}"


_HERE = {"127.0.0.1", "0.0.0.0", "localhost", "::", "::1"}  # noqa: S104


def read_settings() -> Settings:
    """The settings in force; SettingsError names each wrong one and says what is wrong with it."""
    try:
        settings = Settings()
    except ValidationError as error:
        lines = (f"{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors(include_input=False))
        raise SettingsError("\n".join(lines)) from None
    _check_together(settings)
    return settings


def _check_together(settings: Settings) -> None:
    secret = settings.jwt_secret.get_secret_value()
    Sealing.parse(settings.encryption_keys.get_secret_value())
    if settings.public_url and not settings.public_url.startswith(("https://", "http://")):
        raise SettingsError("PUBLIC_URL: an address that begins with https:// is needed")
    if settings.knowledge_dir is not None and not settings.knowledge_dir.is_dir():
        raise SettingsError(f"KNOWLEDGE_DIR: {settings.knowledge_dir} is not a folder")
    if secret and len(secret) < 32:
        raise SettingsError("JWT_SECRET: at least 32 characters are needed, for example from `openssl rand -hex 32`")
    _check_telegram(settings)
    _check_slack(settings)


def _check_telegram(settings: Settings) -> None:
    if not settings.telegram_bot_token.get_secret_value() or settings.telegram_mode == "polling":
        return
    if not _is_reachable(settings.public_url):
        raise SettingsError("PUBLIC_URL: TELEGRAM_MODE=webhook needs the https:// address Telegram can reach")
    if not settings.telegram_webhook_secret.get_secret_value():
        raise SettingsError("TELEGRAM_WEBHOOK_SECRET: TELEGRAM_MODE=webhook needs one, `openssl rand -hex 32`")


def _check_slack(settings: Settings) -> None:
    bot, app = settings.slack_bot_token.get_secret_value(), settings.slack_app_token.get_secret_value()
    if bot.startswith("xapp-"):
        raise SettingsError("SLACK_BOT_TOKEN: this is an app-level token; the bot's begins with xoxb-")
    if app.startswith("xoxb-"):
        raise SettingsError("SLACK_APP_TOKEN: this is a bot token; the app-level one begins with xapp-")
    if bool(settings.slack_client_id) != bool(settings.slack_client_secret.get_secret_value()):
        missing = "SLACK_CLIENT_SECRET" if settings.slack_client_id else "SLACK_CLIENT_ID"
        raise SettingsError(f"{missing}: it is needed too; both are on the app's page, under Basic Information")
    if not settings.has_slack:
        if app:
            raise SettingsError("SLACK_BOT_TOKEN: it is needed besides SLACK_APP_TOKEN; install the app and copy it")
        return
    if settings.slack_mode == "socket" and not app:
        raise SettingsError(
            "SLACK_APP_TOKEN: SLACK_MODE=socket needs one, with the scope connections:write, from the app's page"
        )
    if settings.slack_mode == "http" and not settings.slack_signing_secret.get_secret_value():
        raise SettingsError("SLACK_SIGNING_SECRET: SLACK_MODE=http needs it; it is on the app's page")
    if settings.slack_client_id:
        _check_several_workspaces(settings)


def _check_several_workspaces(settings: Settings) -> None:
    if not settings.encryption_keys.get_secret_value():
        raise SettingsError(f"ENCRYPTION_KEYS: SLACK_CLIENT_ID needs them to keep the workspaces' tokens; {MAKE_ONE}")
    if not _is_reachable(settings.public_url):
        raise SettingsError("PUBLIC_URL: SLACK_CLIENT_ID needs the https:// address to which Slack sends browsers back")


def _is_reachable(public_url: str) -> bool:
    """Whether a platform would take it for an address of ours; on this machine plain HTTP will do."""
    return public_url.startswith(("https://", "http://localhost", "http://127.0.0.1"))
