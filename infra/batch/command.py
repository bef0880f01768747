"""`make batch`: upload files, have them scored, and fetch the results into one folder.

    embedded-cloud outputs | python command.py OUT FORMAT FILE

FILE is a file, a folder, or several of either by spaces and wildcards.
Running it again with the same files and model scores only what failed, and fetches the results anew.
"""

import json
import os
import shutil
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from shlex import split
from typing import Any

import boto3
from botocore.exceptions import ClientError
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

RESULTS = ("part-*.csv", "part-*.parquet", "errors-*.csv", "manifest.json")
UPLOADS = "scoring"
POLL_SECONDS = 0.5
Outputs = Mapping[str, Any]

console = Console(stderr=True, highlight=False, soft_wrap=True)


class BatchError(Exception):
    """What went wrong, and the remedy."""


def main(outputs: Outputs, out: Path, format: str, files: Sequence[Path]) -> dict[str, Any]:
    """Score files into a folder; the manifest. BatchError of whatever keeps all rows from being scored or refused."""
    _check(out, files)
    s3, began = _s3(outputs), time.monotonic()
    with _bar("Uploading", sum(each.stat().st_size for each in files), "bytes") as advance:
        keys = [_upload(s3, outputs["data_bucket"], each, advance) for each in files]
    batch = _call(outputs, "/batches", {"keys": keys, "format": format})
    batch = _watch(outputs, batch)
    if batch["status"] == "failed":
        raise BatchError(f"{batch['reason']}")
    manifest = _fetch(s3, outputs["data_bucket"], batch, out)
    rows, seconds = manifest["rows"], time.monotonic() - began
    told = f"{rows['out']:,} rows scored, {rows['refused']:,} refused, {rows['failed']:,} failed"
    console.print(f"{told} in {seconds:.1f} s, {rows['in'] / seconds:,.0f} rows/s: {out}")
    if not manifest["complete"]:
        reasons = "; ".join(sorted({each["reason"] for each in manifest["failed"]})[:3])
        raise BatchError(f"{rows['failed']:,} rows were not scored ({reasons}). The same command tries them again")
    return manifest


def found(names: str) -> list[Path]:
    """The files that FILE names, by name; BatchError if there are none."""
    wildcards = map(Path, [] if Path(names).exists() else split(names))
    paths = [path for each in wildcards for path in each.parent.glob(each.name)] or [Path(names)]
    folders = (sorted(each.iterdir()) if each.is_dir() else [each] for each in sorted(paths))
    if not (files := [file for each in folders for file in each if file.is_file()]):
        raise BatchError(f"There is no file {names}: FILE names CSV files, packed by gzip or not")
    return files


def _check(out: Path, files: Sequence[Path]) -> None:
    if len({each.name for each in files}) < len(files):
        raise BatchError("Two of the files have the same name: errors would not tell them apart")
    if out.exists() and not out.is_dir():
        raise BatchError(f"{out} is a file: OUT names a folder")
    if out.is_dir():
        own = {path for pattern in RESULTS for path in out.glob(pattern)}
        if others := sorted(path.name for path in out.iterdir() if path not in own):
            raise BatchError(f"{out} holds {others[0]}, which is no result of a batch: OUT names a folder of its own")


def _s3(outputs: Outputs) -> Any:
    endpoint = outputs.get("s3_endpoint_url") or outputs.get("endpoint_url")
    local = {
        "endpoint_url": endpoint,
        "aws_access_key_id": outputs.get("s3_access_key_id", "test"),
        "aws_secret_access_key": outputs.get("s3_secret_access_key", "test"),
    }
    return boto3.client("s3", region_name=outputs["region"], **(local if endpoint else {}))


def _upload(s3: Any, bucket: str, file: Path, advance: Callable[[int], None]) -> str:
    """Upload a file under its content's digest, unless it is there."""
    digest = sha256()
    with file.open("rb") as content:
        while block := content.read(2**20):
            digest.update(block)
    key = f"{UPLOADS}/{digest.hexdigest()[:16]}/{file.name}"
    try:
        if s3.head_object(Bucket=bucket, Key=key)["ContentLength"] == file.stat().st_size:
            advance(file.stat().st_size)
            return key
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchKey"):
            raise
    s3.upload_file(str(file), bucket, key, Callback=advance)
    return key


def _watch(outputs: Outputs, batch: dict[str, Any]) -> dict[str, Any]:
    with _bar("Scoring", None, "shards") as advance:
        done = 0
        while batch["status"] == "running":
            time.sleep(POLL_SECONDS)
            batch = _call(outputs, f"/batches/{batch['batch_id']}")
            advance(batch["shards_done"] - done, batch["shards"])
            done = batch["shards_done"]
    return batch


def _fetch(s3: Any, bucket: str, batch: dict[str, Any], out: Path) -> dict[str, Any]:
    """The results in a folder of their own, in the place of earlier ones once they are complete."""
    prefix = batch["results"].removeprefix(f"s3://{bucket}/")
    body = s3.get_object(Bucket=bucket, Key=f"{prefix}manifest.json")["Body"].read()
    manifest: dict[str, Any] = json.loads(body)
    partial = out.with_name(f"{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    files = [("parts", each) for each in manifest["parts"]] + [("errors", each) for each in manifest["errors"]]
    with _bar("Fetching", len(files), "files") as advance:
        for folder, each in files:
            s3.download_file(bucket, f"{prefix}{folder}/{each['name']}", str(partial / each["name"]))
            if sha256((partial / each["name"]).read_bytes()).hexdigest() != each["sha256"]:
                raise BatchError(f"{each['name']} is not what the manifest says: run the same command again")
            advance(1)
    (partial / "manifest.json").write_bytes(body)
    if out.exists():
        shutil.rmtree(out)
    partial.replace(out)
    return manifest


def _call(outputs: Outputs, path: str, body: Any = None) -> dict[str, Any]:
    headers = {"Content-Type": "application/json", "X-Api-Key": outputs["admin_api_key"]}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(outputs["api_url"] + path, data, headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            found: dict[str, Any] = json.load(response)
            return found
    except urllib.error.HTTPError as refused:
        try:
            told = json.load(refused)["detail"]
        except (ValueError, KeyError):
            told = str(refused)
        raise BatchError(told) from None


@contextmanager
def _bar(what: str, total: int | None, unit: str) -> Iterator[Callable[..., None]]:
    """Progress on stderr: a bar on a terminal, a line when it is done otherwise."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=total)

        def advance(by: int, known: int | None = None) -> None:
            progress.update(task, advance=by, total=known if known is not None else total)

        yield advance
    if not console.is_terminal:
        console.print(f"· {what}: done")


if __name__ == "__main__":
    _, folder, wanted, names = sys.argv
    if not sys.stdin.isatty() and (known := sys.stdin.read().strip()):
        try:
            answer = main(json.loads(known), Path(folder), wanted, found(names))["rows"]
            sys.stdout.write(f"{json.dumps(answer)}\n")
        except BatchError as error:
            console.print(f"[red]✗[/red] {escape(str(error))}")
            sys.exit(1)
    else:
        sys.exit(os.EX_UNAVAILABLE)  # `outputs` has said why
