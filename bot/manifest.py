"""`slack-manifest.yaml`: what our app at Slack must be, in the one file that Slack's page takes."""

import yaml

from adapters.slack.address import RETURN_PATH
from adapters.slack.manifest import manifest
from bot.commands.commands import MENU
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
