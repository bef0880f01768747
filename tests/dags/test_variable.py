"""The Variable by which the DAGs find the stack: the template writes it on AWS, the release elsewhere."""

import json
import re
from typing import Any

from clouds import CHECKOUT, Cloud

from .conftest import VARIABLE

TEMPLATE = (CHECKOUT / "template.yaml").read_text()


def written_on_aws() -> Any:
    """The parameter's value, its references left as they are."""
    resource = TEMPLATE[TEMPLATE.index("  AirflowStack:") :]
    (value,) = re.findall(r"^ +- \|-\n(.*?)\n +- Data:", resource, flags=re.DOTALL | re.MULTILINE)
    return json.loads(value)


def test_the_template_and_the_release_write_the_same(cloud: Cloud) -> None:
    parameter = cloud.client("ssm").get_parameter(Name=VARIABLE)["Parameter"]["Value"]
    here, on_aws = json.loads(parameter), written_on_aws()
    outputs = cloud.outputs()
    assert here["functions"] == outputs["functions"]
    assert here["pipeline_arn"] == outputs["pipeline_arn"]
    assert set(on_aws) <= set(here) <= {*on_aws, "example"}
    assert on_aws["functions"] == {name: f"${{{name}}}" for name in here["functions"]}


def test_its_example_is_a_row_to_predict_from(cloud: Cloud) -> None:
    parameter = cloud.client("ssm").get_parameter(Name=VARIABLE)["Parameter"]["Value"]
    assert cloud.call("/predict", json.loads(parameter)["example"])["model_version"] == cloud.champion()


def test_it_names_a_topic(cloud: Cloud) -> None:
    parameter = cloud.client("ssm").get_parameter(Name=VARIABLE)["Parameter"]["Value"]
    topic = json.loads(parameter)["topic_arn"]
    assert cloud.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]["TopicArn"] == topic
