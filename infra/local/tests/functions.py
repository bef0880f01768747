"""Functions deployed for one test, through boto3 alone."""

import base64
import io
import json
import textwrap
import uuid
import zipfile
from dataclasses import asdict, dataclass, field
from typing import Any

from running import RUNTIME, eventually

from embedded_cloud.architecture import lambda_architecture


@dataclass(frozen=True)
class Reply:
    """What Invoke answered."""

    status: int
    error: str | None
    payload: Any
    log: str
    version: str | None
    request_id: str

    @property
    def report(self) -> dict[str, str]:
        """The fields of the REPORT line."""
        line = next(line for line in self.log.splitlines() if line.startswith("REPORT"))
        return dict(part.split(": ", 1) for part in line[len("REPORT ") :].split("\t") if part)


@dataclass(frozen=True)
class Function:
    """A deployed function."""

    client: Any
    name: str
    answers: list[Any] = field(default_factory=list)

    def invoke(self, event: Any = None, **options: Any) -> Reply:
        """Invoke it with `event` as JSON, or with the bytes in `Payload`."""
        options = {"Payload": json.dumps(event, ensure_ascii=False), "LogType": "Tail"} | options
        answer = self.client.invoke(FunctionName=self.name, **options)
        body = answer["Payload"].read()
        reply = Reply(
            answer["StatusCode"],
            answer.get("FunctionError"),
            json.loads(body) if body else None,
            base64.b64decode(answer.get("LogResult", "")).decode(errors="replace"),
            answer.get("ExecutedVersion"),
            answer["ResponseMetadata"]["RequestId"],
        )
        self.answers.append([asdict(reply)[part] for part in ("status", "error", "payload", "log", "version")])
        return reply

    def send(self, event: Any) -> int:
        """Invoke it asynchronously; the status code."""
        return self.invoke(event, InvocationType="Event", LogType="None").status

    def settled(self) -> "Function":
        """Itself, once the last creation or update has taken effect."""

        def done() -> bool:
            state = self.client.get_function_configuration(FunctionName=self.name)
            assert state["State"] != "Failed", state
            assert state.get("LastUpdateStatus") != "Failed", state
            return state["State"] == "Active" and state.get("LastUpdateStatus") == "Successful"

        eventually(done, 60)
        return self

    def update(self, source: str) -> None:
        self.client.update_function_code(FunctionName=self.name, ZipFile=archive(source))
        self.settled()

    def configure(self, **settings: Any) -> None:
        self.client.update_function_configuration(FunctionName=self.name, **settings)
        self.settled()


def archive(source: str, files: dict[str, bytes] | None = None) -> bytes:
    """A deployment package with `source` as app.py; scripts (``*.sh``) and a bootstrap can be executed."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as package:
        package.writestr("app.py", textwrap.dedent(source))
        for name, data in (files or {}).items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (0o755 if name.endswith((".sh", "bootstrap")) else 0o644) << 16
            package.writestr(entry, data)
    return content.getvalue()


def deploy(client: Any, role: str, source: str, files: dict[str, bytes] | None = None, **settings: Any) -> Function:
    """Begin to create a function from `source`, in which ``handler`` is the handler."""
    variables = settings.pop("variables", {})
    created = client.create_function(
        **{
            "FunctionName": f"conformance-{uuid.uuid4().hex[:12]}",
            "Runtime": RUNTIME,
            "Architectures": [lambda_architecture()],
            "Handler": "app.handler",
            "Role": role,
            "Code": {"ZipFile": archive(source, files)},
            "Environment": {"Variables": variables},
            **settings,
        }
    )
    return Function(client, created["FunctionName"])
