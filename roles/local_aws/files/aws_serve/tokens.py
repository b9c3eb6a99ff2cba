"""Tokens of users: what Cognito would sign, and what an authorizer of API Gateway finds wrong with one.

https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from aws_serve.messages import RefusalError, unauthorized

ALGORITHM = "RS256"


def key_of(file: Path) -> RSAKey:
    """The issuer's key, made at the first call. Only this user can read it, and sign with it."""
    if not file.exists():
        draft = file.with_name(f"{file.name}.{os.getpid()}")
        with open(draft, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as opened:
            opened.write(RSAKey.generate_key(2048).as_pem(private=True))
        # Two that start at once take the same one.
        with contextlib.suppress(FileExistsError):
            os.link(draft, file)
        draft.unlink()
    key = RSAKey.import_key(file.read_bytes())
    key.ensure_kid()
    return key


def issuer_of(pool_arn: str) -> str:
    """The `iss` of a user pool's tokens."""
    region, pool = pool_arn.split(":")[3], pool_arn.rpartition("/")[2]
    return f"https://cognito-idp.{region}.amazonaws.com/{pool}"


def check(
    token: str | None, key: RSAKey, pool_arns: list[str], scopes: list[str], now: float | None = None
) -> dict[str, Any]:
    """The claims of a token that an authorizer of these pools lets through. scopes: of the method, any of which suffices.

    A method with scopes wants an access token, one without wants an identity token:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-enable-cognito-user-pool.html
    """
    if not token:
        raise unauthorized()
    kind, _, rest = token.strip().partition(" ")
    try:
        decoded = jwt.decode(rest.strip() if kind.lower() == "bearer" else token.strip(), key, algorithms=[ALGORITHM])
    except (JoseError, ValueError) as error:
        raise unauthorized() from error
    claims = decoded.claims
    if decoded.header.get("kid") != key.kid or claims.get("iss") not in {issuer_of(arn) for arn in pool_arns}:
        raise unauthorized()
    if claims.get("token_use") != ("access" if scopes else "id"):
        raise unauthorized()
    if not isinstance(claims.get("exp"), int) or claims["exp"] <= (now or time.time()):
        raise unauthorized("The incoming token has expired")
    if scopes and not set(scopes) & set(str(claims.get("scope", "")).split()):
        # ACCESS_DENIED: "when access is denied by a custom or Amazon Cognito authorizer".
        raise RefusalError("ACCESS_DENIED", "User is not authorized to access this resource")
    return claims


def shown(claims: dict[str, Any]) -> dict[str, str]:
    """The claims as a function sees them: text, and the two times as Java prints them."""
    times = ("exp", "iat")
    return {
        name: time.strftime("%a %b %d %H:%M:%S UTC %Y", time.gmtime(value)) if name in times else _plain(value)
        for name, value in claims.items()
    }


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
