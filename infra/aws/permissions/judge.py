"""Recorded calls judged by the policies of the roles that made them.

The file is what LocalStack wrote with RECORDED_CALLS (infra/local, plugins/calls.py). npm's
`@cloud-copilot/iam-simulate` decides: moto and LocalStack know too little of resources and conditions.
"""

import json
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from permissions.actions import Request, requests

AWS_MANAGED = "arn:aws:iam::aws:policy/"
# What differs from run to run in the name of a resource, and decides nothing.
VARYING = re.compile(r"(?<=:secret:)[^*]+$|[0-9a-f]{8,}(-[0-9a-f]{4,}){0,4}|\b\d{4,}\b")


@dataclass(frozen=True, slots=True, order=True)
class Statement:
    """One statement of a role's own policy, by the role's logical name."""

    role: str
    policy: str
    number: int
    actions: tuple[str, ...]
    resources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Denied:
    """A call that AWS would refuse."""

    role: str
    request: Request
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`calls`: the number of different requests by role. `unused`: statements that no request needed."""

    calls: Mapping[str, int]
    used: Mapping[Statement, tuple[str, ...]]
    unused: Sequence[Statement]
    denied: Sequence[Denied]


def judge(files: Iterable[Path], environment: Path) -> Verdict:
    """Judge all recorded calls; `environment` holds the evaluator and its packages.

    Raises UnknownCallError for a call that actions.py does not know.
    """
    policies, asked = _read(files)
    questions: list[dict[str, Any]] = [
        {
            "role": role,
            "policies": policies[role],
            "action": request.action,
            "resource": request.resource,
            "context": dict(request.context),
        }
        for role, request in asked
    ]
    command = ["node", str(environment / "evaluate.mjs")]
    done = subprocess.run(command, input=json.dumps(questions), capture_output=True, text=True, check=True)
    statements = {statement for role, its in policies.items() for statement in _statements(role, its)}
    used: dict[Statement, set[str]] = {}
    denied, calls = [], dict.fromkeys(map(logical, policies), 0)
    for (role, request), answer in zip(asked, json.loads(done.stdout), strict=True):
        calls[logical(role)] += 1
        if not answer["allowed"]:
            denied.append(Denied(logical(role), request, answer["error"] or "no statement allows it"))
        for statement in statements:
            if statement.role == logical(role) and f"{statement.policy}/{statement.number}" in answer["statements"]:
                used.setdefault(statement, set()).add(request.action)
    return Verdict(
        calls,
        {statement: tuple(sorted(actions)) for statement, actions in sorted(used.items())},
        sorted(statements - used.keys()),
        denied,
    )


def logical(role: str) -> str:
    """A role's name in the template; CloudFormation puts the stack's before it and characters of its own behind."""
    name = role.rpartition("/")[2]
    found = re.search(r"([A-Z]\w*Role)\b", name)
    return found[1] if found else name


def _read(files: Iterable[Path]) -> tuple[dict[str, list[dict[str, Any]]], list[tuple[str, Request]]]:
    """Each role's policies, and one request of each kind that it made."""
    policies: dict[str, list[dict[str, Any]]] = {}
    kinds: dict[tuple[str, str, str], tuple[str, Request]] = {}
    for file in files:
        for line in file.read_text().splitlines():
            known = json.loads(line)
            role = known["role"]
            if "policies" in known:
                policies[role] = known["policies"]
                continue
            for request in requests(known["service"], known["operation"], known["parameters"]):
                kind = f"{VARYING.sub('#', request.resource)} {json.dumps(dict(request.context), sort_keys=True)}"
                kinds.setdefault((logical(role), request.action, kind), (role, request))
    return policies, list(kinds.values())


def _statements(role: str, policies: Iterable[Mapping[str, Any]]) -> Iterable[Statement]:
    for each in policies:
        if each["name"].startswith(AWS_MANAGED):
            continue
        for number, statement in enumerate(_many(each["policy"]["Statement"]), start=1):
            actions, resources = (tuple(_many(statement[name])) for name in ("Action", "Resource"))
            anonymous = tuple(sorted({VARYING.sub("#", resource) for resource in resources}))
            yield Statement(logical(role), each["name"], number, actions, anonymous)


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
