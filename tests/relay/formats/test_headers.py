"""Headers of a user's own: what may be added to a request, and what would change it."""

import pytest

from relay.formats import check_headers

GOOD = [
    {},
    {"Authorization": "Bearer abc"},
    {"X-Api-Key": "k" * 4000},
    {"Cookie": 'a="b"; c=d'},
    {"X-Tab": "a\tb"},
]
BAD = [
    ({name: "x"}, "set by uptimus itself")
    for name in (
        *("Host", "host", "Content-Length", "Content-Type", "content-encoding", "Transfer-Encoding", "Connection"),
        *("Upgrade", "TE", "Trailer", "Expect", "Keep-Alive", "Proxy-Authorization", "User-Agent"),
        *("webhook-id", "Webhook-Signature", "webhook-replay", "ce-id", "svix-id", "Accept-Encoding"),
    )
] + [
    ({"X": "a\r\nHost: b"}, "is not one line of ASCII"),
    ({"X": "a\nb"}, "is not one line of ASCII"),
    ({"X": "a\0"}, "is not one line of ASCII"),
    ({"X": "ü"}, "is not one line of ASCII"),
    ({"X": ""}, "is empty"),
    ({"X": " a"}, "is not one line"),
    ({"X Y": "a"}, "is not the name of a header"),
    ({"X:": "a"}, "is not the name of a header"),
    ({"": "a"}, "is not the name of a header"),
    ({"Ü": "a"}, "is not the name of a header"),
    ({"X\r\nY": "a"}, "is not the name of a header"),
    ({"X-A": "a", "x-a": "b"}, "given twice"),
    ({f"X-{n}": "a" for n in range(21)}, "at most 20"),
    ({"X": "a" * 9000}, "at most 8 KiB"),
]


@pytest.mark.parametrize("headers", GOOD)
def test_good(headers: dict[str, str]) -> None:
    check_headers(headers)


@pytest.mark.parametrize(("headers", "why"), BAD)
def test_bad(headers: dict[str, str], why: str) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        check_headers(headers)
    assert "\n" not in str(caught.value)
