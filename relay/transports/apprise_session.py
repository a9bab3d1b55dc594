"""How Apprise's requests go out: past the environment, and with answers of a sane size.

Apprise's plugins call the module `requests`, which makes a session for each call; nothing of ours uses it besides.
So its class of sessions is exchanged for this one. It takes no proxy of the environment and no password of
`~/.netrc` (which would go to addresses that strangers name), and it remembers what was answered: Apprise only says
that it was nothing good.
"""

import functools
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

LONGEST = 256 * 1024
"""Bytes of an answer that are read, unpacked: there is always somebody whose answer never ends."""


@dataclass(frozen=True)
class Answered:
    """One answer of the service: its status, and how long it asks to be left alone."""

    status: int
    retry_after: str | None


_here = threading.local()


def begin(trust_proxy: bool) -> None:
    """From now on, in this thread: whether the environment's proxies are used, and no answer yet."""
    _here.trust_proxy, _here.answers = trust_proxy, []


def answers() -> list[Answered]:
    """What was answered in this thread since `begin`."""
    return list(getattr(_here, "answers", ()))


class _Adapter(HTTPAdapter):
    def send(self, request: Any, *args: Any, **kwargs: Any) -> requests.Response:
        """Reads the answer at once, and only its beginning."""
        response = super().send(request, *args, **{**kwargs, "stream": True})
        kept = b""
        with suppress(HTTPError, OSError):  # it said its status: what else an answer holds, few services need
            kept = response.raw.read(LONGEST, decode_content=True)
        response._content, response._content_consumed = kept, True
        response.close()
        answered = Answered(response.status_code, response.headers.get("Retry-After"))
        _here.answers = [*getattr(_here, "answers", ()), answered]
        return response


class _Session(requests.Session):
    def __init__(self) -> None:
        super().__init__()
        self.trust_env = getattr(_here, "trust_proxy", False)
        self.mount("https://", _Adapter())
        self.mount("http://", _Adapter())


@functools.cache
def install() -> None:
    """Once in a process, before Apprise is imported."""
    requests.Session = requests.sessions.Session = _Session  # type: ignore[misc]
