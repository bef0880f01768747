"""Each dynamic reference in a value of a template is resolved, such as the name and the password in one URL.

LocalStack puts what the first one stands for in the place of them all.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
"""

import re
from typing import Any

from localstack.runtime import hooks
from localstack.services.cloudformation.engine.v2.change_set_model_preproc import ChangeSetModelPreproc
from localstack.services.cloudformation.engine.v2.resolving import (
    REGEX_DYNAMIC_REF,
    DynamicReference,
    perform_dynamic_reference_lookup,
)


@hooks.on_infra_start()
def resolve_each_reference() -> None:
    ChangeSetModelPreproc._perform_dynamic_replacements = _resolved


def _resolved(self: ChangeSetModelPreproc, value: Any) -> Any:
    def look_up(found: re.Match[str]) -> str:
        reference, change = DynamicReference(found[1], found[2]), self._change_set
        known = perform_dynamic_reference_lookup(reference, change.account_id, change.region_name)
        return found[0] if known is None else known

    return REGEX_DYNAMIC_REF.sub(look_up, value) if isinstance(value, str) else value
