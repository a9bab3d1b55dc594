"""The client against servers that behave, and servers that don't."""

import asyncio
import datetime as dt
import gzip
import ssl
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from email.utils import format_datetime
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from adapters.egress import is_public
from adapters.fetch import AdapterError, Fetcher

Serve = Callable[..., Awaitable[str]]
SECRET = "s3cret"


async def fails(fetcher: Fetcher, url: str) -> AdapterError:
    """The error that reading the address ends in: one line, nothing of the address's secrets in it."""
    with pytest.raises(AdapterError) as caught:
        await fetcher.get(url)
    error = caught.value
    assert error.reason == str(error)
    assert "\n" not in error.reason
    assert SECRET not in error.reason
    return error


def answering(
    status: int = 200, body: bytes = b"{}", **headers: str
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """A handler with one fixed answer; underscores in the names of headers stand for dashes."""

    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=status, body=body, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return handler


async def test_an_answer(serve: Serve, fetcher: Fetcher) -> None:
    asked: list[web.Request] = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request)
        return web.Response(
            body=b'{"a": 1}', headers={"ETag": 'W/"1"', "Last-Modified": "yesterday", "Set-Cookie": "a=b"}
        )

    url = await serve(handler)
    answer = await fetcher.get(f"{url}/x?y=1#z")
    assert (answer.status, answer.body, answer.etag, answer.last_modified) == (
        200,
        b'{"a": 1}',
        'W/"1"',
        "yesterday",
    )
    assert answer.url == f"{url}/x?y=1"
    await fetcher.get(url, accept="text/html")
    first, second = asked
    assert first.headers["Accept"] == "application/json"
    assert first.headers["Accept-Encoding"] == "gzip"
    assert first.headers["User-Agent"].startswith("uptimus")
    assert "If-None-Match" not in first.headers
    assert second.headers["Accept"] == "text/html"
    assert "Cookie" not in second.headers


async def test_who_we_are_can_be_set(serve: Serve) -> None:
    names: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        names.append(request.headers["User-Agent"])
        return web.Response()

    fetcher = Fetcher(user_agent="somebody/1 (+https://example.com)", allow_private_networks=True)
    await fetcher.get(await serve(handler))
    await fetcher.aclose()
    assert names == ["somebody/1 (+https://example.com)"]


async def test_validators(serve: Serve, fetcher: Fetcher) -> None:
    async def handler(request: web.Request) -> web.Response:
        known = request.headers.get("If-None-Match") == '"1"' or request.headers.get("If-Modified-Since") == "then"
        return web.Response(status=304 if known else 200, headers={"ETag": '"1"'})

    url = await serve(handler)
    assert (await fetcher.get(url)).status == 200
    assert (await fetcher.get(url, etag='"1"')).status == 304
    assert (await fetcher.get(url, last_modified="then")).status == 304
    assert (await fetcher.get(url, etag='"2"')).status == 200


@pytest.mark.parametrize("etag", ["x" * 300, "é", ""])
async def test_validators_that_are_not_worth_remembering(serve: Serve, fetcher: Fetcher, etag: str) -> None:
    assert (await fetcher.get(await serve(answering(ETag=etag)))).etag is None


@pytest.mark.parametrize("status", [404, 410])
async def test_what_is_not_there(serve: Serve, fetcher: Fetcher, status: int) -> None:
    answer = await fetcher.get(await serve(answering(status, b"long" * 1000)))
    assert (answer.status, answer.body) == (status, b"")


