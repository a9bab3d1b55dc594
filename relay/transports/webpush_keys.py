"""Keys of Web Push: ours (VAPID, RFC 8292), and what a browser gives to encrypt for it (RFC 8291). Pure."""

import base64
from collections.abc import Mapping
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

from relay.transports.transport import DeliveryError


def new_key() -> str:
    """A fresh private VAPID key (P-256), as it is kept: its 32 bytes in URL-safe base64."""
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return _base64(number.to_bytes(32, "big"))


def public_key(key: str) -> bytes:
    """The public key that belongs to it, as browsers take it (65 bytes, uncompressed)."""
    numbers = opened(key).private_key.public_key().public_numbers()
    return b"\x04" + bytes(numbers.x.to_bytes(32, "big")) + bytes(numbers.y.to_bytes(32, "big"))


def opened(key: str) -> Vapid02:
    """What signs with it."""
    vapid = Vapid02.from_raw(key.encode())
    vapid.conf = {"no-strict": True}  # its check of the subject refuses addresses with a port
    return vapid


def encrypted(body: bytes, subscription: Mapping[str, Any]) -> bytes:
    """For this browser alone (aes128gcm, RFC 8188). Raises DeliveryError where its keys are none."""
    keys = subscription.get("keys", {})
    try:
        return bytes(
            http_ece.encrypt(
                body,
                private_key=ec.generate_private_key(ec.SECP256R1()),
                dh=_bytes(keys["p256dh"]),
                auth_secret=_bytes(keys["auth"]),
                version="aes128gcm",
            )
        )
    except (KeyError, TypeError, ValueError, http_ece.ECEException):
        raise DeliveryError("the browser's subscription has no keys that are valid", permanent=True) from None


def is_key(text: object) -> bool:
    """Whether it is a point of the curve, as browsers give their `p256dh`."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _bytes(text))
    except (TypeError, ValueError):
        return False
    return True


def is_secret(text: object) -> bool:
    """Whether it is 16 bytes, as browsers give their `auth`."""
    try:
        return len(_bytes(text)) == 16
    except (TypeError, ValueError):
        return False


def _bytes(text: object) -> bytes:
    if not isinstance(text, str):
        raise TypeError("no text")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
