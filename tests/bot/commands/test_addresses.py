"""How addresses are written, checked and shown."""

import logging
from logging.handlers import BufferingHandler

import pytest

from bot.commands.addresses import check_apprise, check_mail, named, normal, short
from bot.commands.reply import CommandError

HOOK = "https://hooks.example.com:8443/services/T0/B0/xoxsecretab12"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("mailto:Ops@Example.COM", "mailto:Ops@example.com"),
        ("MAILTO: ops@example.com ", "mailto:ops@example.com"),
        ("mailto:ops@bücher.example", "mailto:ops@xn--bcher-kva.example"),
        (" https://Hooks.example.com/A ", "https://Hooks.example.com/A"),
        ("console:", "console:"),
        ("slack:T1/C1", "slack:T1/C1"),
    ],
)
def test_an_address_is_kept_in_one_way(typed: str, kept: str) -> None:
    assert normal(typed) == kept
    assert normal(kept) == kept


@pytest.mark.parametrize(
    "address", ["ops@example.com", "on.call+uptimus@a-b.example.co", "x_1@xn--bcher-kva.example"]
)
def test_one_plain_mail_address_is_taken(address: str) -> None:
    check_mail(f"mailto:{address}")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ops",
        "@example.com",
        "ops@",
        "ops@localhost",
        "ops@example.com,boss@example.com",
        "ops@example.com?subject=hi",
        "ops%40example.com",
        "Ops <ops@example.com>",
        "<ops@example.com>",
        '"a b"@example.com',
        ".ops@example.com",
        "o..ps@example.com",
        "ops@example..com",
        "ops@-example.com",
        "ops@[127.0.0.1]",
        "ops@127.0.0.1",
        "ops@example.com\r\nBcc: all@example.com",
        "ops@exam ple.com",
        "a@b@example.com",
        f"{'x' * 65}@example.com",
        f"x@{'a.' * 130}com",
    ],
)
def test_anything_else_is_not(address: str) -> None:
    with pytest.raises(CommandError, match="one plain mail address") as refused:
        check_mail(f"mailto:{address}")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        (HOOK, "https://hooks.example.com:8443/…ab12"),
        ("http://127.0.0.1:8080/hook", "http://127.0.0.1:8080/…hook"),
        ("https://hooks.example.com/?token=abcdefgh", "https://hooks.example.com/…efgh"),
        ("https://hooks.example.com", "https://hooks.example.com"),
        ("https://hooks.example.com/", "https://hooks.example.com/"),
        ("mailto:ops@example.com", "mailto:ops@example.com"),
        ("slack:T1/C1", "slack:T1/C1"),
        ("apprise:tgram://123456789:abcdefg_hijklmnop/12315544/", "apprise:tgram://1...p/12315544/"),
        (
            "apprise:json://user:hunter2@example.com/x?+Authorization=hunter2",
            "apprise:json://user:****@example.com/x",
        ),
        ("apprise:nonsense", "apprise:…"),
    ],
)
def test_a_short_form_tells_two_apart_and_holds_no_secret(uri: str, shown: str) -> None:
    assert short(uri) == shown


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        (HOOK, "a webhook of hooks.example.com"),
        ("apprise:tgram://123456789:abcdefg_hijklmnop/12315544/", "apprise:tgram://…"),
        ("mailto:ops@example.com", "mailto:ops@example.com"),
        ("console:", "console:"),
    ],
)
def test_how_lists_of_changes_name_an_address(uri: str, said: str) -> None:
    assert named(uri) == said


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("nfty://topic", "did you mean ntfy://?"),
        ("", "is written as apprise:ntfy://topic"),
        ("tgram:hunter2", "is written as apprise:ntfy://topic"),
        ("qqqqqq://hunter2", "Apprise knows no service 'qqqqqq'"),
        ("tgram://hunter2", "Apprise can't make anything of this tgram:// address"),
        ("syslog://", "this machine itself"),
    ],
)
def test_what_apprise_can_not_read_is_said_without_the_address(address: str, said: str) -> None:
    logs = BufferingHandler(1000)
    logging.getLogger().addHandler(logs)  # (caplog listens also to what never reaches the logs)
    try:
        with pytest.raises(CommandError) as refused:
            check_apprise(f"apprise:{address}")
    finally:
        logging.getLogger().removeHandler(logs)
    assert said in str(refused.value)
    assert "hunter2" not in str(refused.value) + "".join(record.getMessage() for record in logs.buffer)


def test_what_apprise_reads_is_taken() -> None:
    check_apprise("apprise:ntfy://uptimus-tests")