@pytest.mark.parametrize("status", [201, 204, 206, 300, 304, 400, 401, 403, 429, 500, 502, 503, 599])
async def test_every_other_answer_is_an_error(serve: Serve, fetcher: Fetcher, status: int) -> None:
    url = await serve(answering(status))
    error = await fails(fetcher, f"{url}/?key={SECRET}")
    assert error.reason == f"{url.removeprefix('http://')} answered {status}"
    assert error.retry_after is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed(serve: Serve, fetcher: Fetcher, status: int) -> None:
    async def handler(request: web.Request) -> web.Response:
        step = int(request.path.strip("/") or 0)
        return web.Response(status=status, headers={"Location": f"/{step + 1}"}) if step < 3 else web.Response()

    url = await serve(handler)
    assert (await fetcher.get(url)).url == f"{url}/3"


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("/again", "more than 3 redirects"),
        ("", "answered 302 without an address"),
        ("file:///etc/passwd", "only addresses that begin with https:// or http:// are read"),
        ("ftp://example.com/", "only addresses that begin with https:// or http:// are read"),
        ("javascript:alert(1)", "only addresses that begin with https:// or http:// are read"),
        (f"http://user:{SECRET}@example.com/", "an address with a name or a password in it is not read"),
        ("http://[oops/", "not a web address"),
    ],
)
async def test_redirects_that_are_not_followed(serve: Serve, fetcher: Fetcher, location: str, reason: str) -> None:
    url = await serve(answering(302, Location=location))
    assert reason in (await fails(fetcher, url)).reason


async def test_a_redirect_to_a_private_address_is_refused(serve: Serve) -> None:
    reached: list[str] = []

    async def inside(request: web.Request) -> web.Response:
        reached.append(request.path)
        return web.Response()

    secret_port = (await serve(inside)).rpartition(":")[2]
    url = await serve(answering(302, Location=f"http://127.0.0.2:{secret_port}/latest/meta-data"))
    fetcher = Fetcher(is_allowed=lambda address: address == "127.0.0.1" or is_public(address))
    error = await fails(fetcher, url)
    await fetcher.aclose()
    assert error.reason == f"127.0.0.2:{secret_port} leads to a private network: 127.0.0.2 is not a public address"
    assert reached == []


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "0x7f.1"]
)
async def test_private_addresses_are_refused(serve: Serve, host: str) -> None:
    port = (await serve(answering())).rpartition(":")[2]
    fetcher = Fetcher()
    assert "leads to a private network" in (await fails(fetcher, f"http://{host}:{port}/?key={SECRET}")).reason
    await fetcher.aclose()


@pytest.mark.parametrize("host", ["2130706433", "127.1", "0", "017700000001"])
async def test_odd_ways_to_write_a_private_address_are_refused(serve: Serve, host: str) -> None:
    port = (await serve(answering())).rpartition(":")[2]
    fetcher = Fetcher()
    await fails(fetcher, f"http://{host}:{port}/")
    await fetcher.aclose()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "status.example.com",
        "ftp://example.com",
        "http://",
        "http:///x",
        f"https://u:{SECRET}@example.com/",
        "http://[x",
        f"https://{SECRET}@example.com/",
        "http://a b/",
        "http://example.com:99999/",
        "http://\ud800.example/",
        "\x00",
    ],
)
async def test_addresses_that_are_not_read(fetcher: Fetcher, url: str) -> None:
    await fails(fetcher, url)


async def test_a_name_that_does_not_exist(fetcher: Fetcher) -> None:
    error = await fails(fetcher, f"http://status.invalid/?key={SECRET}")
    assert error.reason == "the name status.invalid can't be resolved"


async def test_a_refused_connection(serve: Serve, fetcher: Fetcher) -> None:
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    assert (await fails(fetcher, f"http://127.0.0.1:{port}/")).reason == f"127.0.0.1:{port} refuses connections"


async def test_a_certificate_that_nobody_signed(serve: Serve, fetcher: Fetcher, tmp_path: Path) -> None:
    url = await serve(answering(), ssl=_self_signed(tmp_path))
    assert (await fails(fetcher, url)).reason == f"the certificate of {url.removeprefix('https://')} is not valid"


