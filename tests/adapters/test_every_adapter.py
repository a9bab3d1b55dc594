"""Every kind of page: whole pages served on the loopback beside what is expected of them, and hostile documents.

`standins/cases.py` says what a case is; `expect.py` writes what is expected of a new one, to be read by a person.
"""

import contextlib
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from standins.cases import FIXTURES, SERVED, Site, page_url, plain, whole

from adapters import ADAPTERS
from adapters.adapter import Page
from adapters.fetch import AdapterError, Fetcher
from adapters.schema import Status

Serve = Callable[..., Awaitable[str]]
READ_AT = datetime(2026, 1, 1, tzinfo=UTC)
CALM = {"aws": [b"[]"]}
"""Documents that say by themselves, in so few words, that all is well."""


@pytest.mark.parametrize("case", SERVED, ids=lambda case: f"{case.parent.name}/{case.name}")
async def test_what_is_expected(case: Path, serve: Serve, fetcher: Fetcher) -> None:
    adapter = ADAPTERS[case.parent.name]
    site = Site(case, [])
    base = await serve(site)
    page = Page(url=page_url(case, base), now=READ_AT)
    wrong = case / "error.txt"
    if wrong.exists():
        with pytest.raises(AdapterError) as caught:
            await adapter.read(page, fetcher)
        assert caught.value.reason == wrong.read_text("utf-8").strip()
        return
    reading = await adapter.read(page, fetcher)
    assert reading.snapshot is not None
    assert plain(reading.snapshot, base) == json.loads((case / "expected.json").read_bytes())
    open_ids = frozenset(one.id for one in reading.snapshot.incidents[:1])
    later = Page(url=page.url, now=READ_AT, memory=json.loads(json.dumps(reading.memory)), open_ids=open_ids)
    first = set(site.asked)
    site.asked.clear()
    again = await adapter.read(later, fetcher)
    assert again.snapshot is None, "an unchanged page is told anew"
    assert set(site.asked) <= first


@pytest.mark.parametrize("adapter", sorted(ADAPTERS))
def test_every_adapter_has_pages_that_can_be_read_and_pages_that_can_t(adapter: str) -> None:
    cases = [path for path in (FIXTURES / adapter).iterdir() if path.is_dir()]
    assert len(cases) >= 3
    read = [case for case in cases if (case / "expected.json").exists()]
    assert len(read) >= 3


@pytest.mark.parametrize("name", sorted(ADAPTERS))
def test_the_documents_that_are_spoiled_below_are_whole(name: str) -> None:
    ADAPTERS[name].parse(dict(whole(name)), url="https://status.example.com", read_at=READ_AT)


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
hostile = (
    st.binary(max_size=60) | st.text(max_size=60).map(str.encode) | junk.map(lambda v: json.dumps(v).encode())
)


def _read_whatever(name: str, data: st.DataObject) -> None:
    adapter = ADAPTERS[name]
    documents = dict(whole(name))
    main = next(iter(documents))
    broken = data.draw(st.sampled_from(sorted(documents)))
    documents[broken] = data.draw(hostile)
    if data.draw(st.booleans()):
        documents = {main: documents[main]}
    try:
        snapshot = adapter.parse(documents, url="https://status.example.com", read_at=READ_AT)
    except AdapterError:
        return
    if broken == main:
        assert snapshot.status != Status.OPERATIONAL or documents[main].strip() in CALM.get(name, [])


def _read_with_junk(name: str, data: st.DataObject) -> None:
    adapter = ADAPTERS[name]
    documents = dict(whole(name))
    broken = data.draw(st.sampled_from(sorted(documents)))
    try:
        decoded = json.loads(documents[broken])
    except ValueError:
        cut = data.draw(st.integers(0, len(documents[broken])))
        documents[broken] = (
            documents[broken][:cut] + data.draw(st.binary(max_size=4)) + documents[broken][cut + 9 :]
        )
    else:
        documents[broken] = json.dumps(_replaced(decoded, data)).encode()
    with contextlib.suppress(AdapterError):
        adapter.parse(documents, url="https://status.example.com", read_at=READ_AT)


def _replaced(value: Any, data: st.DataObject) -> Any:
    """The same JSON with one value somewhere in it replaced by junk, or a key gone."""
    if isinstance(value, dict) and value and data.draw(st.integers(0, 5)):
        key = data.draw(st.sampled_from(sorted(value)))
        if not data.draw(st.integers(0, 5)):
            return {one: value[one] for one in value if one != key}
        return value | {key: _replaced(value[key], data)}
    if isinstance(value, list) and value and data.draw(st.integers(0, 5)):
        place = data.draw(st.integers(0, len(value) - 1))
        return [*value[:place], _replaced(value[place], data), *value[place + 1 :]]
    return data.draw(junk)


quick = settings(max_examples=60, derandomize=True, suppress_health_check=list(HealthCheck))
long = settings(max_examples=3000, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("name", sorted(ADAPTERS))
@quick
@given(data=st.data())
def test_whatever_a_document_is_nothing_but_an_adapter_error(name: str, data: st.DataObject) -> None:
    _read_whatever(name, data)


@pytest.mark.parametrize("name", sorted(ADAPTERS))
@quick
@given(data=st.data())
def test_a_page_with_any_of_its_values_replaced(name: str, data: st.DataObject) -> None:
    _read_with_junk(name, data)


@pytest.mark.soak
@pytest.mark.parametrize("read", [_read_whatever, _read_with_junk])
@pytest.mark.parametrize("name", sorted(ADAPTERS))
@long
@given(data=st.data())
def test_many_more_hostile_documents(
    name: str, read: Callable[[str, st.DataObject], None], data: st.DataObject
) -> None:
    read(name, data)
