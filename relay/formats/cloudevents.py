"""The format `cloudevents`: CloudEvents 1.0 over HTTP in binary mode: attributes are headers, the body is that
of `standard`.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
"""

from urllib.parse import quote

from adapters.schema import rfc3339
from relay.endpoint import Endpoint
from relay.events import StoredEvent, Subject
from relay.formats.format import Format, Rendered, as_bytes
from relay.formats.standard import check_version, document

_AS_IT_IS = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')


def encoded(value: str) -> str:
    """A header's value (section 3.1.3.2): whatever is not printable ASCII, spaces, quotes and percent signs are
    percent-encoded."""
    return quote(value, safe=_AS_IT_IS, errors="replace")


def render(event: StoredEvent, endpoint: Endpoint, _: str) -> Rendered:
    """The whole event, its envelope in headers."""
    return Rendered(as_bytes(document(event, endpoint)), headers=attributes(event))


def attributes(event: StoredEvent) -> dict[str, str]:
    """The `ce-` headers. The extension `sequence` orders the events of one source by comparing strings: so each
    subject is a source, and the number is padded."""
    subject = _subject(event.subject)
    return {
        "ce-specversion": "1.0",
        "ce-id": encoded(event.id),
        "ce-type": f"uptimus.{event.type}",
        "ce-source": encoded(f"/uptimus/{quote(event.data.provider.slug, safe='')}/{subject}"),
        "ce-subject": encoded(subject),
        "ce-time": rfc3339(event.seen_at),
        "ce-sequence": f"{event.sequence:010d}",
    }


def _subject(subject: Subject) -> str:
    return f"{subject.kind}/{quote(subject.id, safe='', errors='replace')}" if subject.id else str(subject.kind)


FORMAT = Format(render, check_version, shared=True)
