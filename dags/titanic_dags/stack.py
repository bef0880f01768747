"""Where the stack is: one Airflow Variable, `titanic`, a JSON object that each release replaces in one write.

    {"functions": {"IngestionFunction": name, …}, "pipeline_arn": …, "data_bucket": …, "topic_arn": … or ""}

Read when a task runs, never when a file is parsed, so that a release reaches the next task and parsing needs no cloud.
"""

from airflow.sdk import Asset

VARIABLE = "titanic"
PIPELINE_ARN = "{{ var.json.titanic.pipeline_arn }}"
DATA_BUCKET = "{{ var.json.titanic.data_bucket }}"

# A partition is one file: whoever consumes these runs once for each.
PASSENGER_LISTS = Asset(name="titanic_passenger_lists", uri="titanic://data/passenger-lists")
CHAMPION = Asset(name="titanic_champion", uri="titanic://models/champion")


def function(name: str) -> str:
    """The template of a function's deployed name, by the name that template.yaml gives it."""
    return f"{{{{ var.json.titanic.functions.{name} }}}}"
