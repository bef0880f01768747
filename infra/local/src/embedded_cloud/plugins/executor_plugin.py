"""Names the process executor to LocalStack: ``LAMBDA_RUNTIME_EXECUTOR=process``."""

from typing import TYPE_CHECKING

from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin

if TYPE_CHECKING:
    from embedded_cloud.plugins.executor import ProcessExecutor


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    """Names the process executor to LocalStack, which loads it with the first function."""

    name = "process"

    def load(self, *_: object, **__: object) -> "type[ProcessExecutor]":
        from embedded_cloud.plugins.executor import (
            ProcessExecutor,
            allow_many_environments,
        )

        allow_many_environments()

        return ProcessExecutor
