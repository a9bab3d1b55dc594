"""Link previews: the state of a page that is known, below a link to it."""

import pytest
from standins.pages import incident, snapshot, update
from standins.slack import Message
from standins.slack_bot import NOW, Bot
from standins.slack_rules import block_faults

from adapters.fetch import AdapterError
from adapters.schema import Status
from bot.slack.unfurl_view import Page, unfurl
from storage import providers

ACTIVE = snapshot(incident(update("u1", "investigating", 0)), app=Status.MAJOR_OUTAGE)


async def shown(bot: Bot, *urls: str) -> Message:
    """A message with links, once they have their cards."""
    bot.slack.workspaces["T1"].scopes |= {"links:read", "links:write"}
    message = await bot.slack.share_links("C1", *urls)
    await bot.slack.until(lambda: message.unfurls)
    return message


def words(message: Message, url: str) -> str:
    return "\n".join(str(block.get("text", block.get("elements"))) for block in message.unfurls[url]["blocks"])


@pytest.mark.parametrize(
    "url",
    [
        "https://status.example.com",
        "https://status.example.com/incidents/inc1?x=1#y",
        "https://uptimus.example.com/status/chargeover",
        "https://uptimus.example.com/status/chargeover/feed.atom",
    ],
)
async def test_a_followed_page_shows_its_state(url: str, bot: Bot) -> None:
    await bot.follow()
    await bot.reads(ACTIVE)
    reads = bot.shelf.reads
    card = words(await shown(bot, url), url)
    assert "major outage" in card
    assert "Logins fail" in card
    assert "Checked <!date^" in card
    assert bot.shelf.reads == reads


async def test_a_page_of_the_catalogue_says_that_it_is_not_followed(bot: Bot) -> None:
    url = "https://www.githubstatus.com/incidents/abc"
    card = words(await shown(bot, url), url)
    assert "not followed here" in card
    assert "/uptimus follow github" in card


async def test_a_page_that_cannot_be_read_is_unknown(bot: Bot) -> None:
    await bot.follow()
    async with bot.database.write() as session:
        provider = await providers.by_slug(session, "chargeover")
        assert provider is not None
        provider.failure = str(AdapterError("it answers 503"))
    url = "https://status.example.com"
    card = words(await shown(bot, url), url)
    assert "unknown" in card
    assert "can't be read now" in card


async def test_other_links_get_nothing(bot: Bot) -> None:
    await bot.follow()
    others = (
        "https://example.com",
        "https://status.example.com.evil.example/",
        "https://uptimus.example.com/status/x",
    )
    known = "https://status.example.com/"
    message = await shown(bot, *others, known)
    assert message.unfurls.keys() == {known}


async def test_only_links_that_nobody_knows_ask_slack_nothing(bot: Bot) -> None:
    bot.slack.workspaces["T1"].scopes |= {"links:read", "links:write"}
    await bot.slack.share_links("C1", "https://example.com/x")
    await shown(bot, "https://status.example.com")
    assert len(bot.slack.called("chat.unfurl")) == 1


@pytest.mark.parametrize("number", [0, 1, 12])
def test_a_hostile_page_makes_a_harmless_card(number: int) -> None:
    bad = "<!channel> *x* <@U1> & | " * 20
    for url in ("javascript:alert(1)", "https://x.io/" + "a" * 2900):
        one = incident(update("u", "identified", 0), title=bad, url=url)
        page = Page("slug", bad, "https://x.example", Status.DEGRADED, NOW, bad, [one] * number)
        assert block_faults(unfurl(page)["blocks"], set()) == ([], [])
