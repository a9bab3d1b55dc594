"""The pictures of the stand-in Slack: what they show is tested without drawing them."""

from pathlib import Path
from typing import Any

import pytest
from standins.slack import Answer, Channel, Message, View
from standins.slack_elements import with_ids
from standins.slack_picture import CHROMIUM, channel_page, home_page, message_page, modal_page, picture
from standins.slack_picture_text import mrkdwn_html, plain_html
from standins.test_slack_people import MODAL, button, plain

TITLE = {"type": "header", "text": plain("Login <down>")}


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*bold* _it_ ~old~ 2*3*4 snake_case_name", "<b>bold</b> <i>it</i> <s>old</s> 2*3*4 snake_case_name"),
        ("*<https://x.io|a &amp; b>*", '<b><a href="https://x.io">a &amp; b</a></b>'),
        ("`*code*`", "<code>*code*</code>"),
        ("```\na &lt; b\n```", "<pre>a &lt; b</pre>"),
        ("&lt;script&gt; 'x'", "&lt;script&gt; &#x27;x&#x27;"),
        ("&gt; said\n&gt; more\nafter", "<blockquote>said<br>more</blockquote>after"),
        ("<@U7> <!here> <#C1> <!subteam^S1|ops>", "@U7 @here #C1 @ops"),
        ("<!date^1752865200^{date_short_pretty} {time}|x>", "Jul 18, 2025 19:00"),
        (
            "<!date^1752865200^{date} {date_num}^https://x.io|x>",
            '<a href="https://x.io">July 18th, 2025 2025-07-18</a>',
        ),
        (":warning: :unknown_thing:\nnext", "⚠️ :unknown_thing:<br>next"),
        ("<javascript:alert(1)|x>", "x"),
    ],
)
def test_mrkdwn(text: str, html: str) -> None:
    assert mrkdwn_html(text).replace('<span class="mention">', "").replace("</span>", "") == html


def test_plain_text_means_nothing() -> None:
    assert plain_html("*x* <https://x.io> :bell:") == "*x* &lt;https://x.io&gt; 🔔"


def test_a_channel_has_its_threads_beside_it() -> None:
    channel = Channel("C1", "ops")
    root = Message("1752865200.000001", "Login down", [TITLE], "uptimus", edits=[("", [])])
    reply = Message("1752865260.000001", "Fixed", [], "uptimus", thread_ts=root.ts, broadcast=True)
    channel.messages += [root, reply]
    html = channel_page(channel, Answer("You only", [], True, ts="1752865300.000001"))
    assert html.count('<div class="pane">') == 2
    for part in (
        "# ops",
        "Login &lt;down&gt;",
        "1 reply",
        "replied to a thread: <a>Login down",
        "19:00",
        "(edited)",
    ):
        assert part in html
    assert "Only visible to you" in html
    assert "Also sent to the channel" in html


def test_a_modal_shows_what_was_typed_and_what_is_wrong() -> None:
    payload = MODAL | {"blocks": with_ids(MODAL["blocks"])}
    view = View("V1", "T1", "U1", payload, "h")
    view.show(payload, "h")
    view.values["note"]["note"]["value"] = "typed <b>"
    view.errors = {"who": "Choose one."}
    html = modal_page(view)
    for part in ("Follow", "typed &lt;b&gt;", "⚠ Choose one.", "(optional)", "Providers"):
        assert part in html
    assert "Providers" in modal_page(MODAL)


def test_every_block_and_element_is_drawn() -> None:
    options = [{"text": plain("One"), "value": "1"}]
    elements: list[dict[str, Any]] = [
        button("b", "Press") | {"style": "danger"},
        {"type": "overflow", "options": options},
        {"type": "static_select", "options": options, "initial_option": options[0]},
        {"type": "multi_static_select", "options": options, "initial_options": options},
        {"type": "radio_buttons", "options": options, "initial_option": options[0]},
        {"type": "checkboxes", "options": options},
        {"type": "datepicker", "initial_date": "2025-07-18"},
        {"type": "conversations_select", "placeholder": plain("Where")},
    ]
    picture_block = {"type": "image", "image_url": "https://x.io/x.png", "alt_text": "A chart"}
    blocks = [
        TITLE,
        {"type": "divider"},
        {"type": "section", "fields": [plain("a"), plain("b")], "accessory": picture_block},
        {"type": "context", "elements": [plain("small"), picture_block]},
        picture_block | {"title": plain("Title")},
        {"type": "actions", "elements": elements},
        {"type": "table", "rows": []},
    ]
    html = home_page({"type": "home", "blocks": blocks})
    for part in ("Press", "⋯", "One", "One ×", "◉", "☐", "2025-07-18", "Where", "A chart", "small", "table"):
        assert part in html


@pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium here")
async def test_a_picture_is_drawn(tmp_path: Path) -> None:
    path = await picture(message_page(Message("1.000001", "x", [], "uptimus")), tmp_path / "x.png", width=500)
    assert path.read_bytes().startswith(b"\x89PNG")
