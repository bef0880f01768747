"""Every AWS call that is made with a role, written down for whoever wants to know what a role needs.

On when ``RECORDED_CALLS`` names a file. A line of JSON is a call, ``{role, service, operation, parameters}``, or a role
that is seen for the first time, ``{role, policies}``: stacks come and go, and their policies with them.
"""

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from localstack.aws import handlers
from localstack.runtime import hooks
from localstack.utils.aws.request_context import extract_access_key_id_from_auth_header
from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

LONGEST = 2000  # characters of one parameter: contents are no part of what is decided on


@hooks.on_infra_start()
def write_calls_down() -> None:
    """Look at each request once it is parsed."""
    if file := os.environ.get("RECORDED_CALLS"):
        handlers.serve_custom_service_request_handlers.append(Calls(Path(file)))


class Calls:
    """A handler of LocalStack's chain; lives as long as LocalStack."""

    def __init__(self, file: Path) -> None:
        self._file, self._lock = file, threading.Lock()
        self._known: set[str] = set()

    def __call__(self, _chain: Any, context: Any, _response: Any) -> None:
        key = extract_access_key_id_from_auth_header(context.request.headers)
        session = sts_backends[context.account_id][context.partition].get_assumed_role_from_access_key(key)
        if not session or not context.operation:
            return
        given = {name: value for name, value in (context.service_request or {}).items() if _is_small(value)}
        call = {"service": context.service.service_name, "operation": context.operation.name, "parameters": given}
        with self._lock:
            if session.role_arn not in self._known:
                try:
                    policies = list(_policies(context.account_id, context.partition, session.role_arn))
                except NotFoundException:  # its stack is being deleted: nobody can say any more what it might do
                    return
                self._write({"role": session.role_arn, "policies": policies})
                self._known.add(session.role_arn)
            self._write({"role": session.role_arn, **call})

    def _write(self, line: dict[str, Any]) -> None:
        """Each different line once."""
        text = json.dumps(line, sort_keys=True, default=str)
        if text not in self._known:
            self._known.add(text)
            with self._file.open("a") as file:
                file.write(f"{text}\n")


def _is_small(value: Any) -> bool:
    return isinstance(value, str | int | bool | list | dict) and len(str(value)) <= LONGEST


def _policies(account: str, partition: str, arn: str) -> Iterator[dict[str, Any]]:
    """The identity policies of a role: its own, and those that are attached to it."""
    role = iam_backends[account][partition].get_role_by_arn(arn)
    for name, document in role.policies.items():
        yield {"name": name, "policy": json.loads(document) if isinstance(document, str) else document}
    for attached in role.managed_policies.values():
        (document,) = [each.document for each in attached.versions if each.is_default]
        yield {"name": attached.arn, "policy": json.loads(document)}
