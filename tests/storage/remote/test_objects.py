"""Files of object stores and of the web: read, changed, missing, cut, denied."""

import json

import pytest

from negmine.config.addresses import Address
from negmine.errors import InputError, MissingDependency
from negmine.storage.remote import objects
from negmine.storage.remote.remote import Remote

FILE = Address("s3://texts/folder/corpus.jsonl")


def put(s3, key, data):
    s3.put_object(Bucket="texts", Key=key, Body=data)


def test_a_file_of_s3_is_fetched_once(s3, cache):
    put(s3, "folder/corpus.jsonl", b"one")
    path = Remote().local(FILE)
    assert path.read_bytes() == b"one"
    assert path.name == "corpus.jsonl"
    times = path.stat().st_mtime_ns
    assert Remote().local(FILE) == path
    assert path.stat().st_mtime_ns == times


def test_a_changed_object_has_another_fingerprint_and_copy(s3):
    put(s3, "folder/corpus.jsonl", b"one")
    before = Remote()
    path = before.local(FILE)
    put(s3, "folder/corpus.jsonl", b"two")
    after = Remote()
    assert after.version(FILE) != before.version(FILE)
    assert after.local(FILE).read_bytes() == b"two"
    assert path.read_bytes() == b"one"
    put(s3, "folder/corpus.jsonl", b"one")
    assert Remote().version(FILE) == before.version(FILE)


def test_a_large_object_comes_in_parts(s3):
    data = bytes(range(256)) * 90_000
    put(s3, "large.bin", data)
    assert Remote().local(Address("s3://texts/large.bin")).read_bytes() == data


def test_folders_and_patterns_are_read_by_name(s3):
    for name in ("b-1.parquet", "b-0.parquet", "_SUCCESS", "c.jsonl", "deep/d.parquet"):
        put(s3, f"folder/{name}", b"x")
    remote = Remote()
    names = [str(one) for one in remote.files(Address("s3://texts/folder"))]
    assert names == ["s3://texts/folder/b-0.parquet", "s3://texts/folder/b-1.parquet"]
    assert remote.files(Address("s3://texts/folder/*.jsonl")) == [
        Address("s3://texts/folder/c.jsonl")
    ]
    assert remote.names(Address("s3://texts/folder")) == [
        "_SUCCESS", "b-0.parquet", "b-1.parquet", "c.jsonl", "deep/d.parquet",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("s3://texts/nothing.jsonl", r"bucket texts has no key nothing\.jsonl \(looking at it\)"),
        ("s3://no-such/a.jsonl", r"there is no bucket no-such \(looking at it\)"),
        ("nowhere://a/b.jsonl", "fsspec does not know nowhere"),
    ],
)
def test_what_is_missing_is_named(s3, address, message):
    with pytest.raises(InputError, match=message):
        Remote().look(Address(address))


def test_a_file_needs_no_ending(s3):
    put(s3, "folder/qrels.robust04", b"q 0 d 1")
    address = Address("s3://texts/folder/qrels.robust04")
    assert Remote().files(address) == [address]


def test_a_folder_that_is_empty_is_missing(s3):
    with pytest.raises(InputError, match=r"bucket texts has no key nothing \(looking at it\)"):
        Remote().files(Address("s3://texts/nothing"))
    put(s3, "notes/read.me", b"x")
    with pytest.raises(InputError, match=r"has no Parquet or Arrow files\. Name a file"):
        Remote().files(Address("s3://texts/notes"))


def test_missing_and_wrong_credentials_are_told_without_them(s3, monkeypatch, moto):
    put(s3, "folder/corpus.jsonl", b"one")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(InputError, match=r"no credentials for bucket texts, key .* AWS_PROFILE"):
        Remote().look(FILE)


def test_a_server_that_denies_is_told_by_status(web):
    web.put("/a.jsonl", b"one")
    web.status["/a.jsonl"] = 403
    address = Address(f"{web.url}/a.jsonl?X-Amz-Signature=0123456789abcdef")
    with pytest.raises(
        InputError, match=r"access to file /a\.jsonl at host .* denied .*403"
    ) as told:
        Remote().look(address)
    assert "0123456789" not in str(told.value)
    assert len(web.requests) == 2  # a HEAD, then a GET; not again and again


