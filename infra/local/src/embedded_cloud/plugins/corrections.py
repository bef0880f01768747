"""Where LocalStack 4.9.2 departs from Lambda outside its executor, and what is done about it.

Each function replaces or wraps one thing; the pinned version is what makes that safe.
"""

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

from localstack.aws.api.lambda_ import ResourceNotFoundException
from localstack.runtime import hooks
from localstack.services.lambda_.api_utils import lambda_arn, qualifier_is_alias
from localstack.services.lambda_.invocation import version_manager
from localstack.services.lambda_.invocation.assignment import (
    AssignmentException,
    AssignmentService,
)
from localstack.services.lambda_.invocation.execution_environment import (
    ExecutionEnvironment,
    InvalidStatusException,
)
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, Invocation, InvocationResult
from localstack.services.lambda_.invocation.lambda_service import LambdaService
from localstack.services.lambda_.invocation.logs import LogHandler
from localstack.services.lambda_.invocation.models import lambda_stores
from localstack.services.lambda_.invocation.version_manager import LambdaVersionManager
from localstack.utils.threads import FuncThread

from embedded_cloud.plugins.cloudwatch import cloudwatch


@hooks.on_infra_start()
def correct_lambda() -> None:
    """Apply all corrections, before any function exists."""
    hand_over_sooner()
    assign_environments_safely()
    delete_failed_functions()
    pass_client_context()
    leave_logs_to_the_executor()
    log_to_the_configured_group()
    count_invocations_in_batches()
    miss_versions_that_are_not_there()


def hand_over_sooner() -> None:
    """Let a waiting thread have the interpreter after 0.5 ms instead of 5.

    An invocation passes through several threads, and each hand-over counts.
    """
    sys.setswitchinterval(0.0005)


def assign_environments_safely() -> None:
    """Choose an environment without racing other invocations of the function.

    LocalStack walks a dictionary that others change, and publishes a new environment before it is
    reserved, so that under load an invocation fails with a 500 error.
    """
    provisioned = "provisioned-concurrency"

    @contextlib.contextmanager
    def get_environment(
        self: AssignmentService, version_manager_id: str, function_version: FunctionVersion, provisioning_type: str
    ) -> Iterator[ExecutionEnvironment]:
        environments = self.environments[version_manager_id]
        for environment in list(environments.values()):
            if environment.initialization_type == provisioning_type:
                with contextlib.suppress(InvalidStatusException):
                    environment.reserve()
                    break
        else:
            if provisioning_type == provisioned:
                raise AssignmentException("No provisioned environment available despite lease.")
            environment = self.start_environment(version_manager_id, function_version)
            environment.reserve()
            environments[environment.id] = environment
        try:
            yield environment
        except Exception:
            self.stop_environment(environment)
            raise
        with contextlib.suppress(InvalidStatusException):  # stopped during the invocation
            environment.release()

    AssignmentService.get_environment = get_environment


def delete_failed_functions() -> None:
    """Let a function be deleted that never became active; LocalStack answers with a 500 error."""
    original = LambdaService.stop_version

    def stop_version(self: LambdaService, qualified_arn: str) -> None:
        known = (self.lambda_running_versions, self.lambda_starting_versions)
        if any(qualified_arn in versions for versions in known):
            original(self, qualified_arn)

    LambdaService.stop_version = stop_version


def miss_versions_that_are_not_there() -> None:
    """Answer that the version is not found; LocalStack answers with a 500 error."""
    original = LambdaService.invoke

    def invoke(
        self: LambdaService, function_name: str, qualifier: str | None, region: str, account_id: str, **options: Any
    ) -> InvocationResult | None:
        function = lambda_stores[account_id][region].functions.get(function_name)
        numbered = qualifier and not qualifier_is_alias(qualifier)
        if function and numbered and qualifier not in function.versions:
            arn = lambda_arn(function_name, qualifier, account_id, region)
            raise ResourceNotFoundException(f"Function not found: {arn}", Type="User")
        result: InvocationResult | None = original(self, function_name, qualifier, region, account_id, **options)
        return result

    LambdaService.invoke = invoke


def pass_client_context() -> None:
    """Hand the client context to the executor; LocalStack drops it on the way."""
    original = ExecutionEnvironment.invoke

    def invoke(self: ExecutionEnvironment, invocation: Invocation) -> InvocationResult:
        self.runtime_executor.client_context = invocation.client_context
        result: InvocationResult = original(self, invocation)
        return result

    ExecutionEnvironment.invoke = invoke


def leave_logs_to_the_executor() -> None:
    """Keep LocalStack from sending the logs too: it knows them only after the invocation."""
    LogHandler.start_subscriber = lambda _: None
    LambdaVersionManager.store_logs = lambda *_, **__: None


def log_to_the_configured_group() -> None:
    """Log to `LoggingConfig.LogGroup`; LocalStack keeps that setting and logs to the default group."""
    default_group = ExecutionEnvironment.get_log_group_name
    default_stream = ExecutionEnvironment.get_log_stream_name

    def get_log_group_name(self: ExecutionEnvironment) -> str:
        settings = self.function_version.config.logging_config or {}
        return str(settings.get("LogGroup") or default_group(self))

    def get_log_stream_name(self: ExecutionEnvironment) -> str:
        """In a group that functions may share, the stream's name has the function's in it."""
        name = str(default_stream(self))
        if self.get_log_group_name() == default_group(self):
            return name
        return name.replace("[", f"{self.function_version.id.function_name}[", 1)

    ExecutionEnvironment.get_log_group_name = get_log_group_name
    ExecutionEnvironment.get_log_stream_name = get_log_stream_name


def count_invocations_in_batches() -> None:
    """Collect the metrics Invocations and Errors instead of one thread and one call for each.

    LocalStack also remembers every such thread for ever: 2.4 KB an invocation.
    """
    original = version_manager.start_thread

    def invoked(function_name: str, account_id: str, region_name: str) -> None:
        cloudwatch.count("Invocations", account_id, region_name, function_name)

    def failed(function_name: str, account_id: str, region_name: str) -> None:
        invoked(function_name, account_id, region_name)
        cloudwatch.count("Errors", account_id, region_name, function_name)

    def start_thread(method: Callable[..., object], **options: str) -> FuncThread | None:
        if options.get("name", "").startswith("record-cloudwatch-metric"):
            method()  # one of the two above
            return None
        return original(method, **options)

    version_manager.record_cw_metric_invocation = invoked
    version_manager.record_cw_metric_error = failed
    version_manager.start_thread = start_thread
