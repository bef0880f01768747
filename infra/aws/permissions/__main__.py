"""Write docs/permissions.md from the calls that test runs have recorded: `make permissions`."""

import sys
from collections.abc import Sequence
from pathlib import Path

from permissions.judge import Statement, Verdict, judge

PAGE = Path("docs/permissions.md")
TEXT = """# What the functions may do, and what they do

Made by `make permissions` from every AWS call that a role made during the end-to-end tests: {requests} different
requests of {roles} roles. Each is judged by the policies of its role with AWS's documented rules
(npm `@cloud-copilot/iam-simulate`); LocalStack itself refuses nothing. A request that would be denied fails the tests.

**Denied: {denied}.**

| role | requests | statements used |
|---|---:|---:|
{table}

## Used

{used}

## Never used in the tests

{unused}
"""


def main(environment: Path, files: Sequence[Path]) -> int:
    """Returns 1 if a call would be denied."""
    verdict = judge(files, environment)
    PAGE.write_text(page(verdict))
    for each in verdict.denied:
        sys.stderr.write(f"✗ {each.role} {each.request.action} on {each.request.resource}: {each.reason}\n")
    sys.stderr.write(f"✓ {PAGE}: {sum(verdict.calls.values())} requests, {len(verdict.denied)} denied\n")
    return bool(verdict.denied)


def page(verdict: Verdict) -> str:
    """The text of docs/permissions.md."""
    every = [*verdict.used, *verdict.unused]
    rows = []
    for role, count in sorted(verdict.calls.items()):
        used = sum(statement.role == role for statement in verdict.used)
        rows.append(f"| {role} | {count} | {used} of {sum(statement.role == role for statement in every)} |")
    return TEXT.format(
        requests=sum(verdict.calls.values()),
        roles=len(verdict.calls),
        denied=len(verdict.denied) or "nothing",
        table="\n".join(rows),
        used=_table(list(verdict.used)),
        unused=_table(verdict.unused),
    )


def _table(statements: Sequence[Statement]) -> str:
    if not statements:
        return "Nothing."
    lines = ["| role | actions | resources |", "|---|---|---|"]
    for each in statements:
        actions, resources = ("<br>".join(f"`{one}`" for one in many) for many in (each.actions, each.resources))
        lines.append(f"| {each.role} | {actions} | {resources} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]]))
