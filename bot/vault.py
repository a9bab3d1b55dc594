"""Secrets at rest: encrypted with the operator's key, or with one made beside an embedded database."""

import base64
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.settings import Settings, SettingsError
from storage import addresses


class Vault:
    """Seals and opens secrets. Several keys: the first seals, all open."""

    def __init__(self, keys: list[str]) -> None:
        fernets = [Fernet(key) for key in keys]
        self._first, self._fernet = fernets[0], MultiFernet(fernets)
        self._fixed = [_fixed(key) for key in keys]

    def seal(self, secret: str) -> str:
        """The secret as it may be stored."""
        return self._fernet.encrypt(secret.encode()).decode()

    def open(self, sealed: str) -> str:
        """The secret (or the address) again. Raises SettingsError when no key fits."""
        try:
            if addresses.is_sealed(sealed) and (whole := addresses.opened(sealed, self)) is not None:
                return whole
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise SettingsError(
                "UPTIMUS_SECRET_KEY does not open what is stored; name the former key too"
            ) from None

    def fixed(self, secret: str) -> list[str]:
        """The secret as each key seals it, the first key's first: in the same way each time, so that it can be
        looked for."""
        return [base64.urlsafe_b64encode(one.encrypt(secret.encode(), None)).decode() for one in self._fixed]

    def open_fixed(self, sealed: str) -> str | None:
        """What was sealed by `fixed`; None when no key fits."""
        try:
            token = base64.urlsafe_b64decode(sealed)
        except ValueError:
            return None
        for one in self._fixed:
            try:
                return one.decrypt(token, None).decode()
            except InvalidTag:
                continue
        return None

    def renewed(self, sealed: str) -> str | None:
        """The same secret, or the same address, sealed with the first key; None: it is already. Raises LookupError
        when no key fits."""
        if addresses.may_be_secret(sealed):
            return addresses.renewed(sealed, self)
        try:
            self._first.decrypt(sealed.encode())
        except InvalidToken:
            pass
        else:
            return None
        try:
            return self._fernet.rotate(sealed.encode()).decode()
        except InvalidToken:
            raise LookupError("no key opens it") from None


def _fixed(key: str) -> AESSIV:
    """A cipher (RFC 5297) that needs no nonce: the same text becomes the same, and nothing else is told."""
    derived = HKDF(SHA256(), length=64, salt=None, info=b"uptimus: sealed in the same way each time")
    return AESSIV(derived.derive(base64.urlsafe_b64decode(key)))


def from_settings(settings: Settings) -> Vault:
    """The vault that the settings describe. An embedded database without a key gets one beside it, readable by
    its owner alone; PostgreSQL without a key is refused."""
    if settings.secret_key is not None:
        return Vault([key.strip() for key in settings.secret_key.get_secret_value().split(",")])
    database = settings.sqlite_path
    if database is None:
        raise SettingsError("UPTIMUS_SECRET_KEY is required with PostgreSQL")
    return Vault([_key_beside(database)])


def number_of_keys(settings: Settings) -> int:
    """How many keys the settings name."""
    return len(settings.secret_key.get_secret_value().split(",")) if settings.secret_key is not None else 1


def _key_beside(database: Path) -> str:
    path = database.with_name(database.name + ".key")
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise SettingsError(f"DATABASE_URL: {path} can't be written ({error.strerror})") from None
    key = Fernet.generate_key().decode()
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key + "\n")
    return key
