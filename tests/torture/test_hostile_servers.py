"""Servers of the web and of the Hub that lie: a file, or one message, in bounded time, memory and disk.

Each case is what a server answers. Nothing lies outside of the caches afterwards, no copy counts that is not
what the server said, and no password or signature is told.
"""

import gzip
import json
import os
import signal
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from negmine.config.addresses import Address
from negmine.errors import NegmineError
from negmine.storage.remote.cache import copy_of
from negmine.storage.remote.remote import Remote
from tests.storage.remote.conftest import cache, hub  # noqa: F401 - fixtures
from tests.torture.loopback import listening

pytestmark = pytest.mark.usefixtures("cache")
BODY = b'{"query": "a", "positive": "b"}\n'
PASSWORD, SIGNATURE = "hunter2secret", "signature0123456789"
LIMIT = 3_000_000  # bytes of all copies


def http(status="200 OK", body=BODY, **headers):
    """Return an answer. A header of None is left out; `_` stands for `-`."""
    every = {"ETag": '"x"', "Content_Length": len(body), "Connection": "close", **headers}
    lines = [
        f"{name.replace('_', '-')}: {value}" for name, value in every.items() if value is not None
    ]
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode() + body


def endless(**headers):
    """Return an answer whose body has no end."""

    def pieces():
        yield http(body=b"", Content_Length=None, **headers)
        while True:
            yield b"x" * 65_536

    return pieces()


def packed():
    return http(body=gzip.compress(b"\0" * 50_000_000, 1), Content_Encoding="gzip")


def to(place):
    return lambda other: http("302 Found", b"", Location=place.format(other=other, rest=other[7:]))


ANSWERS = {
    "endless": lambda other: endless(),
    "endless, packed": lambda other: endless(Content_Encoding="gzip"),
    "a bomb": lambda other: packed(),
    "no length": lambda other: http(Content_Length=None),
    "a length below zero": lambda other: http(Content_Length=-5),
    "a length beyond all": lambda other: http(Content_Length=10**18),
    "a length of 5,000 digits": lambda other: http(Content_Length="9" * 5_000),
    "a length in words": lambda other: http(Content_Length="three"),
    "too short a length": lambda other: http(Content_Length=3),
    "a length and pieces": lambda other: http(Transfer_Encoding="chunked"),
    "a range without end": lambda other: http(Content_Range="bytes 0-2/99999999999999999999"),
    "no HTTP": lambda other: b"\0\1\2 nothing of the kind\r\n\r\n",
    "nothing": lambda other: b"",
    "an odd status": lambda other: http("999 \x1b[31m", b""),
    "a part": lambda other: http("206 Partial Content"),
    "no content": lambda other: http("204 No Content", b""),
    "an etag that steers": lambda other: http(ETag="\x1b[31m" + "y" * 3_000),
    "100,000 headers": lambda other: http(**{f"X{n}": n for n in range(100_000)}),
    "a code that is none": lambda other: http(Content_Type="text/plain; charset=rot13"),
    "to a file": to("file:///etc/passwd"),
    "to a path": to("/etc/passwd"),
    "to ftp": to("ftp://127.0.0.1/x"),
    "to nowhere": to("http://[::1"),
    "to itself": to(""),
    "without a place": lambda other: http("302 Found", b""),
    "elsewhere": to("{other}/file.jsonl?sig=" + SIGNATURE),
    "elsewhere, missing": to("http://me:" + PASSWORD + "@{rest}/nothing.jsonl?sig=" + SIGNATURE),
    "elsewhere, denied": to("http://me:" + PASSWORD + "@{rest}/denied.jsonl?sig=" + SIGNATURE),
    "elsewhere, a teapot": to("http://me:" + PASSWORD + "@{rest}/teapot.jsonl?sig=" + SIGNATURE),
}  # fmt: skip
THERE = {
    "/file.jsonl": http(),
    "/denied.jsonl": http("403 no"),
    "/teapot.jsonl": http("418 teapot"),
}


