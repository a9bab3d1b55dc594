"""What people paste for a status page."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.detect import normalize_url
from adapters.fetch import AdapterError


@pytest.mark.parametrize(
    ("pasted", "url"),
    [
        ("status.chargeover.com", "https://status.chargeover.com"),
        ("  <https://Status.ChargeOver.com/> ", "https://status.chargeover.com"),
        ("http://status.chargeover.com:80/", "http://status.chargeover.com"),
        ("https://status.chargeover.com:443", "https://status.chargeover.com"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("https://[::1]:8443/x/", "https://[::1]:8443/x"),
        ("https://status.example.com./", "https://status.example.com"),
        ("https://status.example.com/history", "https://status.example.com"),
        ("https://status.example.com/history?page=2#top", "https://status.example.com"),
        ("https://status.example.com/history.atom", "https://status.example.com"),
        ("https://status.example.com/incidents/wqrzsb2dhryr", "https://status.example.com"),
        ("https://status.example.com/incidents/wqrzsb2dhryr.json", "https://status.example.com"),
        ("https://status.example.com/api/v2/summary.json", "https://status.example.com"),
        ("https://status.example.com/api/v2/incidents/unresolved.json", "https://status.example.com"),
        ("https://status.example.com/api/v2", "https://status.example.com"),
        ("https://status.example.com/index.html", "https://status.example.com"),
        ("https://status.example.com/history/incidents/", "https://status.example.com"),
        ("https://bücher.example", "https://bücher.example"),
        ("https://example.com/a b<c>", "https://example.com/a%20b%3Cc"),
        ("https://example.com/status", "https://example.com/status"),
        ("https://example.com/status/api/v2/status.json", "https://example.com/status"),
    ],
)
def test_addresses(pasted: str, url: str) -> None:
    assert normalize_url(pasted) == url
    assert normalize_url(url) == url


@pytest.mark.parametrize(
    "pasted",
    [
        "",
        " ",
        "https://",
        "ftp://example.com",
        "javascript:alert(1)",
        "https://u:p@example.com",
        "https://u@example.com",
        "https://[x",
        "https://example.com:99999",
        "https://exa mple.com",
        "file:///etc/passwd",
        "https://a%00b/",
        ".",
        "https://a..b",
        "https://a,b",
    ],
)
def test_what_is_no_address(pasted: str) -> None:
    with pytest.raises(AdapterError):
        normalize_url(pasted)


PARTS = st.sampled_from(
    ["/", ".", "history", "incidents", "api/v2", "x", "%41", "#", "?", "[", ":1", "@", "<", "İ", " "]
)


@settings(max_examples=300)
@given(st.lists(PARTS | st.text(max_size=3)).map("".join).map("https://a".__add__) | st.text())
def test_anything_is_an_address_or_an_error(pasted: str) -> None:
    try:
        url = normalize_url(pasted)
    except AdapterError:
        return
    assert url.startswith(("http://", "https://"))
    assert normalize_url(url) == url
