"""Lambda without Docker: one child process per execution environment.

Chosen with ``LAMBDA_RUNTIME_EXECUTOR=process``.
"""

from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    """Names the process executor to LocalStack, which loads it with the first function."""

    name = "process"

    def load(self, *args, **kwargs):
        from embedded_cloud.plugins.executor.executor import (
            ProcessExecutor,
            allow_many_environments,
        )

        allow_many_environments()

        return ProcessExecutor
