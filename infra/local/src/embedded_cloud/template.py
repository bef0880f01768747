"""Templates of SAM and CloudFormation as they are written, with YAML's short forms of the functions."""

from pathlib import Path
from typing import Any

import yaml

from embedded_cloud.errors import CloudError


def read(path: Path) -> dict[str, Any]:
    """A template's sections; CloudError where the file is no template."""
    try:
        template: dict[str, Any] = yaml.load(path.read_text(), _Template)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        raise CloudError(f"{path.name} is not valid YAML: {error}", "Correct the line that it names") from error
    if not isinstance(template, dict):
        raise CloudError(f"{path.name} is not a template: it has no sections", "Restore the file")
    return template


def of_type(template: dict[str, Any], *types: str) -> dict[str, dict[str, Any]]:
    """A template's resources of these types, by logical name."""
    resources = template.get("Resources")
    found = resources.items() if isinstance(resources, dict) else ()
    return {name: each for name, each in found if isinstance(each, dict) and each.get("Type") in types}


class _Template(yaml.SafeLoader):  # type: ignore[misc]
    """YAML with CloudFormation's short forms: `!Sub x` is `{"Fn::Sub": "x"}`."""

    def short_form(self, name: str, node: yaml.Node) -> dict[str, Any]:
        if name == "GetAtt" and isinstance(node, yaml.ScalarNode):
            return {"Fn::GetAtt": node.value.split(".", 1)}
        kinds = {yaml.SequenceNode: self.construct_sequence, yaml.MappingNode: self.construct_mapping}
        value = kinds[type(node)](node, deep=True) if type(node) in kinds else self.construct_scalar(node)
        return {name if name in ("Ref", "Condition") else f"Fn::{name}": value}


_Template.add_multi_constructor("!", _Template.short_form)
