"""Functions that run from a folder that nobody edits."""

import base64
import hashlib
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from embedded_cloud.localstack import FOLDERS_BUCKET

PROCESS = "import os\ndef handler(event, context): return os.getpid()"


def located(folder: Path, content: bytes = b"") -> dict[str, str]:
    key = f"{hashlib.sha256(content).hexdigest()}/{len(content)}{folder}"
    return {"S3Bucket": FOLDERS_BUCKET, "S3Key": key}


def test_the_folder_is_the_code_and_its_digest_is_known(function, tmp_path):
    (tmp_path / "app.py").write_text("import os\ndef handler(event, context): return __file__, os.listdir()")
    deployed = function(PROCESS)
    deployed.client.update_function_code(FunctionName=deployed.name, **located(tmp_path, b"content"))
    known = deployed.settled().client.get_function_configuration(FunctionName=deployed.name)
    assert deployed.invoke().payload == ["/var/task/app.py", ["app.py"]]
    assert base64.b64decode(known["CodeSha256"]) == hashlib.sha256(b"content").digest()
    assert known["CodeSize"] == len(b"content")


def test_the_folder_is_not_watched(function, tmp_path):
    (tmp_path / "app.py").write_text(PROCESS)
    deployed = function(PROCESS)
    deployed.client.update_function_code(FunctionName=deployed.name, **located(tmp_path))
    process = deployed.settled().invoke().payload
    (tmp_path / "app.py").write_text("def handler(event, context): return 'edited'")
    assert deployed.invoke().payload == process


def test_a_folder_that_is_not_there_is_named(function, tmp_path):
    deployed = function(PROCESS)
    with pytest.raises(ClientError, match=r"There is no folder .*/missing"):
        deployed.client.update_function_code(FunctionName=deployed.name, **located(tmp_path / "missing"))
