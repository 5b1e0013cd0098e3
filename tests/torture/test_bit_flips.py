"""Silent damage: a flipped byte, or zeros of the same size, never gives other rows with exit code 0."""

import json
import shutil

import numpy as np
import polars as pl
import pytest

import negmine
from negmine.errors import CorruptArtifact
from negmine.storage.small_json import read_sealed
from tests.cli.conftest import invoke
from tests.conftest import write_beir, write_vectors
from tests.torture.faults import FULL

FLAGS = {"relative_margin": 0.3, "max_risk": 0.5, "k": 12, "num_negatives": 3}


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    data = write_beir(tmp_path_factory.mktemp("data") / "beir")
    return {"data": data, **write_vectors(data)}


@pytest.fixture(scope="module")
def finished(tmp_path_factory, source):
    work = tmp_path_factory.mktemp("finished") / "w"
    negmine.mine(work, **source, **FLAGS)
    return work


def listed(work):
    """Return the files that manifests list, relative to the work directory."""
    files = (path for path in work.glob("[0-9]*/**/*") if path.is_file())
    return sorted(str(path.relative_to(work)) for path in files if path.name != "_manifest.json")


def rows(work):
    return pl.read_parquet(work / "5-write/triplet/*.parquet").sort(pl.all()).rows()


def flipped(data, place):
    return data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :]