@contextmanager
def serving(answer):
    """Serve answer(path), bytes or an iterator of them, while the block runs. Gives address and requests."""
    requests = []

    def serve(connection):
        request = b""
        while b"\r\n\r\n" not in request:
            received = connection.recv(65_536)
            if not received:
                return
            request += received
        requests.append(request.decode())
        method, path, _ = requests[-1].split(" ", 2)
        answered = answer(path.split("?")[0])
        if method == "HEAD" and isinstance(answered, bytes):
            answered = answered.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        for piece in [answered] if isinstance(answered, bytes) else answered:
            connection.sendall(piece)
            if method == "HEAD":
                break

    with listening(serve) as port:
        yield f"http://127.0.0.1:{port}", requests


def told(address):
    """Return the local file of an address, or the message; nothing else may come."""
    try:
        return Remote().local(Address(address))
    except NegmineError as error:
        return str(error)


def size_of(folder):
    return sum(one.stat().st_size for one in Path(folder).rglob("*") if one.is_file())


@pytest.mark.parametrize("name", ANSWERS)
def test_a_web_server_that_lies_is_one_message_or_a_whole_file(name, cache, monkeypatch):  # noqa: F811
    monkeypatch.setenv("NEGMINE_CACHE_SIZE", str(LIMIT))
    earlier = copy_of("s3://b/earlier", "1", 9, "a.jsonl", lambda path: path.write_bytes(b"y" * 9))
    kept = earlier.path
    earlier.release()
    with serving(lambda path: THERE.get(path, http("404 no"))) as (other, asked):
        with serving(lambda path: ANSWERS[name](other)) as (url, _):
            start = time.monotonic()
            result = told(url.replace("//", f"//me:{PASSWORD}@") + f"/a.jsonl?sig={SIGNATURE}")
        assert not [
            one for one in asked if "authorization: basic" in one.lower() and "/file" in one
        ]
    assert time.monotonic() - start < 20
    if isinstance(result, Path):
        assert result.read_bytes() == BODY
    else:
        assert len(result) < 1_000
        assert PASSWORD not in result and SIGNATURE not in result
    assert size_of(cache) < LIMIT
    assert kept.exists() or name.startswith("endless"), "another copy has gone for nothing"


@pytest.mark.parametrize("name", ["漢" * 80, "漢" * 140, "a" * 400, "%00", "..%2F..%2Fevil", "\t"])
def test_a_copy_of_any_name_has_a_name_that_a_disk_takes(name, cache):  # noqa: F811
    with serving(lambda path: http()) as (url, _):
        result = told(f"{url}/{name if '%' in name else quote(name)}.jsonl")
        assert result.read_bytes() == BODY
        raw = told(f"{url}/{name}.jsonl")
        assert isinstance(raw, str) or raw.read_bytes() == BODY
    assert result.is_relative_to(cache)


# ---- the Hub --------------------------------------------------------------------------------------

NINE = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9))
MERGED = "\n".join(
    f"a{n}: &a{n}\n  <<: [{', '.join([f'*a{n - 1}'] * 9)}]\n  k{n}: 1" for n in range(1, 9)
)
CONFIG = "configs:\n- config_name: c\n  data_files:"
HEADS = {
    "a billion values": f"a0: &a0 [x]\n{NINE}\n{CONFIG}\n  - split: *a8\n    path: '*'",
    "a billion keys": f"a0: &a0 {{x: 1}}\n{MERGED}\n{CONFIG} '*'",
    "a list in itself": "configs: &a [*a]",
    "a split in itself": CONFIG + "\n  - &a {split: *a, path: '*.jsonl'}",
    "lists in lists": "configs: " + "[" * 100_000,
    "maps in maps": "configs: " + "{a: " * 50_000,
    "code": "configs: !!python/object/apply:os.system ['touch PWNED']",
    "stars": CONFIG + " '" + "*a" * 3_000 + "*b'",
    "a date that is none": "configs:\n- config_name: 2020-13-45\n  data_files: '*'",
    "a number": "configs: " + "9" * 100_000,
    "what steers": f'{CONFIG} "*.jsonl"\n- config_name: "\\e[31m"\n  data_files: "a*"',
    "files elsewhere": CONFIG + " '../../../../etc/passwd'",
}


