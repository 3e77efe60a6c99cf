"""One-time codes with which a person proves on another messenger who they are."""

import hashlib
import secrets

from sqlalchemy import delete

from storage.tables import link_codes
from storage.wire import Wire

ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
"""Without characters that look like others: I, L, O, U, 0 and 1."""
CODE_CHARS = 8


class Links:
    """Guesses are limited by the caller. A code is looked up by its hash, whose timing tells nothing about it."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def create(self, user_id: int, *, ttl_seconds: float = 600.0) -> str:
        """A new code; the user's earlier one is void."""
        code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_CHARS))
        entry = Wire.insert(link_codes).values(
            user_id=user_id, digest=_digest(code), expires_at=self._wire.now(ttl_seconds)
        )
        replaced = {name: entry.excluded[name] for name in ("digest", "expires_at")}
        await self._wire.count(entry.on_conflict_do_update(index_elements=[link_codes.c.user_id], set_=replaced))
        return code

    async def redeem(self, code: str) -> int | None:
        """Whose code it is; None when it is wrong, too old or was used. Case, spaces and hyphens do not matter."""
        used = (
            delete(link_codes)
            .where(link_codes.c.digest == _digest(code))
            .returning(link_codes.c.user_id, (link_codes.c.expires_at > self._wire.now()).label("lasts"))
        )
        row = await self._wire.row(used)
        return row.user_id if row is not None and row.lasts else None


def _digest(code: str) -> bytes:
    plain = "".join(char for char in code.upper() if char.isalnum())
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).digest()
