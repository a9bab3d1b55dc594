"""Texts of a page's: no tag is ever left, nothing that a page wanted to say is lost, and it takes linear time."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.plain import body, line

TAG = re.compile(r"<[A-Za-z/!?]")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("", ""),
        ("  Just a text.\n", "Just a text."),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("one\n\n\n\n\ntwo", "one\n\ntwo"),
        ("a\u00a0b \n c", "a b\n c"),
        ("snake_case *and* **bold** stay", "snake_case *and* **bold** stay"),
        ("### Head\n\n* one\n  * two", "### Head\n\n* one\n  * two"),
        ("5 < 7 & 8 > 2 <3", "5 < 7 & 8 > 2 <3"),
        ("a --> b", "a --> b"),
        ("AT&T, ?a=1&copy=2", "AT&T, ?a=1&copy=2"),
        ("&quot;x&quot; &amp; &#39;y&#x27; &hellip;", "\"x\" & 'y' …"),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
        ("&lt;script&gt;", "< script>"),
        ("send <token> along", "send < token> along"),
        ("<!channel> <@U1>", "< !channel> <@U1>"),
        ("at <https://example.com/a>", "at https://example.com/a"),
        ("a<br>b<br />c<BR/>\nd", "a\nb\nc\nd"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("para\n\npara <b>two</b>", "para\n\npara **two**"),
        ("<b> so </b>and <i></i>on", "**so** and on"),
        ("<b>over\nlines</b>", "over\nlines"),
        ("<b>left open", "left open"),
        ("closed only</b></a></ul>", "closed only"),
        ("<h2>Head</h2>text", "## Head\n\ntext"),
        ("<ul><li>one<ul><li>deep</li></ul></li><li>two</li></ul>", "- one\n  - deep\n- two"),
        ("<ol>\n <li>one</li>\n <li>two</li>\n</ol>", "1. one\n2. two"),
        ("<table><tr><th>a</th><td>b</td></tr><tr><td>c</td></tr></table>", "a | b |\nc |"),
        ("x<hr>y", "x\n\n---\n\ny"),
        ("<pre>a\n  b</pre>", "```\na\n  b\n```"),
        ("see <a href='https://e.com/x'>this</a>", "see [this](https://e.com/x)"),
        ('<a title="no" href="https://e.com/(x y)">t</a>', "[t](https://e.com/%28x%20y%29)"),
        ('<a href="https://e.com/?a=1&amp;b=2">https://e.com/?a=1&amp;b=2</a>', "https://e.com/?a=1&b=2"),
        ('<a href="https://e.com"></a>', "https://e.com"),
        ('<a href="javascript:alert(1)">t</a> <a>u</a>', "t u"),
        ('<a href="&#106;avascript:alert(1)">t</a>', "t"),
        ('<img src="x" onerror="y" alt="a chart">', "a chart"),
        ("<script>alert(1)</script>a<style>b</style>c<!-- d -->e", "ace"),
        ("<script>never closed", "never closed"),
        ("<!-- never closed", "never closed"),
        ("&lt;b&gt;<br>&lt;i&gt;", "< b>\n< i>"),
        ("<b\nclass='x'>y</b>", "**y**"),
        ("nul\x00 bell\x07 half \ud83d emoji", "nul bell half ? emoji"),
    ],
)
def test_bodies(said: str, shown: str) -> None:
    assert body(said) == shown


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("", ""),
        (" a \n b\t\u00a0c ", "a b c"),
        ("a\x00b", "ab"),
        ("<b>kept</b> &amp;", "<b>kept</b> &amp;"),
        ("\ud800", "?"),
    ],
)
def test_lines(said: str, shown: str) -> None:
    assert line(said) == shown


PIECES = st.sampled_from(
    [
        "<b>",
        "</b>",
        "<p>",
        "<",
        ">",
        "&lt;",
        "&gt;",
        "&amp;",
        "<!--",
        "-->",
        "<a href='",
        "'>",
        "</a>",
        "script",
        "<script>",
        "</script>",
        "<li>",
        "<ol>",
        "<pre>",
        "\n",
        " ",
        "x",
        "&#60;",
        "&#x3c;",
        "<https://a.b>",
        "/",
        "!",
        "alt=",
        "<img alt='<b>'>",
    ]
)


@given(st.lists(PIECES | st.text(max_size=5), max_size=30).map("".join))
def test_no_tag_is_ever_left(said: str) -> None:
    shown = body(said)
    assert not TAG.search(shown)
    assert "\n\n\n" not in shown
    assert "\r" not in shown
    shown.encode()


@given(st.text(st.characters(exclude_characters="<>&", exclude_categories=["Cc", "Cs"]), max_size=50))
def test_plain_text_is_left_alone(said: str) -> None:
    assert body(said).split() == said.split()


@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "<p ",
        "<!--",
        "</",
        "<a href='",
        "<a href='>",
        "&",
        "&#",
        "<b>",
        "</b>",
        "<b>x",
        "<li></li>",
        "<script>",
        " ",
        "\n ",
        "<https://",
        "<div>",
        "<ol>",
        "<a href=https://a>b",
        "<pre>",
        "<!-- -->",
    ],
)
def test_hostile_bodies_take_linear_time(piece: str) -> None:
    text = piece * (1_000_000 // len(piece)) + "<p>"
    began = time.process_time()
    body(text)
    assert time.process_time() - began < 60  # in quadratic time it would take hours