def bounded(function):
    """Run a function in a child with bounds of time and memory; return what it printed."""
    import resource

    end, begin = os.pipe()
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
        resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
        try:
            text = str(function())
        except BaseException as error:
            text = f"{type(error).__name__}: {error!s:.500}"
        os.write(begin, text.encode("utf-8", "replace")[:4_000])
        os._exit(0)
    os.close(begin)
    with os.fdopen(end, "rb") as stream:
        text = stream.read().decode()
    _, status = os.waitpid(child, 0)
    assert not os.WIFSIGNALED(status), signal.Signals(os.WTERMSIG(status)).name
    return text


@pytest.mark.parametrize("name", HEADS)
def test_the_head_of_a_readme_costs_little(name, hub, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.chdir(tmp_path)
    hub.publish("o/d", {"README.md": f"---\n{HEADS[name]}\n---\n".encode(), "a.jsonl": BODY})
    text = bounded(lambda: Remote().files(Address("hf://datasets/o/d")))
    assert "a.jsonl" in text or text.startswith("InputError"), text
    assert not (tmp_path / "PWNED").exists()


FILE = {"rfilename": "a.jsonl", "size": len(BODY), "blobId": "b" * 40}
GOOD = {"id": "o/d", "sha": "a" * 40, "siblings": [FILE]}
NAMES = (
    "../../evil.jsonl", "a/../../../evil.jsonl", "/tmp/evil.jsonl", "..", "", "a//b.jsonl", "./a.jsonl",
    "\x1b[31m.jsonl", "a\nb.jsonl", "a\0b.jsonl", "x" * 300 + ".jsonl", "漢" * 200 + ".jsonl",
    "a%2F..%2Fevil.jsonl", "~/evil.jsonl", None, 7,
)  # fmt: skip
LISTINGS = {
    **{f"name {name!r:.40}": GOOD | {"siblings": [FILE | {"rfilename": name}]} for name in NAMES},
    "a commit that is none": GOOD | {"sha": None},
    "a commit elsewhere": GOOD | {"sha": "../../../../evil"},
    "no files": GOOD | {"siblings": None},
    "files that are none": GOOD | {"siblings": [1, "a"]},
    "a size below zero": GOOD | {"siblings": [FILE | {"size": -1}]},
    "a size in words": GOOD | {"siblings": [FILE | {"size": "many"}]},
    "another size": GOOD | {"siblings": [FILE | {"size": 10**30}]},
    "no hash": GOOD | {"siblings": [{"rfilename": "a.jsonl"}]},
    "a hash that is none": GOOD | {"siblings": [FILE | {"blobId": 7}]},
    "a large file that is none": GOOD | {"siblings": [FILE | {"lfs": "x"}]},
    "a sha256 that is none": GOOD | {"siblings": [FILE | {"lfs": {"sha256": None, "size": 1}}]},
    "a list": [1],
    "nothing": None,
    "a page": b"<html>",
    "deep": b"[" * 100_000,
    "half": b'{"id": "o/d"',
}  # fmt: skip


@pytest.mark.parametrize("name", LISTINGS)
def test_a_listing_of_the_hub_that_lies_is_one_message_or_a_file_in_the_cache(
    name,
    hub,  # noqa: F811
    tmp_path,
):
    said = LISTINGS[name]
    data = said if isinstance(said, bytes) else json.dumps(said).encode()
    for path in ("", "/revision/main"):
        hub.put(f"/api/datasets/o/d{path}", data, **{"Content-Type": "application/json"})
    files = said.get("siblings") if isinstance(said, dict) else None
    names = [one.get("rfilename") for one in files or [] if isinstance(one, dict)]
    for one in names:
        place = f"/datasets/o/d/resolve/{'a' * 40}/{quote(str(one))}"
        hub.put(place, BODY, **{"X-Repo-Commit": "a" * 40, "ETag": f'"{"b" * 40}"'})
    before = {one for one in tmp_path.rglob("*") if one.is_file()}

    def read():
        remote = Remote()
        return [
            remote.local(one).read_bytes() for one in remote.files(Address("hf://datasets/o/d"))
        ]

    text = bounded(read)
    assert text.startswith(("[b'", "InputError: ")), text
    made = {one for one in tmp_path.rglob("*") if one.is_file()} - before
    assert not [one for one in made if "evil" in one.name and "hub" not in one.parts]
    assert all({"hub", "cache"} & set(one.relative_to(tmp_path).parts[:1]) for one in made)
    assert not Path("/tmp/evil.jsonl").exists()
