"""Bearer tokens: JSON Web Tokens signed with our own secret (RFC 7519, HS256)."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Annotated

import jwt
from fastapi import Depends, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

_ISSUER = "switchboard"
SCOPES = ("admin",)
"""What a token may allow in this version."""
_bearer = HTTPBearer(auto_error=False)


def issue(secret: str, subject: str, scopes: Sequence[str], *, now: datetime, ttl_seconds: int) -> str:
    """A token for `subject` that may do `scopes` until `ttl_seconds` after `now`."""
    claims = {
        "iss": _ISSUER,
        "sub": subject,
        "scope": " ".join(scopes),
        "iat": now,
        "exp": now + timedelta(seconds=ttl_seconds),
    }
    return jwt.encode(claims, secret, algorithm="HS256")


def scopes_of(secret: str, token: str) -> frozenset[str]:
    """What the token allows; `jwt.InvalidTokenError` when it is forged, expired or not ours."""
    required = jwt.types.Options(require=["exp", "sub", "iss"])
    claims = jwt.decode(token, secret, algorithms=["HS256"], issuer=_ISSUER, options=required)
    return frozenset(str(claims.get("scope", "")).split())


def needs(scope: str, secret: str) -> Callable[..., None]:
    """A FastAPI dependency that refuses requests without a token of `scope`: 401 without a good one, 403 without it."""

    def check(credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> None:
        if credentials is None:
            raise HTTPException(401, "A bearer token is needed.", {"WWW-Authenticate": "Bearer"})
        try:
            granted = scopes_of(secret, credentials.credentials)
        except jwt.InvalidTokenError:
            raise HTTPException(401, "The token is not valid.", {"WWW-Authenticate": "Bearer"}) from None
        if scope not in granted:
            raise HTTPException(403, f"The token lacks the scope {scope!r}.")

    return check
