"""Signatures of Standard Webhooks 1.0.0 (https://github.com/standard-webhooks/standard-webhooks)."""

import base64
import binascii
import hashlib
import hmac
import secrets

PREFIX = "whsec_"


def new_secret() -> str:
    """`whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signatures(keys: tuple[str, ...], id_: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: one `v1,…` for each secret, so that a receiver that knows any of them can
    verify. Raises ValueError, without the secret in it, for one that is not a secret."""
    signed = f"{id_}.{timestamp}.".encode() + body
    return " ".join(_signature(_key(key), signed) for key in keys)


def _signature(key: bytes, signed: bytes) -> str:
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("a webhook's secret is not whsec_ and base64") from None
