"""Which incidents are the same trouble: a table of pairs."""

from typing import Any

import pytest
from standins.pages import incident, update

from adapters.schema import Incident
from relay.kin import company, root_of
from storage.kin import Candidate, plain

HERE = "https://jira.status.atlassian.com"
FIRST = incident(update("u1", "investigating", 0, "Checks fail: 12 of 20."), id_="first")


def like(minutes: float = 0, body: str = "Checks fail: 12 of 20.", **given: Any) -> Incident:
    return incident(update("v1", "investigating", minutes, body), **({"id_": "other"} | given))


@pytest.mark.parametrize(
    ("case", "one", "provider_id", "url", "joins"),
    [
        ("a sibling of the same company", like(body="In other words."), 2, "https://x.status.atlassian.com", True),
        ("another company with the same text", like(), 2, "https://status.acme.example", True),
        ("another company in other words", like(body="Other words."), 2, "https://status.acme.example", False),
        ("a sibling that began a minute later", like(1), 2, "https://x.status.atlassian.com", True),
        ("a sibling that began later", like(2), 2, "https://x.status.atlassian.com", False),
        ("a sibling that tells no start", like(started_at=None), 2, "https://x.status.atlassian.com", False),
        ("once more within a day", like(60 * 24), 1, HERE, True),
        ("once more, counted otherwise", like(60, "Checks fail: 9 of 20."), 1, HERE, True),
        ("once more, after more than a day", like(60 * 24 + 1), 1, HERE, False),
        ("once more, in other words", like(60, "We are looking into it."), 1, HERE, False),
        ("before the first", like(-60), 1, HERE, False),
        ("the incident itself", FIRST, 1, HERE, False),
    ],
)
def test_the_same_trouble_is_one(case: str, one: Incident, provider_id: int, url: str, joins: bool) -> None:
    root = Candidate(7, 1, HERE, FIRST)
    assert root_of(one, provider_id, url, [root]) == (root if joins else None), case


def test_nobody_is_a_relative_of_nobody() -> None:
    assert root_of(FIRST, 1, HERE, []) is None


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://jira-software.status.atlassian.com/x", "atlassian.com"),
        ("https://status.acme.co.uk", "acme.co.uk"),
        ("https://acme.statuspage.io", "acme.statuspage.io"),
        ("https://acme.instatus.com", "acme.instatus.com"),
        ("https://acme.github.io/status", "acme.github.io"),
        ("https://localhost:8080", "localhost"),
        ("no address", "no address"),
    ],
)
def test_a_company_is_known_by_its_address(url: str, site: str) -> None:
    assert company(url) == site


def test_blanks_and_capitals_do_not_matter() -> None:
    assert plain(" Logins\n FAIL ") == plain("logins fail")
