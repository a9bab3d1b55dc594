"""Addresses of destinations as they are kept: one that may be a secret by itself lies in the database sealed.

The same address is sealed in the same way each time: so it is found by what it is, and is there once. Sealed, it
looks like one that leads nowhere: to code that knows nothing of it (an older version beside this one, or one that
was gone back to) its receiver is away for the moment, which loses nothing.
"""

from collections.abc import Sequence
from typing import Protocol
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Dialect, Engine, String
from sqlalchemy.types import TypeDecorator

MAY_BE_SECRET = ("https://", "http://", "apprise:")
"""How such addresses begin. A chat's channel is none, nor is a mailbox; of a browser a hash is kept."""
SEALED = ("https://sealed.invalid/", "apprise:jsons://sealed.invalid/")
"""How they begin when they are sealed (no host can be called `.invalid`: RFC 2606)."""


class Sealer(Protocol):
    """Seals in the same way each time."""

    def fixed(self, secret: str) -> Sequence[str]:
        """The secret as each key seals it, the first key's first; without `/`."""

    def open_fixed(self, sealed: str) -> str | None:
        """The secret again; None: no key fits."""


class Kept(str):
    """An address as it lies in the database. Who is handed one by a query has no key that opens it."""

    __slots__ = ()


def may_be_secret(address: str) -> bool:
    """Whether such an address is sealed where it is kept, or is sealed."""
    return address.startswith(MAY_BE_SECRET)


def is_sealed(address: str) -> bool:
    """Whether it is, as far as can be seen."""
    return address.startswith(SEALED)


def forms(address: str, sealer: Sealer) -> list[Kept]:
    """How a whole address is kept, and how it may be kept from the time before a key was replaced."""
    if not may_be_secret(address):
        return [Kept(address)]
    begins = SEALED[address.startswith("apprise:")]
    return [Kept(begins + sealed) for sealed in sealer.fixed(address)]


def opened(kept: str, sealer: Sealer) -> str | None:
    """The whole address; None: no key opens it. An older version kept it as it is."""
    return sealer.open_fixed(kept.rpartition("/")[2]) if is_sealed(kept) else kept


def renewed(kept: str, sealer: Sealer) -> Kept | None:
    """As it is to be kept from now on; None: it is already. Raises LookupError where no key opens it."""
    whole = opened(kept, sealer)
    if whole is None:
        raise LookupError("no key opens it")
    new = forms(whole, sealer)[0]
    return new if new != kept else None


_SEALERS: "WeakKeyDictionary[Dialect, Sealer]" = WeakKeyDictionary()
"""Whose keys are used with which database: of each engine the dialect is its own."""


def seal_with(dialect: Dialect, sealer: Sealer) -> None:
    """From now on the engine with this dialect seals and opens addresses. Without that they go in and out as they
    are: whoever copies all rows has no key."""
    _SEALERS[dialect] = sealer


def possible(bind: Engine | Connection, address: str) -> list[Kept]:
    """All that a query has to look for that is to find this address."""
    sealer = _SEALERS.get(bind.dialect)
    return [Kept(address), *(forms(address, sealer) if sealer is not None and may_be_secret(address) else ())]


class Address(TypeDecorator[str]):
    """Whole in Python, sealed in the database where it may be a secret."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Seals what is not Kept."""
        sealer = _SEALERS.get(dialect)
        if value is None or sealer is None or isinstance(value, Kept):
            return str(value) if value is not None else None  # drivers look for a plain one
        return str(forms(value, sealer)[0])

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Opens it."""
        if value is None or not is_sealed(value):
            return value
        sealer = _SEALERS.get(dialect)
        whole = opened(value, sealer) if sealer is not None else None
        return whole if whole is not None else Kept(value)
