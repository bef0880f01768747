"""A state folder may have spaces, accents and quotes in its name."""

import boto3
import pytest
from running import Localstack, free_port
from valkey import Valkey

from embedded_cloud import processes, valkey
from embedded_cloud.localstack import FOLDERS_BUCKET
from functions import deploy


@pytest.fixture
def folder(tmp_path):
    named = tmp_path / 'Zoë\'s "démo" 東京'
    named.mkdir()
    return named


def test_valkey_keeps_its_data_there(folder):
    port = free_port()
    service = valkey.service(folder / "valkey", port, "secret")
    try:
        processes.start(folder, service, folder / "valkey.log")
        Valkey(port=port, password="secret").set("name", "Zoë")
        assert list((folder / "valkey" / "appendonlydir").iterdir())
    finally:
        processes.stop(folder, "valkey")


def test_functions_run_there(folder):
    (folder / "code").mkdir()
    (folder / "code" / "app.py").write_text("def handler(event, context): return __file__, event")
    cloud = Localstack(folder)
    try:
        cloud.start()
        client = boto3.client("lambda", **cloud.client_settings)
        uploaded = deploy(client, "arn:aws:iam::000000000000:role/r", "def handler(event, context): return __file__")
        assert uploaded.settled().invoke().payload == "/var/task/app.py"
        located = {"S3Bucket": FOLDERS_BUCKET, "S3Key": f"{'0' * 64}/1{folder}/code"}
        client.update_function_code(FunctionName=uploaded.name, **located)
        assert uploaded.settled().invoke("ü").payload == ["/var/task/app.py", "ü"]
    finally:
        cloud.kill()
