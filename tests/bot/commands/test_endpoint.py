"""What is asked of an address beyond its follows."""

import asyncio
import json

import pytest

from bot.commands import endpoint
from bot.commands.reply import CommandError, Wish
from relay.endpoint import Endpoint

PAGER = Endpoint(format="pagerduty", key="R0UT1NG", headers={"X-Team": "payments"})


@pytest.mark.parametrize(
    ("wish", "before", "after"),
    [
        (Wish(), None, Endpoint()),
        (Wish(), PAGER, PAGER),
        (Wish(format="PagerDuty", key=" R0UT1NG "), None, Endpoint(format="pagerduty", key="R0UT1NG")),
        (Wish(headers=("X-Team: payments", "x-team: ops")), None, Endpoint(headers={"x-team": "ops"})),
        (Wish(headers=("X-Url: https://a.b/c",)), None, Endpoint(headers={"X-Url": "https://a.b/c"})),
        (Wish(headers=("none",)), PAGER, Endpoint(format="pagerduty", key="R0UT1NG")),
        (Wish(format="standard"), PAGER, Endpoint(headers={"X-Team": "payments"})),
        (Wish(types=("incident.resolved,incident.*", "Maintenance")), None,
         Endpoint(types=("incident.*", "maintenance.*", "incident.resolved"))),
        (Wish(types=("all",)), Endpoint(types=("incident.*",)), Endpoint()),
        (Wish(format="template", template='{"text": "{{ data.provider.name }}"}'), None,
         Endpoint(format="template", template='{"text": "{{ data.provider.name }}"}')),
    ],
)  # fmt: skip
async def test_what_is_not_said_stays_as_it_was(wish: Wish, before: Endpoint | None, after: Endpoint) -> None:
    assert await endpoint.wanted(wish, before) == after


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (Wish(format="pagerdty"), "did you mean pagerduty?"),
        (Wish(format="pagerduty"), "needs a PagerDuty integration key"),
        (Wish(key="hunter2"), "takes no key"),
        (Wish(template="{}"), "takes no template"),
        (Wish(format="template", template="{hunter2"), "JSON"),
        (Wish(headers=("hunter2",)), "Name: value"),
        (Wish(headers=("X-Key: hunter2\r\nX: y",)), "one line of ASCII"),
        (Wish(headers=("Host: hunter2",)), "set by uptimus itself"),
        (Wish(headers=("webhook-id: hunter2",)), "set by uptimus itself"),
        (Wish(types=("incident.opend",)), "did you mean incident.opened? There are incident.*"),
        (Wish(types=("incidents.*",)), "did you mean incident.*?"),
        (Wish(types=("test",)), "I don't know the event type"),
    ],
)
async def test_what_makes_no_sense_is_said_without_what_is_secret(wish: Wish, said: str) -> None:
    with pytest.raises(CommandError) as refused:
        await endpoint.wanted(wish, None)
    assert said in str(refused.value)
    assert "hunter2" not in str(refused.value)


async def test_while_a_template_is_tried_everything_else_goes_on() -> None:
    slow = "{{ (title ~ '€')" + " | replace('€', '€€')" * 14 + " | urlencode | length }}"
    asked = asyncio.create_task(endpoint.wanted(Wish(format="template", template=json.dumps([slow])), None))
    passes = 0
    while not asked.done():
        await asyncio.sleep(0)
        passes += 1
    assert (await asked).format == "template"
    assert passes > 10, "in the loop itself it takes two"


def test_what_is_secret_is_in_no_words() -> None:
    wish = Wish(key="hunter2", headers=("X-Key: hunter2",))
    assert "hunter2" not in repr(wish)
    assert endpoint.said(Endpoint(format="pagerduty", key="hunter2", headers={"X-Key": "hunter2"})) == [
        "as pagerduty"
    ]
