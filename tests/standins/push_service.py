"""A real push service on loopback: it decrypts what is pushed as the browser would, and checks who signed."""

import base64
import json
import os
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid.jwt import decode
from standins.receiver import Answer, Receiver


def text(data: bytes) -> str:
    """URL-safe base64 without its padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@dataclass
class Browser:
    """One browser's subscription, and the keys that never leave it."""

    endpoint: str
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = field(default_factory=lambda: os.urandom(16))

    @property
    def subscription(self) -> dict[str, Any]:
        """As `PushSubscription.toJSON()` says it."""
        public = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {
            "endpoint": self.endpoint,
            "expirationTime": None,
            "keys": {"p256dh": text(public), "auth": text(self.auth)},
        }

    def read(self, body: bytes) -> dict[str, Any]:
        """What was pushed to it. Raises where it was encrypted for somebody else."""
        plain = http_ece.decrypt(body, private_key=self.private, auth_secret=self.auth, version="aes128gcm")
        found: dict[str, Any] = json.loads(plain)
        return found


@dataclass(frozen=True)
class Pushed:
    """One message as it arrived, and the claims of its signature, which was verified."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    claims: Mapping[str, Any]
    key: str
    """Whose signature it is: a public key."""


class PushService:
    """`async with PushService() as service: … service.browser()`. `answers` are used up one by one; by default a
    message is taken (201)."""

    def __init__(self) -> None:
        self._receiver = Receiver()
        self._receiver.default = Answer(201)

    async def __aenter__(self) -> "PushService":
        await self._receiver.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._receiver.aclose()

    @property
    def answers(self) -> deque[Answer]:
        """What is answered next."""
        return self._receiver.answers

    @property
    def origin(self) -> str:
        """Its own address."""
        return self._receiver.url.removesuffix("/hook")

    def browser(self, name: str = "device-1") -> Browser:
        """A new subscription at this service."""
        return Browser(f"{self.origin}/push/{name}")

    async def until(self, many: int) -> None:
        """Waits until so many messages arrived."""
        await self._receiver.until(many)

    @property
    def pushed(self) -> list[Pushed]:
        """What arrived, verified."""
        return [verified(one.path, one.headers, one.body) for one in self._receiver.received]


def verified(path: str, headers: Mapping[str, str], body: bytes) -> Pushed:
    """Checks the signature as RFC 8292 has it. Raises where it is not valid or too old."""
    scheme, _, rest = headers["authorization"].partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert scheme == "vapid"
    claims = decode(parts["t"], parts["k"])
    assert time.time() < claims["exp"] <= time.time() + 86400
    return Pushed(path, headers, body, claims, parts["k"])
