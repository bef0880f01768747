"""Where the stack is: one Airflow Variable, named by the use case, a JSON object that a release replaces in one write.

    {"functions": {"IngestionFunction": name, …}, "pipeline_arn": …, "batch_scoring_arn": …, "data_bucket": …,
     "topic_arn": … or "", "example": one row for a first prediction, optional}

Read when a task runs, never when a file is parsed, so that a release reaches the next task and parsing needs no cloud.
"""

from typing import Any

from airflow.sdk import Variable

from mlops_dags.use_case import USE_CASE

VARIABLE = USE_CASE
BATCH_SCORING_ARN = f"{{{{ var.json.{VARIABLE}.batch_scoring_arn }}}}"
PIPELINE_ARN = f"{{{{ var.json.{VARIABLE}.pipeline_arn }}}}"
DATA_BUCKET = f"{{{{ var.json.{VARIABLE}.data_bucket }}}}"


def function(name: str) -> str:
    """The template of a function's deployed name, by the name that template.yaml gives it."""
    return f"{{{{ var.json.{VARIABLE}.functions.{name} }}}}"


def optional(field: str) -> Any:
    """A field of the Variable that not every stack writes; None without it."""
    return Variable.get(VARIABLE, deserialize_json=True).get(field)