async def test_plain_http_where_tls_was_expected(serve: Serve, fetcher: Fetcher) -> None:
    url = await serve(answering())
    assert "does not speak TLS" in (await fails(fetcher, url.replace("http://", "https://"))).reason


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "does not speak HTTP as it should"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", "broke the connection off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "does not speak HTTP as it should"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", "does not speak HTTP as it should"),
        (b"", "broke the connection off"),
    ],
)
async def test_broken_servers(fetcher: Fetcher, said: bytes, reason: str) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        writer.close()

    async with await asyncio.start_server(handler, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert reason in (await fails(fetcher, f"http://127.0.0.1:{port}/")).reason


async def test_gzip(serve: Serve, fetcher: Fetcher) -> None:
    body = b'{"a": 1}' * 50_000
    url = await serve(answering(200, gzip.compress(body), Content_Encoding="gzip"))
    assert (await fetcher.get(url)).body == body


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip", "rot13"])
async def test_an_encoding_that_was_not_asked_for(serve: Serve, fetcher: Fetcher, encoding: str) -> None:
    url = await serve(answering(200, b"x", Content_Encoding=encoding))
    assert "which nobody asked for" in (await fails(fetcher, url)).reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"not gzip", "answered broken gzip"),
        (gzip.compress(b"x" * 1000, mtime=0)[:-5], "the answer ends in the middle"),
        (gzip.compress(b"x", mtime=0) + gzip.compress(b"y", mtime=0), "more than one gzip in one"),
    ],
)
async def test_broken_gzip(serve: Serve, fetcher: Fetcher, body: bytes, reason: str) -> None:
    assert reason in (await fails(fetcher, await serve(answering(200, body, Content_Encoding="gzip")))).reason


@pytest.mark.parametrize(("size", "fits"), [(1000, True), (1001, False)])
@pytest.mark.parametrize("zipped", [False, True])
async def test_the_limit_is_exact(serve: Serve, size: int, fits: bool, zipped: bool) -> None:
    body = b"x" * size
    handler = answering(200, gzip.compress(body), Content_Encoding="gzip") if zipped else answering(200, body)
    url = await serve(handler)
    fetcher = Fetcher(allow_private_networks=True, max_bytes=1000)
    if fits:
        assert (await fetcher.get(url)).body == body
    else:
        assert "answered more than 0.001 MB" in (await fails(fetcher, url)).reason
    await fetcher.aclose()


async def test_an_announced_gigabyte_is_not_even_begun(serve: Serve, fetcher: Fetcher) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(10**9)})
        await response.prepare(request)
        return response

    assert "answered more than 10 MB" in (await fails(fetcher, await serve(handler))).reason


async def _pour(request: web.Request, chunks: AsyncIterator[bytes], **headers: str) -> web.StreamResponse:
    response = web.StreamResponse(headers={k.replace("_", "-"): v for k, v in headers.items()})
    await response.prepare(request)
    try:
        async for chunk in chunks:
            await response.write(chunk)
    except ConnectionError:
        pass  # the client has had enough
    return response


async def _gigabyte() -> AsyncIterator[bytes]:
    for _ in range(10_000):
        yield b"x" * 100_000


async def _bomb() -> AsyncIterator[bytes]:
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    yield packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    megabyte = packer.compress(b"\0" * 1_000_000) + packer.flush(zlib.Z_FULL_FLUSH)  # the same each time
    for _ in range(10):
        yield megabyte * 100


@pytest.mark.parametrize(("chunks", "headers"), [(_gigabyte, {}), (_bomb, {"Content_Encoding": "gzip"})])
async def test_a_gigabyte_takes_no_memory(
    serve: Serve, chunks: Callable[[], AsyncIterator[bytes]], headers: dict[str, str]
) -> None:
    url = await serve(lambda request: _pour(request, chunks(), **headers))
    fetcher = Fetcher(allow_private_networks=True, total_timeout=60)  # with tracing it is slow
    tracemalloc.start()
    try:
        assert "answered more than 10 MB" in (await fails(fetcher, url)).reason
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    await fetcher.aclose()
    assert peak < 25_000_000


async def test_an_endless_slow_body_ends(serve: Serve) -> None:
    ended = asyncio.Event()

    async def drip() -> AsyncIterator[bytes]:
        while not ended.is_set():
            yield b" "
            await asyncio.sleep(0.01)

    url = await serve(lambda request: _pour(request, drip()))
    fetcher = Fetcher(allow_private_networks=True, total_timeout=0.2)
    assert "took longer than 0.2 s" in (await fails(fetcher, url)).reason
    ended.set()
    await fetcher.aclose()