def test_a_missing_package_is_named(monkeypatch):
    from fsspec import core

    def missing(address, **options):
        raise ImportError("Install s3fs")

    monkeypatch.setattr(core, "url_to_fs", missing)
    with pytest.raises(MissingDependency, match=r"needs s3fs. Run: pip install s3fs"):
        Remote().look(FILE)


def test_a_body_that_breaks_off_is_read_again(web, cache):
    web.put("/a.jsonl", b"0123456789" * 1000)
    web.cut = 2
    path = Remote().local(Address(f"{web.url}/a.jsonl"))
    assert path.read_bytes() == web.files["/a.jsonl"]
    assert len(web.gets("/a.jsonl")) == 3


def test_what_never_comes_whole_never_counts(web, cache):
    web.put("/a.jsonl", b"0123456789" * 1000)
    web.cut = 99
    address = Address(f"{web.url}/a.jsonl")
    with pytest.raises(InputError, match=r"cannot be reached \(reading it, .*4 times\)"):
        Remote().local(address)
    assert not [one for one in (cache / "copies").rglob("*") if one.is_file()]
    web.cut = 0
    assert Remote().local(address).read_bytes() == web.files["/a.jsonl"]


def test_a_body_that_is_shorter_than_was_said_never_counts(web, cache):
    web.put("/a.jsonl", b"0123456789" * 1000)
    web.is_short = True
    with pytest.raises(
        InputError, match=r"only 5,000 of 10,000 bytes came \(reading it, 4 times\)"
    ):
        Remote().local(Address(f"{web.url}/a.jsonl"))
    assert len(web.gets("/a.jsonl")) == 4
    assert not [one for one in (cache / "copies").rglob("*") if one.is_file()]


def test_a_server_that_is_overloaded_is_asked_again(web):
    web.put("/a.jsonl", b"one")
    web.status["/a.jsonl"] = 503
    with pytest.raises(
        InputError, match=r"cannot be reached \(looking at it, status 503, 4 times\)"
    ):
        Remote().look(Address(f"{web.url}/a.jsonl"))
    assert len(web.gets("/a.jsonl")) == 4


def test_a_server_that_is_not_there_is_told():
    with pytest.raises(InputError, match=r"at host 127\.0\.0\.1:9 cannot be reached"):
        Remote().look(Address("http://127.0.0.1:9/a.jsonl"))


def test_a_file_that_changes_while_it_is_read_is_refused(web):
    web.put("/a.jsonl", b"one")
    address, remote = Address(f"{web.url}/a.jsonl"), Remote()
    remote.look(address)
    web.put("/a.jsonl", b"two")
    with pytest.raises(InputError, match=r"was changed while it was read. Run the command again"):
        remote.local(address)


def test_a_server_that_tells_no_version_is_refused(web):
    web.put("/a.jsonl", b"one")
    web.says_etag = False
    with pytest.raises(InputError, match="gives no ETag and no time of the last change"):
        Remote().look(Address(f"{web.url}/a.jsonl"))
    web.put("/a.jsonl", b"one", **{"Last-Modified": "Fri, 27 Nov 2026 10:00:00 GMT"})
    assert Remote().look(Address(f"{web.url}/a.jsonl")).version.startswith("last-modified Fri")


def test_a_signature_is_no_part_of_what_identifies_a_file(web, cache):
    web.put("/a.jsonl", b"one")
    first = Address(f"{web.url}/a.jsonl?X-Amz-Signature=0123456789abcdef")
    second = Address(f"{web.url}/a.jsonl?X-Amz-Signature=fedcba9876543210")
    assert Remote().local(first) == Remote().local(second)
    assert Remote().version(first) == Remote().version(second)
    records = [json.loads(one.read_text()) for one in cache.rglob("copy.json")]
    assert [one["address"] for one in records] == [f"{web.url}/a.jsonl"]


def test_a_large_file_of_the_web_has_time_as_long_as_bytes_come():
    system, path = objects.opened(Address("https://host/large.parquet"))
    limits = system.client_kwargs["timeout"]
    assert (limits.total, limits.sock_read, path) == (None, 60, "https://host/large.parquet")
