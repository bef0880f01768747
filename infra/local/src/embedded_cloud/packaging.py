"""A built template, uploaded with what it refers to."""

import json
import stat
import zipfile
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import yaml

from embedded_cloud.artifacts import DIGESTS
from embedded_cloud.aws import Aws
from embedded_cloud.localstack import FOLDERS_BUCKET


def package(aws: Aws, build: Path, bucket: str, *, in_place: bool) -> str:
    """Upload a built template and what it refers to; returns the address of the template, its references replaced.

    `in_place`: LocalStack sees the same folders, so functions run from those of the build and are not uploaded.
    """
    digests = json.loads((build / DIGESTS).read_text()) if in_place else {}
    template = yaml.safe_load((build / "template.yaml").read_text())
    s3 = aws.client("s3")
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        for reference in ("CodeUri", "DefinitionUri"):
            if reference not in properties:
                continue
            source = build / properties[reference]
            if source.name in digests:
                key = f"{digests[source.name]['sha256']}/{digests[source.name]['bytes']}{source.absolute()}"
                properties[reference] = {"Bucket": FOLDERS_BUCKET, "Key": key}
                continue
            key = f"{build.name}/{name}{'' if source.is_dir() else source.suffix}"
            with _zipped(source) if source.is_dir() else source.open("rb") as body:
                s3.upload_fileobj(body, bucket, key)
            properties[reference] = f"s3://{bucket}/{key}"
    template.get("Globals", {}).get("Function", {}).pop("CodeUri", None)  # of the sources, not of the build
    key = f"{build.name}/template.yaml"
    s3.put_object(Bucket=bucket, Key=key, Body=yaml.safe_dump(template, sort_keys=False))
    return f"{aws.endpoint_url}/{bucket}/{key}"


def _zipped(folder: Path) -> IO[bytes]:
    """An artifact as Lambda takes it; stored, not deflated: it never leaves this machine."""
    file = TemporaryFile()  # noqa: SIM115 - the caller closes it
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.rglob("*")):
            entry = zipfile.ZipInfo.from_file(path, path.relative_to(folder))
            entry.external_attr |= stat.S_IWUSR << 16  # whoever unzips a read-only folder could write nothing into it
            archive.writestr(entry, b"" if path.is_dir() else path.read_bytes())
    file.seek(0)
    return file
