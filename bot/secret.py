"""The secret that signs sessions and tokens."""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from bot.domain.errors import SettingsError
from bot.settings import Settings

_FILE = Path("var/secret")
_LEAST_CHARS = 32


def keep_secret(settings: Settings) -> str:
    """`JWT_SECRET` or, without one, a secret made at the first start and kept in `var/secret`, readable by us only."""
    if secret := settings.jwt_secret.get_secret_value():
        return secret
    _FILE.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=_FILE.parent, encoding="ascii") as file:
        file.write(secrets.token_hex(32))
        file.flush()
        with suppress(FileExistsError):
            # Whole or not at all, and only by the first of several processes.
            os.link(file.name, _FILE)
    secret = _FILE.read_text(encoding="ascii")
    if len(secret) < _LEAST_CHARS:
        raise SettingsError(f"{_FILE} is damaged; delete it, and everybody gets a new session, or set JWT_SECRET")
    return secret
