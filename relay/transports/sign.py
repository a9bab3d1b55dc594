"""Signatures of Standard Webhooks 1.0.0 (https://github.com/standard-webhooks/standard-webhooks).

`whsec_…` is a secret that the receiver shares (HMAC-SHA256, signatures begin with `v1,`). `whsk_…` is a key that
only the sender has (ed25519, `v1a,`): the receiver verifies with the public `whpk_…`, from which nobody can sign.
"""

import base64
import binascii
import functools
import hashlib
import hmac
import secrets
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PREFIX = "whsec_"
PRIVATE_PREFIX = "whsk_"
PUBLIC_PREFIX = "whpk_"
_SEED = 32

Sign = Callable[[bytes], str]


def new_secret() -> str:
    """`whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def new_signing_key() -> str:
    """`whsk_` and an ed25519 key pair in base64: the 32 bytes of the private key, then those of the public one."""
    key = Ed25519PrivateKey.generate()
    pair = key.private_bytes_raw() + key.public_key().public_bytes_raw()
    return PRIVATE_PREFIX + base64.b64encode(pair).decode()


def public_key(secret: str) -> str | None:
    """`whpk_…`, which verifies what a `whsk_…` signs and may be given to anybody; None for a shared secret. Raises
    ValueError, without the secret in it, for one that is not a secret."""
    if not secret.startswith(PRIVATE_PREFIX):
        return None
    return PUBLIC_PREFIX + base64.b64encode(_private(secret).public_key().public_bytes_raw()).decode()


def signatures(keys: tuple[str, ...], id_: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: one `v1,…` or `v1a,…` for each secret, so that a receiver that knows any
    of them can verify. Raises ValueError, without the secret in it, for one that is not a secret."""
    signed = f"{id_}.{timestamp}.".encode() + body
    return " ".join(_signer(key)(signed) for key in keys)


@functools.lru_cache(maxsize=4096)
def _signer(secret: str) -> Sign:
    """Kept, since to read an ed25519 key takes as long as to sign with it."""
    if secret.startswith(PRIVATE_PREFIX):
        private = _private(secret)
        return lambda signed: "v1a," + base64.b64encode(private.sign(signed)).decode()
    key = _bytes(secret, PREFIX)
    return lambda signed: "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def _private(secret: str) -> Ed25519PrivateKey:
    pair = _bytes(secret, PRIVATE_PREFIX)
    if len(pair) not in (_SEED, 2 * _SEED):
        raise ValueError("a webhook's signing key has not 32 or 64 bytes")
    return Ed25519PrivateKey.from_private_bytes(pair[:_SEED])


def _bytes(secret: str, prefix: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(prefix), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"a webhook's secret is not {prefix} and base64") from None