DAMAGES = {
    "first byte": lambda data: flipped(data, 0),
    "a byte in the middle": lambda data: flipped(data, len(data) // 2),
    "last byte": lambda data: flipped(data, len(data) - 1),
    "zeros": lambda data: b"\0" * len(data),
}


def redone(work):
    """Have every decision made again from what is on disk, as a nightly job would."""
    negmine.filter(work, relative_margin=0.31)
    negmine.filter(work, relative_margin=0.3)
    negmine.write(work, force=True)


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_an_error_or_has_no_effect_and_the_command_of_the_message_heals_it(
    damage, finished, source, tmp_path
):
    right = rows(finished)
    files = listed(finished)
    assert len(files) > 20
    for number, name in enumerate(files):
        if not (FULL or number % 3 == list(DAMAGES).index(damage) % 3):
            continue
        work = tmp_path / str(number)
        shutil.copytree(finished, work)
        negmine.trust(work)
        file = work / name
        whole = file.read_bytes()
        if not whole:
            continue
        file.write_bytes(DAMAGES[damage](whole))
        try:
            redone(work)
        except CorruptArtifact as error:
            assert str(file) in str(error)
            assert "Make it again: negmine " in str(error)
        if (work / "5-write/triplet/_manifest.json").exists() and "5-write/triplet" not in name:
            assert rows(work) == right, name
        negmine.mine(work)
        assert rows(work) == right, name
        assert not [one for one in negmine.status(work, verify="all") if one.state != "fresh"]
        shutil.rmtree(work)


def test_status_verify_names_every_damaged_file(finished, tmp_path):
    work = shutil.copytree(finished, tmp_path / "w")
    negmine.trust(work)
    for name in listed(work):
        file = work / name
        file.write_bytes(DAMAGES["last byte"](file.read_bytes()))
    states = {one.artifact.name: one for one in negmine.status(work, verify="all")}
    damaged = [one for one in states.values() if one.why.startswith("damaged: ")]
    assert len(damaged) == len(states)
    assert "part-00000.parquet" in states["1-index/corpus"].why
    assert "negmine index" in states["1-index/corpus"].why
    told = invoke("status", work, "--verify", "--json")
    assert told.exit_code == 1
    envelope = json.loads(told.stdout)
    assert envelope["errors"][0]["kind"] == "CorruptArtifact"
    assert len(envelope["data"]["artifacts"]) == len(states)
    assert invoke("status", work).exit_code == 0


def test_every_read_is_checked(finished, tmp_path):
    """Analyses say so, too, and change nothing."""
    work = shutil.copytree(finished, tmp_path / "w")
    file = work / "2-retrieve/candidates/part-00000.parquet"
    file.write_bytes(DAMAGES["a byte in the middle"](file.read_bytes()))
    with pytest.raises(CorruptArtifact, match="candidates"):
        negmine.leak(work)
    assert (work / "2-retrieve/candidates/_manifest.json").exists()


def test_the_stage_of_a_damaged_part_makes_it_again_and_never_takes_it_up(finished, tmp_path):
    work = shutil.copytree(finished, tmp_path / "w")
    negmine.trust(work)
    file = work / "2-retrieve/candidates/part-00000.parquet"
    whole = pl.read_parquet(file)
    data = file.read_bytes()
    file.write_bytes(flipped(data, 200))  # the metadata, with the identity of the artifact, stays
    with pytest.raises(CorruptArtifact, match="candidates"):
        negmine.filter(work, max_risk=0.3)
    negmine.retrieve(work)
    assert pl.read_parquet(file).equals(whole)
    negmine.filter(work, max_risk=0.5)
    negmine.write(work)
    assert rows(work) == rows(finished)


def test_sizes_alone_are_compared_where_the_user_says_so(finished, tmp_path):
    work = shutil.copytree(finished, tmp_path / "w")
    negmine.trust(work)
    file = work / "1-index/bm25/pairs-00000.npy"
    file.write_bytes(flipped(file.read_bytes(), 131))
    with pytest.raises(CorruptArtifact, match=r"pairs-00000\.npy"):
        negmine.retrieve(work, force=True)
    negmine.retrieve(work, force=True, verify="sizes")
    assert not [one for one in negmine.status(work, verify="sizes") if one.state != "fresh"]
    assert [one.artifact.name for one in negmine.status(work, verify="all") if one.why] == [
        "1-index/bm25"
    ]
    negmine.mine(work)  # sizes alone were for one command
    assert rows(work) == rows(finished)


INDEXES = (
    "bm25/starts-00000.npy", "bm25/documents-00000.npy", "bm25/numbers-00000.npy", "bm25/pairs-00000.npy",
    "bm25/order-00000.npy", "bm25/words-00000.parquet", "bm25/words.parquet", "bm25/params.json",
    "dense-vectors/documents.npy", "dense-vectors/queries.npy", "dense-vectors/document_keys.npy",
)  # fmt: skip


@pytest.mark.parametrize("name", INDEXES)
def test_with_sizes_alone_no_flipped_byte_of_an_index_kills_the_process(finished, tmp_path, name):
    """Kernels that check no bounds get no numbers that are out of bounds: whatever is open is checked."""
    work = shutil.copytree(finished, tmp_path / "w")
    negmine.trust(work)
    file = work / "1-index" / name
    whole = file.read_bytes()
    named = 0
    for place in range(0, len(whole), 1 + len(whole) // (400 if FULL else 12)):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            negmine.retrieve(work, force=True, verify="sizes")
        except CorruptArtifact as error:
            named += 1
            assert str(file) in str(error)
            assert f"negmine index {work} --force" in str(error)
    assert named, "no flip was noticed"


def test_a_manifest_without_hashes_is_read(finished, tmp_path):
    work = shutil.copytree(finished, tmp_path / "w")
    negmine.trust(work)
    for path in work.rglob("_manifest.json"):
        manifest = read_sealed(path)
        for part in manifest["parts"]:
            del part["xxh3"]
        path.write_text(json.dumps(manifest))
    assert not [one for one in negmine.status(work, verify="all") if one.state != "fresh"]
    redone(work)
    assert rows(work) == rows(finished)


def test_the_hash_is_that_of_xxhash(tmp_path):
    import xxhash

    from negmine.storage.contents import content_hash

    data = np.random.default_rng(1).bytes(3_000_000)
    (tmp_path / "file").write_bytes(data)
    assert content_hash(tmp_path / "file") == xxhash.xxh3_128_hexdigest(data)


def in_pages(data):
    return data[:200] + bytes(byte ^ 0x5A for byte in data[200:400]) + data[400:]


def in_schema(data):
    """Damage Arrow's own schema in the footer: Polars says no word of damage."""
    place = data.index(b"ARROW:schema") + 40
    return data[:place] + b"#" * 8 + data[place + 8 :]


def in_names(data):
    """Give a column another name, wherever it stands."""
    return data.replace(b"query_id", b"query_ie")


@pytest.mark.parametrize("damage", [in_pages, in_schema, in_names])
@pytest.mark.parametrize("command", [("leak",), ("filter", "--relative-margin", "0.2")])
def test_damage_that_sizes_do_not_show_is_one_message_where_it_is_read(
    command, damage, finished, tmp_path
):
    work = shutil.copytree(finished, tmp_path / "w")
    negmine.trust(work)
    file = work / "2-retrieve/candidates/part-00000.parquet"
    file.write_bytes(damage(file.read_bytes()))
    done = invoke(command[0], work, *command[1:], "--verify", "sizes")
    assert done.exit_code == 1
    assert f"{file} is damaged" in done.stderr
    assert "negmine status WORK --verify" in done.stderr
    assert "Traceback" not in done.output


@pytest.mark.parametrize("damage", [in_pages, in_schema, in_names])
@pytest.mark.parametrize("function", [negmine.leak, negmine.filter])
def test_the_library_tells_such_damage_as_the_commands_do(function, damage, finished, tmp_path):
    work = shutil.copytree(finished, tmp_path / "w")
    negmine.trust(work)
    file = work / "2-retrieve/candidates/part-00000.parquet"
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(
        CorruptArtifact, match=r"is damaged \(.*negmine status WORK --verify"
    ) as told:
        function(work, relative_margin=0.2, verify="sizes")
    assert str(file) in str(told.value)
