"""Status pages in: one module per kind of page, and the one list of them."""

from adapters import (
    apple,
    aws,
    aws_rss,
    azure,
    betterstack,
    cachet,
    checkly,
    cstate,
    feed,
    gatus,
    google_cloud,
    google_workspace,
    heroku,
    incidentio,
    instatus,
    microsoft_365,
    openstatus,
    oracle_cloud,
    rootly,
    salesforce,
    slack_status,
    sorry,
    statusfy,
    statusio,
    statusiq,
    statuspage,
    statuspal,
    upptime,
    uptime_kuma,
    uptimerobot,
    xai,
    yandex_cloud,
    zendesk,
)
from adapters.adapter import Adapter

ADAPTERS: dict[str, Adapter] = {
    module.ADAPTER.name: module.ADAPTER
    for module in (
        incidentio,
        statuspage,
        instatus,
        betterstack,
        statusio,
        statuspal,
        uptimerobot,
        statusiq,
        uptime_kuma,
        cachet,
        gatus,
        upptime,
        openstatus,
        checkly,
        rootly,
        cstate,
        sorry,
        statusfy,
        aws,
        aws_rss,
        azure,
        google_cloud,
        google_workspace,
        salesforce,
        slack_status,
        heroku,
        zendesk,
        oracle_cloud,
        microsoft_365,
        apple,
        yandex_cloud,
        xai,
        feed,
    )
}
"""In the order in which a page that gives no evidence is tried."""


def named(text: str) -> Adapter | None:
    """The adapter that somebody calls so: by its name or an alias, whatever the case and the punctuation."""
    wanted = _key(text)
    return next(
        (one for one in ADAPTERS.values() if wanted in map(_key, (one.name, one.title, *one.aliases))), None
    )


def _key(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
