"""A folder that holds what some S3 buckets hold: ``<folder>/<bucket>/<key>``.

LocalStack keeps nothing across a restart. Its plug-in writes here; `restore` brings it back.
"""

import contextlib
import json
import mimetypes
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote, unquote

ATTRIBUTE = "user.s3"  # extended attribute of each file: the object's headers, as JSON
HEADERS = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Metadata",
)
NAME_CHARACTERS = 200  # file systems allow 255 bytes
MODIFIED = "X-Embedded-Cloud-Modified"  # of a restoring request: when the object was written, seconds since 1970
FLAT = "%"  # ends the name of a file outside the folders that its key speaks of
PARTIAL = ".partial"  # no bucket can have this name


class Mirror:
    """One folder of mirrored buckets. Objects appear, change and vanish whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add_bucket(self, bucket: str) -> None:
        (self._folder / bucket).mkdir(parents=True, exist_ok=True)

    def remove_bucket(self, bucket: str) -> None:
        shutil.rmtree(self._folder / bucket, ignore_errors=True)

    def write(self, bucket: str, key: str, chunks: Iterable[bytes], headers: Mapping[str, Any]) -> None:
        """Keep an object, its file as old as it is; raises OSError when there is no room for it."""
        partial = self._folder / PARTIAL / uuid.uuid4().hex
        partial.parent.mkdir(parents=True, exist_ok=True)
        try:
            with partial.open("wb") as file:
                file.writelines(chunks)
                _write_headers(file, headers)
            if modified := headers.get("LastModified"):
                os.utime(partial, (modified.timestamp(), modified.timestamp()))
            nested, flat = self._paths(bucket, key)
            try:
                nested.parent.mkdir(parents=True, exist_ok=True)
                partial.replace(nested)
                if nested != flat:
                    flat.unlink(missing_ok=True)
            except (FileExistsError, NotADirectoryError, IsADirectoryError):
                partial.replace(flat)  # there are both `a` and `a/b`
        finally:
            partial.unlink(missing_ok=True)

    def remove(self, bucket: str, key: str) -> None:
        """Forget an object, and the folders that only it needed."""
        nested, flat = self._paths(bucket, key)
        for path in {nested, flat}:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
                path.unlink()
        with contextlib.suppress(OSError):
            for parent in nested.relative_to(self._folder / bucket).parents[:-1]:
                (self._folder / bucket / parent).rmdir()

    def buckets(self) -> list[str]:
        """The mirrored buckets' names, in order."""
        if not self._folder.is_dir():
            return []
        return sorted(path.name for path in self._folder.iterdir() if path.name != PARTIAL)

    def objects(self, bucket: str) -> Iterator[tuple[str, Path]]:
        """Each key of `bucket` and the file that holds the object."""
        root = self._folder / bucket
        for path in sorted(root.rglob("*")):
            if path.is_file():
                name = path.relative_to(root).as_posix().replace("%/", "")
                yield unquote(name.removesuffix(FLAT)), path

    def _paths(self, bucket: str, key: str) -> tuple[Path, Path]:
        """Where an object may be: in folders as its key says, or in one file with a quoted name.

        No key leads out of the bucket's folder: one with an empty or a dotted part is always flat.
        """
        root = self._folder / bucket
        flat = root / (_name(quote(key, safe="").replace(".", "%2E")) + FLAT)
        parts = key.split("/")
        if any(part in ("", ".", "..") for part in parts):
            return flat, flat
        return root.joinpath(*(_name(quote(part, safe=" ()@=+,")) for part in parts)), flat


def restore(s3: Any, folder: Path) -> int:
    """Make the mirrored buckets and upload their objects with a boto3 client; returns how many.

    To be called before anything subscribes to the buckets: each upload is an ordinary one, and
    starts whatever an upload starts. Objects keep their age: the newest is the newest again.
    """
    mirror = Mirror(folder)
    count, modified = 0, 0.0
    shutil.rmtree(folder / PARTIAL, ignore_errors=True)  # what a kill cut short

    def keep_age(request: Any, **_: Any) -> None:
        request.headers[MODIFIED] = str(modified)

    s3.meta.events.register("before-sign.s3", keep_age)
    for bucket in mirror.buckets():
        s3.create_bucket(Bucket=bucket)
        for key, path in list(mirror.objects(bucket)):
            modified = path.stat().st_mtime
            s3.upload_file(str(path), bucket, key, ExtraArgs=_read_headers(path, key))
            count += 1
    s3.meta.events.unregister("before-sign.s3", keep_age)
    return count


def _name(quoted: str) -> str:
    """A path whose names are short enough: ``%/`` joins the pieces of a longer one."""
    pieces = [quoted[start : start + NAME_CHARACTERS] for start in range(0, len(quoted), NAME_CHARACTERS)]
    return "%/".join(pieces)


def _write_headers(file: BinaryIO, headers: Mapping[str, Any]) -> None:
    kept = {name: headers[name] for name in HEADERS if headers.get(name)}
    # Not every file system has extended attributes: then the type is guessed from the name.
    with contextlib.suppress(OSError):
        os.setxattr(file.fileno(), ATTRIBUTE, json.dumps(kept).encode())


def _read_headers(path: Path, key: str) -> dict[str, Any]:
    try:
        headers: dict[str, Any] = json.loads(os.getxattr(path, ATTRIBUTE))
    except OSError:
        guessed, _ = mimetypes.guess_type(key)
        return {"ContentType": guessed} if guessed else {}
    return headers
