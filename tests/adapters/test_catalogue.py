"""The catalogue as data, and how its entries are found."""

from pathlib import Path

import pytest

from adapters import ADAPTERS, catalogue
from adapters.address import normalize_url
from adapters.catalogue import Catalogue, Entry


@pytest.fixture
def known() -> Catalogue:
    return catalogue.load()


def test_every_entry_is_whole(known: Catalogue) -> None:
    for entry in known.entries:
        assert entry.slug == entry.slug.lower().strip("-")
        assert entry.slug.replace("-", "").isalnum()
        assert entry.name
        assert entry.category
        assert entry.adapter in ADAPTERS
        assert entry.url.startswith("https://")
        assert normalize_url(entry.url) == entry.url
    assert len({entry.slug for entry in known.entries}) == len(known.entries) >= 60
    assert len({entry.url for entry in known.entries}) == len(known.entries)


def test_every_entry_is_found_by_all_its_names(known: Catalogue) -> None:
    for entry in known.entries:
        for name in (*entry.names, entry.url, entry.name.upper()):
            assert known.find(name) is entry, name


@pytest.mark.parametrize(
    "text",
    ["chargeover", "ChargeOver", " charge over ", "CHARGE-OVER", "Charge.Over!", "https://status.chargeover.com/",
     "https://STATUS.chargeover.com/history", "status.chargeover.com"],
)  # fmt: skip
def test_chargeover(known: Catalogue, text: str) -> None:
    expected = Entry(
        "chargeover", "ChargeOver", "Payments", "https://status.chargeover.com", "statuspage", ("charge over",)
    )
    assert known.find(text) == expected


@pytest.mark.parametrize("text", ["", " ", "?", "chargeove", "https://", "https://evil.example/chargeover"])
def test_what_is_not_found(known: Catalogue, text: str) -> None:
    assert known.find(text) is None


def test_nearest(known: Catalogue) -> None:
    assert known.nearest("chargover")[0].slug == "chargeover"
    assert known.nearest("gihtub", limit=1)[0].slug == "github"
    assert known.nearest("zzzzzzzzzz") == []
    assert len(known.nearest("s" * 10_000)) <= 3


def test_search_ranks_names_before_parts_before_categories() -> None:
    entries = [
        Entry("paylater", "Later Pay", "Shops", "https://a.example", "statuspage"),
        Entry("mail", "Mail", "Pay and more", "https://b.example", "statuspage"),
        Entry("pay", "Zahl", "Other", "https://c.example", "statuspage"),
        Entry("epay", "E", "Other", "https://d.example", "statuspage", ("electronic pay",)),
        Entry("none", "None", "Other", "https://e.example", "statuspage"),
    ]
    found = Catalogue(entries)
    assert [entry.slug for entry in found.search("PAY", 10)] == ["pay", "paylater", "epay", "mail"]
    assert [entry.slug for entry in found.search("pay", 2)] == ["pay", "paylater"]
    assert found.search(" . ", 10) == []


def test_an_alias_hides_no_slug() -> None:
    loud = Entry("loud", "Loud", "Other", "https://a.example", "statuspage", ("quiet",))
    quiet = Entry("quiet", "Quiet", "Other", "https://b.example", "statuspage")
    assert Catalogue([loud, quiet]).find("quiet") is quiet


def test_the_file_is_read_once() -> None:
    assert catalogue.load() is catalogue.load()


def test_another_file(tmp_path: Path) -> None:
    path = tmp_path / "more.toml"
    path.write_text(
        '[[provider]]\nslug="x"\nname="X"\ncategory="Y"\nurl="https://x.example"\nadapter="statuspage"\n'
    )
    assert catalogue.load(path).find("x") == Entry("x", "X", "Y", "https://x.example", "statuspage")
    path.write_text('[[provider]]\nslug="x"\n')
    with pytest.raises(ValueError, match=r"more\.toml is not a catalogue"):
        catalogue.load(path)