async def test_a_server_that_never_answers(serve: Serve) -> None:
    ended = asyncio.Event()

    async def handler(request: web.Request) -> web.Response:
        await ended.wait()
        return web.Response()

    fetcher = Fetcher(allow_private_networks=True, total_timeout=0.1)
    assert "took longer than 0.1 s" in (await fails(fetcher, await serve(handler))).reason
    ended.set()
    await fetcher.aclose()


async def test_the_time_is_for_all_redirects_together(serve: Serve) -> None:
    async def handler(request: web.Request) -> web.Response:
        await asyncio.sleep(0.15)
        return web.Response(status=302, headers={"Location": f"{request.path}x"})

    fetcher = Fetcher(allow_private_networks=True, total_timeout=0.2)
    assert "took longer than 0.2 s" in (await fails(fetcher, await serve(handler))).reason
    await fetcher.aclose()


async def test_one_host_gets_few_requests_at_a_time_and_the_others_wait_for_none(serve: Serve) -> None:
    running, most = 0, 0
    full, go = asyncio.Event(), asyncio.Event()

    async def slow(request: web.Request) -> web.Response:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == 2:
            full.set()
        await go.wait()
        running -= 1
        return web.Response()

    fetcher = Fetcher(allow_private_networks=True, per_host=2)
    busy, other = await serve(slow), await serve(answering())
    waiting = [asyncio.create_task(fetcher.get(f"{busy}/{n}")) for n in range(6)]
    await full.wait()
    assert (await fetcher.get(other)).status == 200
    go.set()
    assert [answer.status for answer in await asyncio.gather(*waiting)] == [200] * 6
    assert most == 2
    await fetcher.aclose()


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_in_seconds_is_kept_for_the_whole_host(
    serve: Serve, fetcher: Fetcher, status: int
) -> None:
    asked: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=status, headers={"Retry-After": "120"})

    url = await serve(handler)
    assert (await fails(fetcher, f"{url}/a")).retry_after == 120
    later = await fails(fetcher, f"{url}/b?key={SECRET}")
    assert later.retry_after == pytest.approx(120, abs=20)
    assert "asked to be left alone for another 1" in later.reason
    assert asked == ["/a"]
    assert (await fetcher.get(await serve(answering()))).status == 200


async def test_retry_after_that_has_passed_is_over(serve: Serve, fetcher: Fetcher) -> None:
    answers = [web.Response(status=429, headers={"Retry-After": "0"}), web.Response()]

    async def handler(request: web.Request) -> web.Response:
        return answers.pop(0)

    url = await serve(handler)
    assert not (await fails(fetcher, url)).retry_after
    assert (await fetcher.get(url)).status == 200


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("99999", 3600),
        ("9" * 5000, 3600),
        ("soon", None),
        ("-5", None),
        ("²", None),
        ("Mon, 99 Foo 2026 99:99:99 GMT", None),
    ],
)
async def test_what_retry_after_may_say(serve: Serve, fetcher: Fetcher, value: str, seconds: float | None) -> None:
    error = await fails(fetcher, await serve(answering(503, Retry_After=value)))
    assert error.retry_after == (None if seconds is None else pytest.approx(seconds, abs=2))


@pytest.mark.parametrize(("ahead", "seconds"), [(600, 600), (99_999, 3600), (-86_400, 0)])
async def test_retry_after_may_be_a_date(serve: Serve, fetcher: Fetcher, ahead: float, seconds: float) -> None:
    date = format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=ahead), usegmt=True)
    error = await fails(fetcher, await serve(answering(503, Retry_After=date)))
    assert error.retry_after == pytest.approx(seconds, abs=60)


async def test_a_client_can_be_closed_unused() -> None:
    await Fetcher().aclose()


def _self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = folder / "pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context
