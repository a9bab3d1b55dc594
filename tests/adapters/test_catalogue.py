"""The catalogue as data, and how its entries are found."""

from collections import Counter
from pathlib import Path

import pytest

from adapters import ADAPTERS, catalogue
from adapters.address import normalize_url
from adapters.catalogue import CATEGORIES, Catalogue, Entry


@pytest.fixture
def known() -> Catalogue:
    return catalogue.load()


def test_every_entry_is_whole(known: Catalogue) -> None:
    for entry in known.entries:
        assert entry.slug == entry.slug.lower().strip("-")
        assert entry.slug.replace("-", "").isalnum()
        assert entry.name
        assert entry.category in CATEGORIES
        assert entry.adapter is None or entry.adapter in ADAPTERS
        assert entry.url.startswith("https://")
        assert normalize_url(entry.url) == entry.url
    assert len({entry.slug for entry in known.entries}) == len(known.entries) >= 1000
    assert len({entry.url for entry in known.entries}) == len(known.entries)


def test_every_entry_is_found_by_all_its_names(known: Catalogue) -> None:
    for entry in known.entries:
        for name in (*entry.names, entry.url, entry.name.upper()):
            assert known.find(name) is entry, name


def test_no_two_entries_are_called_alike(known: Catalogue) -> None:
    plain = Counter(
        "".join(filter(str.isalnum, name.casefold())) for entry in known.entries for name in set(entry.names)
    )
    shared = {name for name, times in plain.items() if times > 1}
    own = {
        "".join(filter(str.isalnum, one.casefold())) for entry in known.entries for one in (entry.slug, entry.name)
    }
    assert shared <= own
    hosts = Counter(entry.url for entry in known.entries)
    assert hosts.most_common(1)[0][1] == 1


@pytest.mark.parametrize(
    "text",
    ["chargeover", "ChargeOver", " charge over ", "CHARGE-OVER", "Charge.Over!", "https://status.chargeover.com/",
     "https://STATUS.chargeover.com/history", "status.chargeover.com"],
)  # fmt: skip
def test_chargeover(known: Catalogue, text: str) -> None:
    expected = Entry("chargeover", "ChargeOver", "Payments", "https://status.chargeover.com", "statuspage")
    assert known.find(text) == expected


@pytest.mark.parametrize("text", ["", " ", "?", "chargeove", "https://", "https://evil.example/chargeover"])
def test_what_is_not_found(known: Catalogue, text: str) -> None:
    assert known.find(text) is None


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("gh", "github"),
        ("gcp", "google-cloud"),
        ("amazon web services", "aws"),
        ("Anthropic", "claude"),
        ("chatgpt", "openai"),
        ("https://www.google.com/appsstatus/dashboard", "google-workspace"),
    ],
)
def test_what_people_call_them(known: Catalogue, text: str, slug: str) -> None:
    found = known.find(text)
    assert found is not None
    assert found.slug == slug


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("chargover", "chargeover"),
        ("gihtub", "github"),
        ("datadgo", "datadog"),
        ("clouflare", "cloudflare"),
        ("page duty", "pagerduty"),
        ("Slak", "slack"),
        ("hugingface", "hugging-face"),
    ],
)
def test_misspelt(known: Catalogue, text: str, slug: str) -> None:
    assert known.nearest(text)[0].slug == slug
    assert known.search(text, 5)[0].slug == slug


def test_a_name_that_several_begin_with_brings_them_all(known: Catalogue) -> None:
    assert {"google-cloud", "google-workspace"} <= {entry.slug for entry in known.nearest("google", 10)}
    assert known.nearest("zzzzzzzzzz") == []
    assert len(known.nearest("s" * 10_000)) <= 3


def test_search_ranks_names_before_misspelt_names_before_parts_before_categories() -> None:
    entries = [
        Entry("shop", "Shop", "Shops", "https://a.example"),
        Entry("mail", "Mail", "Payers and more", "https://b.example"),
        Entry("payer", "Zahl", "Other", "https://c.example"),
        Entry("epayer", "E", "Other", "https://d.example", None, ("electronic payer",)),
        Entry("power", "Power", "Other", "https://f.example"),
        Entry("none", "None", "Other", "https://e.example"),
        Entry("pazer", "Pazer", "Other", "https://g.example"),
        Entry("the-payer", "The Great Payer of All Bills", "Other", "https://h.example"),
    ]
    found = Catalogue(entries)
    assert [entry.slug for entry in found.search("PAYER", 10)] == ["payer", "epayer", "pazer", "the-payer", "mail"]
    assert [entry.slug for entry in found.search("payer", 2)] == ["payer", "epayer"]
    assert found.search(" . ", 10) == []


def test_an_alias_hides_no_slug() -> None:
    loud = Entry("loud", "Loud", "Other", "https://a.example", "statuspage", ("quiet",))
    quiet = Entry("quiet", "Quiet", "Other", "https://b.example", "statuspage")
    assert Catalogue([loud, quiet]).find("quiet") is quiet


def test_the_file_is_read_once() -> None:
    assert catalogue.load() is catalogue.load()


@pytest.mark.parametrize(
    "wrong",
    [
        "x = { name = 'X', category = 'Y' }",
        "x = { name = 'X', category = 'Y', page = 'https://x.example', url = 'y' }",
        "x = { name = 'X', category = 'Y', page = 'https://x.example', aliases = 'ex' }",
        "x = 'https://x.example'",
        "x = {",
        "x = {}\nx = {}",
    ],
)
def test_another_file(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "more.toml"
    path.write_text('x = { name = "X", category = "Y", page = "https://x.example", aliases = ["ex"] }\n')
    assert catalogue.load(path).find("ex") == Entry("x", "X", "Y", "https://x.example", None, ("ex",))
    path.write_text(wrong)
    with pytest.raises(ValueError, match=r"more\.toml is not a catalogue"):
        catalogue.load(path)
