"""`slack-manifest.yaml`: what our app at Slack must be, in the one file that Slack's page takes."""

import yaml

from adapters.slack.address import RETURN_PATH
from adapters.slack.manifest import manifest
from bot.commands.names import MENU
from bot.domain.errors import SettingsError
from bot.parts import LOCALES
from bot.settings import Settings
from bot.texts import Texts

MANIFEST = "slack-manifest.yaml"


def slack_manifest(settings: Settings, *, name: str, public_url: str | None = None) -> str:
    """The manifest in YAML, for an app called `name`.

    With `public_url` Slack posts its events there; without, they come by Socket Mode. None: as the settings say.
    """
    texts = Texts(LOCALES)
    if public_url is None:
        public_url = settings.public_url if settings.slack_mode == "http" else ""
    if not public_url and settings.slack_mode == "http":
        raise SettingsError(
            "PUBLIC_URL is missing; with SLACK_MODE=http Slack posts to the https address of this server"
        )
    if public_url and not public_url.startswith("https://"):
        raise SettingsError(
            f"Slack posts to https addresses only, not to {public_url!r}; see PUBLIC_URL or --public-url"
        )
    # Browsers of people who add us to their workspace come back to our server, however the events travel.
    server = public_url or settings.public_url
    described = manifest(
        name,
        texts.say("en", "app-description"),
        commands=[(command, texts.say("en", f"command-{command}")) for command in MENU],
        public_url=public_url,
        return_url=f"{server.rstrip('/')}{RETURN_PATH}" if server else "",
    )
    return yaml.safe_dump(described, sort_keys=False, allow_unicode=True, width=120)
