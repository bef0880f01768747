"""What the README and the guides say to type is typed here, on the session's cloud; every target they name is there.

A block fenced as `sh` is run; `sh docker` and `sh aws` say what a block needs. The former are run by Compose's tests;
of the latter, targets and files are looked for.
"""

import re
import subprocess
from pathlib import Path

import pytest

from clouds import CHECKOUT, Cloud, until
from guides import blocks

GUIDES = ("first-hour", "operations", "aws", "troubleshooting", "batch-scoring")
PAGES = ["README.md", *(f"docs/{name}.md" for name in GUIDES)]
TARGET = re.compile(r"\bmake (?:-s )?([a-z][a-z-]*[a-z])\b")
FILE = re.compile(r"(?<![\w/.-])((?:infra|functions|data|docs)/[\w./-]+\.\w+)")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
# The first goes down and up twice; of the second README has the shorter form.
LONG = dict.fromkeys(["docs/operations.md", "docs/first-hour.md"], pytest.mark.long)
TYPED = [pytest.param(page, marks=LONG.get(page, ())) for page in PAGES if page != "docs/aws.md"]
README_RUNS = ("make up", "make -s outputs")  # its other targets are this suite itself, or have no end


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("page", PAGES)
def test_every_target_file_and_link_is_there(page: str) -> None:
    text = (CHECKOUT / page).read_text()
    inline = re.findall(r"`[^`\n]+`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    code = " ".join([*inline, *(content for _, content in blocks(page))])
    assert set(TARGET.findall(code)) <= targets()
    for name in FILE.findall(text):
        assert (CHECKOUT / name).exists(), name
    for link in LINK.findall(text):
        assert (CHECKOUT / page).parent.joinpath(link).exists(), link


@pytest.mark.timeout(900)
@pytest.mark.parametrize("page", TYPED)
def test_the_commands_work_as_they_are_written(page: str, cloud: Cloud, tmp_path: Path) -> None:
    lines = [line for need, text in blocks(page) if not need for line in text.splitlines()]
    if page == "README.md":
        lines = [line for line in lines if not line.startswith("make ") or line.startswith(README_RUNS)]
        lines = [line for line in lines if "USE_CASE=" not in line]  # one cloud, one use case
    script = "\n".join(lines)
    assert script.strip()
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=CHECKOUT,
        env={**cloud.variables(), "STATE": str(cloud.state), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    until(lambda: not running(cloud))
    assert cloud.champion()


def running(cloud: Cloud) -> list[str]:
    """The pipeline runs that are not done, an upload's among them."""
    answer = cloud.client("stepfunctions").list_executions(
        stateMachineArn=cloud.outputs()["pipeline_arn"], statusFilter="RUNNING"
    )
    return [run["executionArn"] for run in answer["executions"]]
