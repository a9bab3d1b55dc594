"""How addresses are written and shown: mail, Apprise, and what people may see of one that holds a secret."""

import re
from difflib import get_close_matches
from urllib.parse import urlsplit

from bot.commands.reply import CommandError

CUT = "…"
_TAIL = 4
"""Characters of an address's end that are shown, so that two of one host can be told apart."""
_LOCAL = re.compile(r"[A-Za-z0-9!#$&'*+=^_`{|}~-]+(\.[A-Za-z0-9!#$&'*+=^_`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def normal(uri: str) -> str:
    """The one way in which a destination's address is kept: a mail domain has no capitals. What makes no sense
    stays as it is, for others to refuse."""
    scheme, sign, rest = uri.strip().partition(":")
    if scheme.lower() != "mailto" or not sign:
        return uri.strip()
    local, at, domain = rest.strip().rpartition("@")
    return f"mailto:{local}{at}{_ascii(domain)}"


def _ascii(domain: str) -> str:
    try:
        return domain.lower().encode("idna").decode("ascii").lower()
    except UnicodeError:
        return domain.lower()


def check_mail(uri: str) -> None:
    """Raises CommandError for what is not `mailto:` and one plain address, as `normal` gives it."""
    local, _, domain = uri.removeprefix("mailto:").rpartition("@")
    labels = domain.split(".")
    plain = (
        _LOCAL.fullmatch(local)
        and len(local) <= 64
        and len(domain) <= 253
        and len(labels) > 1
        and all(_LABEL.fullmatch(label) for label in labels)
        and not labels[-1].isdigit()
    )
    if not plain:
        raise CommandError(f"{uri[:80]!r} is not one plain mail address, as in mailto:ops@example.com")


def check_apprise(uri: str) -> None:
    """Raises CommandError for what Apprise can't read; without the address itself, which may hold a secret."""
    from relay.transports.apprise_call import problem  # its library is large, and many run without it

    url = uri.removeprefix("apprise:")
    scheme, sign, _ = url.partition("://")
    known = _schemes()
    if not sign:
        raise CommandError(
            "An Apprise address is written as apprise:ntfy://topic, with the address as Apprise has it"
        )
    if scheme.lower() not in known:
        close = get_close_matches(scheme.lower(), known, n=1)
        meant = f"; did you mean {close[0]}://?" if close else ""
        raise CommandError(f"Apprise knows no service {scheme[:40]!r}{meant}")
    if (wrong := problem(url)) is not None:
        raise CommandError(wrong[0].upper() + wrong[1:])


def _schemes() -> list[str]:
    from apprise.manager_plugins import NotificationManager

    return [str(one) for one in NotificationManager().schemas()]  # type: ignore[no-untyped-call]


def _private(url: str) -> str | None:
    """As Apprise shows it to strangers, and without its options, of which it hides too little; None: it can't read
    the address."""
    from relay.transports.apprise_call import shown  # its library is large, and many run without it

    return shown(url)


def host_of(uri: str) -> str | None:
    """The host of a web address; None for what is none."""
    return urlsplit(uri).hostname if is_web(uri) else None


def is_web(uri: str) -> bool:
    """Whether it is the address of a webhook."""
    return uri.startswith(("https://", "http://"))


def named(uri: str) -> str:
    """A destination as everybody of its workspace may read it: an address may hold a secret behind its host."""
    host = host_of(uri)
    if uri.startswith("apprise:"):
        return f"{uri.partition('://')[0][:40]}://{CUT}"
    return f"a webhook of {host}" if host else uri


def short(uri: str) -> str:
    """An address by which those who know it recognize it, and nobody learns it: commands take it as well."""
    if uri.startswith("apprise:"):
        return f"apprise:{_private(uri.removeprefix('apprise:')) or CUT}"
    if not is_web(uri):
        return uri
    parts = urlsplit(uri)
    behind = uri.partition("://")[2].partition(parts.netloc)[2].lstrip("/")
    return f"{parts.scheme}://{parts.netloc}/{CUT}{behind[-_TAIL:]}" if behind else uri
