"""What LocalStack does only once, in its own environment."""

import json
import subprocess

from running import LOCALSTACK_PYTHON

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
