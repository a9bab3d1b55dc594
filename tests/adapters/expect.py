"""Writes what adapters make of the cases that have no `expected.json` yet: to be read by a person, line by line.

PYTHONPATH=.:tests python tests/adapters/expect.py instatus
"""

import asyncio
import json
import sys
from datetime import UTC, datetime

from aiohttp import web
from standins.cases import SERVED, Site, page_url, plain

from adapters import ADAPTERS
from adapters.adapter import Page
from adapters.fetch import AdapterError, Fetcher


async def main(names: list[str]) -> None:
    """Serves and reads each new case of these adapters."""
    for case in SERVED:
        if case.parent.name not in names or (case / "expected.json").exists() or (case / "error.txt").exists():
            continue
        app = web.Application()
        app.router.add_get("/{path:.*}", Site(case, []).__call__)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        fetcher = Fetcher(allow_private_networks=True)
        try:
            page = Page(url=page_url(case, base), now=datetime(2026, 1, 1, tzinfo=UTC))
            reading = await ADAPTERS[case.parent.name].read(page, fetcher)
        except AdapterError as error:
            print(f"{case.parent.name}/{case.name}: {error.reason}")
        else:
            assert reading.snapshot is not None
            text = json.dumps(plain(reading.snapshot, base), indent=1, ensure_ascii=False)
            (case / "expected.json").write_text(text + "\n", "utf-8")
            print(f"{case.parent.name}/{case.name}\n{text}")
        finally:
            await fetcher.aclose()
            await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
