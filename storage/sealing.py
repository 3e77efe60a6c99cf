"""Secrets at rest: AES-256-GCM under keys that only the environment knows, each with a version so that they can rotate.

A sealed secret reads `version:base64`, the latter of a nonce and the ciphertext. It is bound to its place: the same
text in another row, or beside another address, does not open.
"""

import os
import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.domain.errors import SettingsError

MAKE_ONE = "make one with `openssl rand -base64 32` and set ENCRYPTION_KEYS=1:THAT_KEY, the same in every process"

_KEY_BYTES = 32
_NONCE_BYTES = 12
_ENTRY = re.compile(r"([1-9][0-9]{0,8}):([A-Za-z0-9+/=]+)")


class Sealing:
    """Seals under the newest key, opens under any. Shows no key in its `repr`."""

    def __init__(self, ciphers: dict[int, AESGCM]) -> None:
        """`ciphers` by version; none: nothing can be sealed or opened."""
        self._ciphers = ciphers

    @classmethod
    def parse(cls, keys: str) -> "Sealing":
        """From `1:base64key,2:base64key`, in any order. SettingsError, which never shows a key, when it is wrong."""
        ciphers: dict[int, AESGCM] = {}
        for number, entry in enumerate(filter(None, map(str.strip, keys.split(","))), 1):
            found = _ENTRY.fullmatch(entry)
            if found is None:
                raise _wrong(number, "is not written version:key, as in 1:… with a version from 1 up")
            version = int(found[1])
            if version in ciphers:
                raise _wrong(number, f"has the version {version}, which is there already")
            ciphers[version] = AESGCM(_decoded(found[2], number))
        return cls(ciphers)

    def __bool__(self) -> bool:
        """Whether there is a key at all."""
        return bool(self._ciphers)

    def seal(self, secret: str, place: str) -> str:
        """`secret`, to be opened with the same `place` only. SettingsError when there is no key."""
        if not self:
            raise SettingsError(f"ENCRYPTION_KEYS is not set, so nothing secret can be kept: {MAKE_ONE}")
        version = max(self._ciphers)
        nonce = os.urandom(_NONCE_BYTES)
        hidden = self._ciphers[version].encrypt(nonce, secret.encode(), _bound(version, place))
        return f"{version}:{b64encode(nonce + hidden).decode('ascii')}"

    def open(self, sealed: str, place: str) -> str:
        """The secret. SettingsError when its key is missing or another one, or it was sealed for another place."""
        version, hidden = _taken_apart(sealed)
        cipher = self._ciphers.get(version)
        if cipher is None:
            raise SettingsError(f"ENCRYPTION_KEYS lacks the key of version {version}: add it again")
        try:
            return cipher.decrypt(hidden[:_NONCE_BYTES], hidden[_NONCE_BYTES:], _bound(version, place)).decode()
        except (InvalidTag, ValueError):
            reason = f"the key of version {version} in ENCRYPTION_KEYS does not open it, or the row was changed"
            raise SettingsError(f"{reason}: set the key it was sealed with, or give the secret again") from None

    def is_fresh(self, sealed: str) -> bool:
        """Whether it is sealed under the newest key, so that older ones are not needed for it."""
        return bool(self) and sealed.partition(":")[0] == str(max(self._ciphers))


def _wrong(number: int, reason: str) -> SettingsError:
    return SettingsError(f"ENCRYPTION_KEYS: entry {number} {reason}; {MAKE_ONE}")


def _decoded(text: str, number: int) -> bytes:
    try:
        key = b64decode(text, validate=True)
    except Base64Error:
        raise _wrong(number, "is not base64") from None
    if len(key) != _KEY_BYTES:
        raise _wrong(number, f"has {len(key)} bytes where {_KEY_BYTES} are needed")
    return key


def _taken_apart(sealed: str) -> tuple[int, bytes]:
    found = _ENTRY.fullmatch(sealed)
    try:
        if found is not None:
            return int(found[1]), b64decode(found[2], validate=True)
    except Base64Error:
        pass
    raise SettingsError("a sealed secret in the database is damaged: give the secret again")


def _bound(version: int, place: str) -> bytes:
    return f"{version}\n{place}".encode()
