"""A provider's own words as HTML: nothing of theirs becomes an element, and no link hides where it leads."""

import pytest

from bot.web.prose import html


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("", ""),
        ("Down.", "<p>Down.</p>"),
        ("One\ntwo\n\n\nthree", "<p>One<br>two</p><p>three</p>"),
        ("Now:\n- a\n* b\nthen", "<p>Now:</p><ul><li>a</li><li>b</li></ul><p>then</p>"),
        ("## What happened\nIt **broke**", "<p><strong>What happened</strong><br>It <strong>broke</strong></p>"),
        ("<b>x</b> & y", "<p>&lt;b&gt;x&lt;/b&gt; &amp; y</p>"),
        ("- <script>", "<ul><li>&lt;script&gt;</li></ul>"),
        ("\x02no item", "<p>no item</p>"),
        ("[log](https://x.example/a?b&c)",
         '<p><a href="https://x.example/a?b&amp;c" rel="nofollow noopener ugc">log</a></p>'),
        ("[bank.com](https://evil.example)",
         '<p><a href="https://evil.example" rel="nofollow noopener ugc">https://evil.example</a></p>'),
        ("[x](javascript:alert(1))", "<p>x</p>"),
        ("[x](data:text/html,y)", "<p>x</p>"),
        ('https://x.example/"onclick="a', '<p><a href="https://x.example/" rel="nofollow noopener ugc">'
         "https://x.example/</a>&#34;onclick=&#34;a</p>"),
    ],
)  # fmt: skip
def test_words(said: str, shown: str) -> None:
    assert html(said) == shown


def test_what_is_too_long_says_so() -> None:
    shown = html("A sentence. " * 100, 200)
    assert shown.startswith("<p>A sentence. A sentence.")
    assert shown.endswith("the whole text is on the official page.</p>")
    assert len(shown) < 400
