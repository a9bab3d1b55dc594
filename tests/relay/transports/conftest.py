"""Slack, and the transport that speaks to it."""

from collections.abc import AsyncIterator

import pytest
from standins.slack import SlackServer

from relay.transports.slack import SlackTransport
from relay.transports.slack_clients import OneToken


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer() as server:
        yield server


@pytest.fixture
async def transport(slack: SlackServer) -> AsyncIterator[SlackTransport]:
    made = SlackTransport(OneToken(slack.bot_token, slack.api_url))
    yield made
    await made.aclose()
