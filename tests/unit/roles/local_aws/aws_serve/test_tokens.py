"""What an authorizer lets through, and what it says to the rest."""

from __future__ import annotations

import base64
import hmac
import json
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.local_api import LocalApi
from joserfc import jwt
from joserfc.jwk import RSAKey

POOL = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_local"
OTHER = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_other"
SCOPES = ["site-builder/agents"]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory, serve: SimpleNamespace) -> Path:
    folder = tmp_path_factory.mktemp("work") / "local_aws"
    folder.mkdir()
    serve.tokens.key_of(folder / "issuer.pem")
    return folder


@pytest.fixture(scope="module")
def key(directory: Path, serve: SimpleNamespace) -> RSAKey:
    return serve.tokens.key_of(directory / "issuer.pem")


@pytest.fixture(scope="module")
def access(directory: Path) -> str:
    """What serve.yml prints."""
    return LocalApi(str(directory.parent), 5).token("reader", POOL, SCOPES)


def claims_of(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def said(
    serve: SimpleNamespace,
    key: RSAKey,
    token: str | None,
    pools: list[str] | None = None,
    scopes: list[str] | None = None,
) -> str:
    try:
        return serve.tokens.check(token, key, pools or [POOL], SCOPES if scopes is None else scopes)["sub"]
    except serve.messages.RefusalError as refusal:
        return f"{refusal.status} {refusal.message}"


def signed(key: Any, token: str, header: dict[str, Any] | None = None, **changed: Any) -> str:
    claims = {name: value for name, value in {**claims_of(token), **changed}.items() if value is not None}
    return jwt.encode({"alg": "RS256", "kid": key.kid, **(header or {})}, claims, key)


def test_key_is_private_and_stays(directory: Path, serve: SimpleNamespace, key: RSAKey) -> None:
    assert (directory / "issuer.pem").stat().st_mode & 0o777 == 0o600
    assert serve.tokens.key_of(directory / "issuer.pem").kid == key.kid
    assert [path.name for path in directory.iterdir()] == ["issuer.pem"]


def test_a_user_is_always_the_same_one(directory: Path, serve: SimpleNamespace, key: RSAKey, access: str) -> None:
    mine = said(serve, key, access)
    again = LocalApi(str(directory.parent), 5)
    assert said(serve, key, again.token("reader", POOL, SCOPES)) == mine
    assert said(serve, key, again.token("writer", POOL, SCOPES)) != mine


@pytest.mark.parametrize("prefix", ["", "Bearer ", "bearer  "])
def test_let_through(serve: SimpleNamespace, key: RSAKey, access: str, prefix: str) -> None:
    assert said(serve, key, prefix + access) == claims_of(access)["sub"]
    assert said(serve, key, prefix + access, [OTHER, POOL], ["another", *SCOPES]) == claims_of(access)["sub"]


@pytest.mark.parametrize("token", [None, "", "Bearer", "Bearer ", "x", "a.b.c", "Basic dXNlcjpwYXNz", "é.é.é"])
def test_no_token_at_all(serve: SimpleNamespace, key: RSAKey, token: str | None) -> None:
    assert said(serve, key, token) == "401 Unauthorized"


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_other"},
        {"iss": None},
        {"token_use": "id"},
        {"token_use": None},
        {"exp": None, "expires": 1},
    ],
)
def test_another_token(serve: SimpleNamespace, key: RSAKey, access: str, changed: dict[str, Any]) -> None:
    expected = "401 The incoming token has expired" if "exp" in changed else "401 Unauthorized"
    assert said(serve, key, signed(key, access, **changed)) == expected


def test_expired(serve: SimpleNamespace, key: RSAKey, access: str) -> None:
    assert said(serve, key, signed(key, access, exp=int(time.time()) - 1)) == "401 The incoming token has expired"


def test_scope_is_missing(serve: SimpleNamespace, key: RSAKey, access: str) -> None:
    expected = "403 User is not authorized to access this resource"
    assert said(serve, key, access, scopes=["site-builder/generate"]) == expected
    assert said(serve, key, signed(key, access, scope=None)) == expected


def test_forged(serve: SimpleNamespace, key: RSAKey, access: str) -> None:
    """Signed by somebody else, by nobody, with our public key as a password, or changed afterwards."""
    other = RSAKey.generate_key(2048)
    other.ensure_kid()
    head, body, signature = access.split(".")
    payload = base64.urlsafe_b64encode(json.dumps({**claims_of(access), "sub": "root"}).encode()).rstrip(b"=").decode()
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": key.kid}).encode()).rstrip(b"=").decode()
    symmetric = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": key.kid}).encode()).rstrip(b"=").decode()
    mac = hmac.digest(key.as_pem(private=False), f"{symmetric}.{body}".encode(), "sha256")
    forged = [
        signed(other, access),
        signed(other, access, {"kid": key.kid}),
        f"{none}.{body}.",
        f"{head}.{payload}.{signature}",
        f"{head}.{body}.{'A' * len(signature)}",
        f"{symmetric}.{body}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}",
        signed(key, access, {"kid": "another"}),
    ]
    assert {said(serve, key, token) for token in forged} == {"401 Unauthorized"}


def test_without_scopes_it_is_an_identity_token(
    directory: Path, serve: SimpleNamespace, key: RSAKey, access: str
) -> None:
    identity = LocalApi(str(directory.parent), 5).token("reader", POOL, [])
    assert said(serve, key, identity, scopes=[]) == claims_of(access)["sub"]
    assert said(serve, key, access, scopes=[]) == "401 Unauthorized"
    assert said(serve, key, identity) == "401 Unauthorized"


def test_claims_are_text(serve: SimpleNamespace) -> None:
    claims = {"sub": "x", "exp": 1580745092, "auth_time": 1, "email_verified": True, "cognito:groups": ["a", "b"]}
    assert serve.tokens.shown(claims) == {
        "sub": "x",
        "exp": "Mon Feb 03 15:51:32 UTC 2020",
        "auth_time": "1",
        "email_verified": "true",
        "cognito:groups": "a,b",
    }
