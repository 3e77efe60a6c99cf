"""The secret that signs sessions and tokens."""

import os
import secrets
from pathlib import Path

from bot.settings import Settings

_FILE = Path("var/secret")


def keep_secret(settings: Settings) -> str:
    """`JWT_SECRET` or, without one, a secret made at the first start and kept in `var/secret`, readable by us only."""
    if secret := settings.jwt_secret.get_secret_value():
        return secret
    _FILE.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _FILE.read_text(encoding="ascii")
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secret := secrets.token_hex(32))
    return secret
