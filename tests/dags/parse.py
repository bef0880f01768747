"""Parse a folder of DAGs with Airflow's own Python; print what was found, and the CPU seconds it took, as JSON.

Warnings are errors here, and nothing of the product can be imported.
"""

import json
import logging
import sys
import time
import warnings
from pathlib import Path

logging.disable()

import boto3  # noqa: E402, F401 - its import is not part of a file's parse time
from airflow.dag_processing.dagbag import DagBag  # noqa: E402

folder = Path(sys.argv[1])
sys.path.append(str(folder))
warnings.simplefilter("error")
files = {}
for file in sorted(folder.glob("*.py")):
    began = time.process_time()
    bag = DagBag(dag_folder=str(file), bundle_path=folder)
    seconds = time.process_time() - began
    dags = {
        dag.dag_id: {
            "doc": dag.doc_md,
            "tags": sorted(dag.tags),
            "deadline": bool(dag.deadline),
            "tasks": {
                task.task_id: {
                    "operator": task.operator_name if not task.is_mapped else task.operator_class.__name__,
                    "doc": task.doc_md,
                    "owner": task.owner,
                    "retries": task.retries,
                    "backoff": task.retry_exponential_backoff,
                    "announced": bool(task.has_on_failure_callback),
                }
                for task in dag.tasks
            },
        }
        for dag in bag.dags.values()
    }
    warned = [str(each) for each in bag.captured_warnings.values()]
    files[file.name] = {"seconds": seconds, "errors": list(bag.import_errors.values()), "warned": warned, "dags": dags}

from mlops_dags.handler import PERMANENT  # noqa: E402
from mlops_dags.use_case import CHAMPION, DATASETS  # noqa: E402

found = {"files": files, "permanent": sorted(PERMANENT), "modules": sorted(sys.modules)}
print(json.dumps({**found, "assets": [asset.name for asset in (DATASETS, CHAMPION)]}))
