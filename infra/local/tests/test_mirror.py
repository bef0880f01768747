"""Buckets outlive LocalStack."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
import pytest

from embedded_cloud.mirror import Mirror, restore

KEYS = [
    "raw/titanic.csv",
    "a",
    "a/b",
    "../../outside",
    "/absolute",
    "empty//part",
    "folder/",
    ".",
    "..",
    ".hidden",
    "dir/..",
    "percent%2Fsign",
    "Grüße ☃.txt",
    "line\nbreak",
    "k" * 1000,
    "long/" + "ü" * 150,
]


@pytest.fixture
def mirror(tmp_path: Path) -> Mirror:
    one = Mirror(tmp_path / "mirror")
    one.add_bucket("ours")
    return one


def test_any_key_comes_back_as_it_was(mirror):
    for key in KEYS:
        mirror.write("ours", key, [key.encode()], {})
    assert {key: path.read_bytes() for key, path in mirror.objects("ours")} == {key: key.encode() for key in KEYS}


def test_no_key_leads_out_of_the_bucket(mirror, tmp_path):
    for key in KEYS:
        mirror.write("ours", key, [b""], {})
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == len(KEYS)
    assert all(path.is_relative_to(tmp_path / "mirror" / "ours") for path in files)


@pytest.mark.parametrize("key", KEYS)
def test_removed_object_leaves_nothing_behind(mirror, tmp_path, key):
    mirror.write("ours", key, [b"x"], {})
    mirror.remove("ours", key)
    mirror.remove("ours", key)
    assert not list(mirror.objects("ours"))
    assert not list((tmp_path / "mirror" / "ours").iterdir())


def test_key_and_folder_of_the_same_name_change_places(mirror):
    mirror.write("ours", "a/b", [b"1"], {})
    mirror.write("ours", "a", [b"2"], {})
    mirror.remove("ours", "a/b")
    mirror.write("ours", "a", [b"3"], {})
    assert [(key, path.read_bytes()) for key, path in mirror.objects("ours")] == [("a", b"3")]


def test_interrupted_write_leaves_the_object_as_it_was(mirror):
    mirror.write("ours", "k", [b"old"], {})

    def breaks():
        yield b"new"
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        mirror.write("ours", "k", breaks(), {})
    assert [path.read_bytes() for _, path in mirror.objects("ours")] == [b"old"]
    assert mirror.buckets() == ["ours"]


def test_what_was_acknowledged_survives_kill(localstack, tmp_path):
    cloud = localstack(mirrored_buckets=["kept-*"])
    s3 = boto3.client("s3", **cloud.client_settings)
    for bucket in ("kept-data", "kept-empty", "kept-deleted", "other"):
        s3.create_bucket(Bucket=bucket)
    s3.delete_bucket(Bucket="kept-deleted")
    for key in KEYS:
        s3.put_object(
            Bucket="kept-data",
            Key=key,
            Body=key.encode(),
            ContentType="text/x-test",
            CacheControl="no-store",
            Metadata={"origin": "test"},
        )
    s3.put_object(Bucket="other", Key="lost", Body=b"x")
    s3.copy_object(Bucket="kept-data", Key="copied", CopySource="other/lost")
    large = os.urandom(9 << 20)  # over boto3's threshold for multipart uploads
    Path(tmp_path, "large").write_bytes(large)
    s3.upload_file(str(tmp_path / "large"), "kept-data", "large")
    for key in ("gone", "gone/too", "also/gone"):
        s3.put_object(Bucket="kept-data", Key=key, Body=b"x")
    s3.delete_object(Bucket="kept-data", Key="gone")
    s3.delete_objects(Bucket="kept-data", Delete={"Objects": [{"Key": "gone/too"}, {"Key": "also/gone"}]})
    with ThreadPoolExecutor(8) as pool:  # the last of several writers is what both sides hold
        list(pool.map(lambda n: s3.put_object(Bucket="kept-data", Key="raced", Body=b"%d" % n), range(40)))
    raced = s3.get_object(Bucket="kept-data", Key="raced")["Body"].read()

    cloud.kill()
    aged = [cloud.state / "mirror/kept-data" / name for name in ("copied", "large")]
    for path in aged:
        os.utime(path, (1e9, 1e9))
    (cloud.state / "mirror/.partial/cut-short").write_bytes(b"x")
    cloud.start()
    assert s3.list_buckets()["Buckets"] == []
    assert restore(s3, cloud.state / "mirror") == len(KEYS) + 3
    assert not (cloud.state / "mirror/.partial/cut-short").exists()
    for path in aged:
        assert s3.head_object(Bucket="kept-data", Key=path.name)["LastModified"].timestamp() == 1e9
        assert path.stat().st_mtime == 1e9, "the next restart would make it new"
    assert s3.head_object(Bucket="kept-data", Key="raced")["LastModified"].timestamp() > 1e9

    listed = {entry["Key"] for entry in s3.list_objects_v2(Bucket="kept-data")["Contents"]}
    assert listed == {*KEYS, "copied", "large", "raced"}
    assert {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]} == {
        "kept-data",
        "kept-empty",
    }
    for key in KEYS:
        found = s3.get_object(Bucket="kept-data", Key=key)
        assert found["Body"].read() == key.encode()
        assert (found["ContentType"], found["CacheControl"], found["Metadata"]) == (
            "text/x-test",
            "no-store",
            {"origin": "test"},
        )
    assert s3.get_object(Bucket="kept-data", Key="large")["Body"].read() == large
    assert s3.get_object(Bucket="kept-data", Key="raced")["Body"].read() == raced


def test_write_that_cannot_be_mirrored_is_not_acknowledged(localstack):
    cloud = localstack(mirrored_buckets=["kept"])
    s3 = boto3.client("s3", **cloud.client_settings)
    s3.create_bucket(Bucket="kept")
    folder = cloud.state / "mirror" / ".partial"
    folder.parent.mkdir(exist_ok=True)
    folder.write_text("in the way")
    with pytest.raises(s3.exceptions.ClientError, match=r"InternalError|500"):
        s3.put_object(Bucket="kept", Key="k", Body=b"x")
    folder.unlink()
    s3.put_object(Bucket="kept", Key="k", Body=b"x")
