"""What LocalStack does only once, in its own environment."""

import json
import subprocess
import urllib.request
from pathlib import Path

from running import LOCALSTACK_PYTHON, eventually

from embedded_cloud import localstack

PROGRAM = """
import json, boto3
from botocore.loaders import JSONFileLoader
from embedded_cloud.plugins.quick_start import read_regions_once

def asked(session):
    return [session.get_available_regions("sns", partition) for partition in ("aws", "aws-cn")]

before, read, original = asked(boto3.Session()), [], JSONFileLoader.load_file
JSONFileLoader.load_file = lambda self, path: read.append(path) or original(self, path)
read_regions_once()
first = asked(boto3.Session())
files = len(read)
again = asked(boto3.Session())
print(json.dumps([before == first == again, files, len(read)]))
"""


def test_regions_are_read_once():
    done = subprocess.run([LOCALSTACK_PYTHON, "-c", PROGRAM], capture_output=True, text=True, check=True)
    same, files, files_again = json.loads(done.stdout)
    assert same
    assert 0 < files == files_again


def test_services_are_loaded_before_they_are_asked_for(cloud):
    def states():
        with urllib.request.urlopen(f"{cloud.url}/_localstack/health") as answer:
            return json.load(answer)["services"]

    eventually(lambda: states()["ses"] == "running")
    assert states()["route53"] == "available", "it loads all"


def test_nothing_is_loaded_that_was_not_named(tmp_path):
    python = Path("python")
    assert "SERVICES_AT_START" not in localstack.environment(tmp_path, 4566, python)
    named = localstack.environment(tmp_path, 4566, python, services=("s3", "lambda"))
    assert named["SERVICES_AT_START"] == "s3 lambda"
