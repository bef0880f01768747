"""`sam local` as a door: in containers of AWS's runtime image, or as processes of the embedded cloud."""

import json
import os
import shlex
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from embedded_cloud import forwarder
from parity.doors import CHECKOUT, CLOUD_COMMAND, Event, Outputs, run

CONTAINERS, PROCESSES = "sam local, containers", "sam local, processes"


@dataclass(frozen=True)
class Sam:
    """SAM's commands against one cloud: what prints the shell's variables for it, and where it puts the functions'."""

    prepare: Sequence[str]
    variables: Path

    @cached_property
    def _shell(self) -> tuple[dict[str, str], Path]:
        """The shell's environment, and a copy of the functions' variables, which another preparation replaces."""
        script = f'prepared="$({shlex.join(self.prepare)})"; eval "$prepared"; exec env -0'
        printed = run(["bash", "-euc", script], {}, cwd=CHECKOUT)
        own = self.variables.with_name(f"{os.getpid()}-{id(self)}.json")
        shutil.copy(self.variables, own)
        return dict(line.partition("=")[::2] for line in printed.split("\0") if line), own

    def build(self) -> None:
        """The artifacts that `local` runs."""
        self._sam("build", event={})

    def local(self, function: str) -> Callable[[Outputs, Event], Any]:
        """A function by `sam local invoke`, with the stores of the cloud."""
        options = ["--event", "-", "--env-vars", str(self._shell[1]), "--skip-pull-image"]

        def go(_: Outputs, event: Event) -> Any:
            answer = json.loads(self._sam("local", "invoke", function, *options, event=event))
            if isinstance(answer, dict) and "errorType" in answer:
                raise RuntimeError(f"{function} in sam local: {answer}")
            return answer

        return go

    def close(self) -> None:
        """Forget the functions' variables, which hold passwords."""
        self._shell[1].unlink(missing_ok=True)

    def _sam(self, *arguments: str, event: Event) -> str:
        environment = self._shell[0]
        sam = shutil.which("sam", path=environment["PATH"]) or "sam"
        return run([sam, *arguments], event, cwd=CHECKOUT, env=environment)


def engine_runs() -> bool:
    """Whether Docker's own engine answers."""
    return forwarder.bridge() is not None


def of(cloud: str) -> Mapping[str, Sam | str]:
    """Both doors of this checkout's own cloud, `embedded` or `compose`; a reason for one that is not there."""
    variables = CHECKOUT / ".local" / "sam" / "environment.json"
    prepare = [CLOUD_COMMAND, "sam-env", cloud]
    return {
        CONTAINERS: Sam(prepare, variables) if engine_runs() else "no Docker engine runs",
        PROCESSES: Sam([*prepare, "--no-docker"], variables) if cloud == "embedded" else "its stores are in containers",
    }
