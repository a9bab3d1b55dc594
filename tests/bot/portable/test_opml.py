"""Providers as OPML, and export and import as they are typed."""

import json
import stat
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from standins.shell import Shell

from bot.demo import LOGIN_OUTAGE, DemoPage, load
from bot.portable import opml
from bot.portable.opml import OpmlError, Outline
from storage.tables import Provider

pytestmark = pytest.mark.timeout(600)  # many commands, each a process of its own
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
_MANY = "".join(f'<outline url="http://{number}.example"/>' for number in range(5001))


@pytest.fixture
async def page() -> AsyncIterator[str]:
    page = DemoPage(load(LOGIN_OUTAGE))
    yield await page.start()
    await page.aclose()


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def _provider(name: str, category: str | None = None) -> Provider:
    return Provider(slug="acme", name=name, url="https://acme.example/?a=1&b=2", category=category)


def test_what_is_written_is_read_again() -> None:
    name = "Acme <& \"Söhne'\0\x1b>\n"
    text = opml.written([_provider(name, "payments"), _provider("B")], "https://uptimus.example/", NOW)
    [first, _] = ElementTree.fromstring(text.encode()).iter("outline")
    assert first.get("text") == "Acme <& \"Söhne'>"
    assert first.get("xmlUrl") == "https://uptimus.example/status/acme/feed.atom"
    assert first.get("category") == "/payments"
    assert opml.read(text)[0] == Outline(
        "Acme <& \"Söhne'>", ("https://acme.example/?a=1&b=2", "https://uptimus.example/status/acme/feed.atom")
    )


def test_folders_doubles_and_lines_without_an_address() -> None:
    text = """<?xml version="1.0"?><opml version="1.0"><head/><body>
    <outline text="Folder"><outline text="A" type="rss" xmlUrl="https://a.example/feed"/>
    <outline text="A" type="rss" xmlUrl="https://a.example/feed"/></outline>
    <outline text="B" htmlurl="javascript:alert(1)"/><outline url="http://c.example"/>
    </body></opml>"""
    assert opml.read(text) == [
        Outline("A", ("https://a.example/feed",)),
        Outline("http://c.example", ("http://c.example",)),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<opml", "no XML"),
        ("<rss/>", "no OPML"),
        ('<!DOCTYPE x [<!ENTITY a "aaaa">]><opml><body><outline url="&a;"/></body></opml>', "document type"),
        (f"<opml>{_MANY}</opml>", "5000"),
    ],
)
def test_what_is_no_opml_is_refused(text: str, said: str) -> None:
    with pytest.raises(OpmlError, match=said):
        opml.read(text)


async def test_what_is_followed_moves_to_another_folder(shell: Shell, page: str) -> None:
    hook = "http://127.0.0.1:9/hook"
    await shell.done("follow", page, "--to", hook, "--min-impact", "major")
    await shell.done("export", "follows.json")
    file = shell.folder / "follows.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    printed, kept = json.loads(await shell.done("export")), json.loads(file.read_text())
    assert printed | {"exported_at": ""} == kept | {"exported_at": ""}
    (shell.folder / "new").mkdir()
    new = Shell(shell.folder / "new")
    made = await new.json("import", "../follows.json")
    assert made["imported"]["follows"] == {"made": 1}
    assert made["secrets"][hook].startswith("whsec_")
    assert (await new.json("list"))["follows"] == (await shell.json("list"))["follows"]
    assert "Nothing has changed." in await new.done("import", "../follows.json")
    file.write_text("{}")
    assert "can't be taken in" in await new.refused("import", "../follows.json")
    assert "can't be read" in await new.refused("import", "nowhere.json")
    code, _, err = await new("import", "../follows.json", "--to", "console:", "--json")
    assert (code, "--to is for OPML" in err) == (2, True)


async def test_the_pages_of_an_opml_file_are_followed(shell: Shell, page: str) -> None:
    await shell.done("follow", page)
    text = await shell.done("export", "--opml")
    (shell.folder / "new").mkdir()
    new = Shell(shell.folder / "new")
    (new.folder / "pages.opml").write_text("\ufeff" + text)
    assert await new.done("import", "pages.opml") == "Following ChargeOver.\n"
    assert len((await new.json("list"))["follows"]) == 1

    async def nothing(_: web.Request) -> web.Response:
        return web.Response(text="a blog")

    blog = web.Application()
    blog.router.add_get("/{path:.*}", nothing)
    async with TestServer(blog) as server:
        home = server.make_url("/")
        (new.folder / "pages.opml").write_text(
            f'<opml><body><outline text="By its feed" htmlUrl="{home}" xmlUrl="{page}"/>'
            f'<outline text="A blog" htmlUrl="{home}"/></body></opml>'
        )
        code, out, err = await new("import", "pages.opml", "--to", "http://127.0.0.1:9/hook")
    assert code == 1
    assert out.splitlines()[0] == "Following ChargeOver."
    assert out.splitlines()[1].startswith("Not followed: A blog: ")
    assert err == "uptimus: 1 of 2 are not followed\n"
    assert {one["destination"] for one in (await new.json("list"))["follows"]} == {
        "console:",
        "http://127.0.0.1:9/hook",
    }
