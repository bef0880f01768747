"""The embedded cloud's command line, ended by SIGKILL right after the effect that KILL_AFTER names.

KILL_AFTER=EnableRule:2 is the second time that a rule is enabled.
Effects are boto3's operations and, as `write NAME`, the documents of the state folder. Those that happened are printed.
"""

import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from functools import wraps
from typing import Any

from botocore.client import BaseClient

from embedded_cloud import cli
from embedded_cloud.state import State

READ_ONLY = ("Describe", "Get", "Head", "List")
WANTED, _, TIME = os.environ.get("KILL_AFTER", "").partition(":")
happened = Counter[str]()


def killing(work: Callable[..., Any], name: str) -> Callable[..., Any]:
    @wraps(work)
    def then_killed(self: Any, what: str, *rest: Any) -> Any:
        result = work(self, what, *rest)
        effect = name + what
        if not effect.startswith(READ_ONLY):
            happened[effect] += 1
            print(f"effect {effect}:{happened[effect]}", file=sys.stderr, flush=True)
            if (effect, happened[effect]) == (WANTED, int(TIME or 1)):
                os.kill(os.getpid(), signal.SIGKILL)
        return result

    return then_killed


BaseClient._make_api_call = killing(BaseClient._make_api_call, "")
State.write = killing(State.write, "write ")  # type: ignore[method-assign]
cli.main()
