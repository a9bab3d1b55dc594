"""One message by Apprise, in a thread of its own: what is sent, and what came of it."""

import functools
import logging
import re
from dataclasses import dataclass
from urllib.parse import unquote

from adapters.egress import EgressRefused
from adapters.schema import Status
from relay.transports import apprise_session
from relay.transports.apprise_guard import Guard
from relay.transports.apprise_session import Answered
from relay.transports.http_answers import named, pause
from relay.transports.plain_text import Lines
from relay.transports.transport import DeliveryError, Sent

HERE = frozenset({"blink1", "dbus", "gio", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows"})
"""Apprise's services that are this very machine: its desktops, its lamps, its log."""
THREADED = frozenset({"mqtt", "mqtts", "xmpp", "xmpps"})
"""Those whose libraries connect in threads of their own, which no guard sees."""
READ_WITHIN = 8.0
"""Seconds that an address may give a service to answer in (`?rto=`), whatever it says."""
ANSWER_LIMIT = 2000
OVERLOADED = (429, 502, 503, 504)
PAUSE = 60.0

_ERROR = re.compile(r"\berror\s*[=:]\s*(\d{3})\b", re.IGNORECASE)


@functools.cache
def load() -> None:
    """Imports Apprise, set up as we want it: takes up to a second, once."""
    apprise_session.install()
    logger = logging.getLogger("apprise")
    logger.propagate = (
        False  # its words stay with the call that they are about: they may name what nobody is to know
    )
    logger.addHandler(logging.NullHandler())
    import apprise

    apprise.Apprise.instantiate("json://localhost")


def problem(address: str, *, allow_private: bool = False) -> str | None:
    """Why nothing can ever be sent to this address of Apprise's (`ntfy://topic`), in one sentence that doesn't
    repeat it; None: it looks right. For a thread: it imports Apprise, which takes a moment."""
    scheme = address.partition("://")[0].lower()
    if scheme in HERE:
        return f"{scheme}:// is this machine itself, not a service that people read"
    if scheme in THREADED and not allow_private:
        return f"{scheme}:// needs UPTIMUS_ALLOW_PRIVATE_NETWORKS: where it connects to can't be looked at"
    if shown(address) is None:
        return (
            f"Apprise can't make anything of this {scheme[:20]}:// address"
            if scheme
            else "it is no Apprise address"
        )
    return None


def shown(address: str) -> str | None:
    """As Apprise shows it to those who don't know it, and without its options, of which it hides too little; None:
    it can make nothing of it. As `problem`, for a thread."""
    load()
    from apprise import Apprise, AppriseAsset

    with Guard().heeded():  # some read files already when they are made
        service = Apprise.instantiate(address, asset=AppriseAsset())
    if service is None:
        return None
    return str(service.url(privacy=True)).partition("?")[0]  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Call:
    """A message on its way. `run` is for a thread."""

    address: str
    lines: Lines
    status: Status
    guard: Guard
    trust_proxy: bool = False

    def run(self) -> Sent:
        """Sends it; raises DeliveryError."""
        if (wrong := problem(self.address, allow_private=self.guard.allow_private)) is not None:
            raise DeliveryError(wrong, permanent=True)
        with self.guard.heeded():
            apprise_session.begin(self.trust_proxy)
            arrived, said = self._notify()
            answers = apprise_session.answers()
        answer = without_secrets("\n".join(said), self.address)[:ANSWER_LIMIT]
        if arrived:
            return Sent(reference="told", status=answers[-1].status if answers else None, answer=answer)
        raise self._judged(_status(answers, said), answers, answer)

    def _notify(self) -> tuple[bool, list[str]]:
        from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType

        kinds = {
            Status.OPERATIONAL: NotifyType.SUCCESS,
            Status.DEGRADED: NotifyType.WARNING,
            Status.PARTIAL_OUTAGE: NotifyType.FAILURE,
            Status.MAJOR_OUTAGE: NotifyType.FAILURE,
        }
        asset = AppriseAsset(
            app_id="uptimus",
            app_desc="uptimus",
            app_url="",
            image_url_mask="",
            image_url_logo="",
            async_mode=False,
            interpret_emojis=False,
            interpret_escapes=False,
            http_redirects=False,  # a POST that is redirected becomes a GET, and its answer says nothing
            pgp_autogen=False,
            pem_autogen=False,
            storage_mode="memory",
            service_timeout=0,  # the thread's own: ours is counted outside
        )
        service = Apprise.instantiate(self.address, asset=asset)
        assert service is not None
        service.retry = 0  # an address may ask for some: `deliver` tries again
        service.redirects = False
        service.socket_read_timeout = min(service.socket_read_timeout or READ_WITHIN, READ_WITHIN)
        service.socket_connect_timeout = min(service.socket_connect_timeout or READ_WITHIN, READ_WITHIN)
        sender = Apprise(asset=asset)
        sender.add(service)
        result = sender.notify(
            title=self.lines.title,
            body=self.lines.body,
            notify_type=kinds.get(self.status, NotifyType.INFO),
            body_format=NotifyFormat.TEXT,
        )
        with result:
            return bool(result), [entry.message for entry in result.logs()]

    def _judged(self, status: int | None, answers: list[Answered], answer: str) -> DeliveryError:
        """Of what Apprise tells, only 410 says for certain that there is nobody any more: a token that is refused
        (401, 403) may be put right, an address that is not found (404) may be a server that is being changed."""
        refused = self.guard.refused
        if isinstance(refused, EgressRefused):
            where = f"port {refused.port} is denied here" if refused.port else "it is not on the public internet"
            return DeliveryError(f"the service can't be connected to: {where}", permanent=True, answer=answer)
        if isinstance(refused, PermissionError):
            return DeliveryError("the address asks for a file or a program of this machine", permanent=True)
        if status is None:
            return DeliveryError("the service could not be reached, or did not take the message", answer=answer)
        wait = pause(answers[-1].retry_after) if answers and status in OVERLOADED else None
        if status in (429, 502, 504):
            wait = max(wait or 0.0, PAUSE)
        reason = f"the service answered {named(status)}"
        return DeliveryError(reason, permanent=status == 410, retry_after=wait, status=status, answer=answer)


def _status(answers: list[Answered], said: list[str]) -> int | None:
    """Why it failed: the last answer that was no success; where nobody spoke HTTP, what Apprise's words say."""
    for one in reversed(answers):
        if not 200 <= one.status < 300:
            return one.status
    found = [int(match[1]) for line in said if (match := _ERROR.search(line))]
    return next((code for code in reversed(found) if 300 <= code < 600), None)


def without_secrets(text: str, address: str) -> str:
    """Apprise's words may name topics, numbers and users, which are keys here."""
    raw = re.split(r"[/:@?&=+,;#]", address.partition("://")[2])
    parts = {*raw, *map(unquote, raw)}
    for part in sorted((part for part in parts if len(part) > 1), key=len, reverse=True):
        text = text.replace(part, "…")
    return text
