"""docs/webhooks.md is true: its examples are what is sent, and its code verifies what is sent."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from standins.every_event import ADDRESS, ENDPOINTS, EVENTS
from standins.receiver import Receiver

from relay.endpoint import Endpoint
from relay.events import EventType
from relay.formats import FORMATS, check
from relay.formats.sandbox import FILTERS
from relay.transports.sign import new_secret, new_signing_key, public_key
from relay.transports.transport import Telling
from relay.transports.webhook import WebhookTransport

DOCUMENT = (Path(__file__).parents[3] / "docs" / "webhooks.md").read_text("utf-8")


def section(name: str) -> str:
    """What stands under a format's heading."""
    found = re.search(rf"^### {re.escape(name)}\n(.*?)(?=^#|\Z)", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert found, f"docs/webhooks.md has no heading “### {name}”"
    return found[1]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)\n```", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", FORMATS)
def test_the_example_of_each_format_is_what_is_sent(name: str) -> None:
    endpoint, shown = ENDPOINTS[name], blocks(section(name), "json")
    if name == "template":
        endpoint = Endpoint(format=name, template=shown.pop(0))
        with pytest.raises(ValueError, match="maintenance"):
            check(endpoint)
        check(Endpoint(format=name, template=endpoint.template, types=("incident.*",)))
    rendered = FORMATS[name].render(EVENTS["identified"], endpoint, ADDRESS)
    assert rendered is not None
    if name == "cloudevents":
        (headers,) = blocks(section(name), "")
        assert dict(line.split(": ", 1) for line in headers.splitlines()) == rendered.headers
    else:
        assert json.loads(shown[0]) == json.loads(rendered.body)


def test_the_example_of_a_signal_is_what_is_sent() -> None:
    shown = blocks(section("standard"), "json")[1]
    assert json.loads(shown)["signal"] == EVENTS["signal raised"].public()["data"]["signal"]


def test_every_type_filter_and_default_address_is_named() -> None:
    assert [type_ for type_ in EventType if f"`{type_}`" not in section("standard")] == []
    assert [name for name in FILTERS if not re.search(rf"`{name}\b", section("template"))] == []
    assert [form.address for form in FORMATS.values() if form.address and form.address not in DOCUMENT] == []


async def sent(secret: str) -> tuple[bytes, dict[str, str]]:
    transport = WebhookTransport(user_agent="t", allow_private_networks=True)
    async with Receiver() as receiver:
        await transport.send(Telling(event=EVENTS["opened"], address=receiver.url, secrets=(secret,)))
        await transport.aclose()
    return receiver.received[0].body, dict(receiver.received[0].headers)


def code(place: int, key: str) -> Any:
    """`receive` of the document's example, with our key in place of its own."""
    example = re.sub(r'(?<=")(?:whsec_)?[\w+/]{32,}=*(?=")', key, blocks(DOCUMENT, "python")[place])
    assert key in example
    names: dict[str, Any] = {}
    exec(example, names)
    return names["receive"]


async def test_its_code_verifies_a_real_delivery() -> None:
    secret = new_secret()
    receive, (body, headers) = code(0, secret), await sent(secret)
    assert receive(body, headers)["id"] == EVENTS["opened"].id
    assert receive(body + b" ", headers) is None
    assert code(0, new_secret())(body, headers) is None


async def test_its_code_verifies_v1a() -> None:
    secret = new_signing_key()
    public = (public_key(secret) or "").removeprefix("whpk_")
    receive, (body, headers) = code(1, public), await sent(secret)
    receive(body, headers)
    with pytest.raises(InvalidSignature):
        receive(body + b" ", headers)


def test_the_example_has_ten_lines_at_most() -> None:
    assert len([line for line in blocks(DOCUMENT, "python")[0].splitlines() if line]) <= 10
