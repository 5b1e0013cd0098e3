"""What each command costs at an address: requests by kind, bytes there and back.

Counted where s3fs sends a request, against moto, an S3 on this machine.

    python -m tests.bench.object_store [FOLDER]

FOLDER: data as BEIR has them; examples/scifact-mini without.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

from typer.testing import CliRunner

ROOT = Path(__file__).parents[2]
WORK, NEW = "s3://bench/work", "s3://bench/new"
KINDS = {
    "ListObjectsV2": "LIST", "GetObject": "GET", "PutObject": "PUT", "DeleteObjects": "DELETE",
    "CopyObject": "COPY", "HeadObject": "HEAD",
}  # fmt: skip


class Counts:
    """Requests by kind, and bytes, since `take` was called last."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.sent = self.got = 0

    def watch(self, system) -> None:
        """Count what a client of s3fs does."""
        real = system._call_s3

        async def call(method, *args, **more):
            answer = await real(method, *args, **more)
            name = "".join(word.capitalize() for word in method.split("_"))
            self.requests[KINDS.get(name, name)] += 1
            self.sent += len(more.get("Body") or b"")
            self.got += answer.get("ContentLength") or 0 if name == "GetObject" else 0
            return answer

        system._call_s3 = call

    def take(self) -> str:
        """Return a row of the table, and begin anew."""
        kinds = ("LIST", "GET", "PUT", "DELETE", "COPY")
        others = sum(n for kind, n in self.requests.items() if kind not in kinds)
        cells = [*(str(self.requests[kind]) for kind in kinds), str(others)]
        row = " | ".join([*cells, f"{self.sent / 1e6:.2f}", f"{self.got / 1e6:.2f}"])
        self.requests.clear()
        self.sent = self.got = 0
        return row


def main() -> None:
    """Print a table of the commands."""
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "examples" / "scifact-mini"
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(
            AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test-secret", AWS_DEFAULT_REGION="us-east-1",
            AWS_EC2_METADATA_DISABLED="true", NEGMINE_CACHE=f"{folder}/one", NEGMINE_TRUST=f"{folder}/trust",
        )  # fmt: skip
        _measure(data, Path(folder))


def _measure(data: Path, folder: Path) -> None:
    import logging

    import boto3  # type: ignore[import-untyped]
    from moto.server import ThreadedMotoServer

    from negmine.storage.remote import objects, store

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    os.environ["AWS_ENDPOINT_URL"] = "http://{}:{}".format(*server.get_host_and_port())
    boto3.client("s3").create_bucket(Bucket="bench")
    counts, real = Counts(), objects.opened

    def opened(address):
        system, path = real(address)
        counts.watch(system)
        return system, path

    setattr(store, "opened", opened)  # noqa: B010 - the name that the store calls
    print("| command | LIST | GET | PUT | DELETE | COPY | other | MB sent | MB got |")
    print("|---|---|---|---|---|---|---|---|---|")
    commands = [
        ("mine", f"mine {WORK} --data {data} --retriever bm25"),
        ("mine again, all fresh", f"mine {WORK}"),
        ("status", f"status {WORK}"),
        ("explain, on another machine", f"explain {WORK} 2"),
        ("explain again", f"explain {WORK} 2"),
        ("filter --relative-margin 0.1, write", f"filter {WORK} --relative-margin 0.1"),
        ("", f"write {WORK}"),
        ("leak", f"leak {WORK}"),
        ("mine NEW --since WORK, both there", f"mine {NEW} --since {WORK}"),
        ("status --verify", f"status {WORK} --verify"),
    ]
    for name, command in commands:
        if "another machine" in name:
            os.environ["NEGMINE_CACHE"] = str(folder / "two")
        _run(command)
        if name:
            row = name
        if not command.startswith("filter"):  # its row is that of `write` after it
            print(f"| {row} | {counts.take()} |", flush=True)
    server.stop()


def _run(command: str) -> None:
    from negmine.cli.app import app

    done = CliRunner().invoke(app, command.split())
    assert done.exit_code == 0, done.output


if __name__ == "__main__":
    main()
