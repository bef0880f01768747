"""An operator that invokes one of the product's Lambda handlers as a task."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from airflow.providers.amazon.aws.operators.lambda_function import LambdaInvokeFunctionOperator
from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowException, AirflowFailException

# Errors of the handlers that the same event would meet again. Any other may be transient and is retried.
PERMANENT = frozenset(
    {
        "UseCaseError",
        "InvalidInputError",
        "DatasetRefusedError",
        "DatasetNotFoundError",
        "NotEnoughDataError",
        "ModelNotFoundError",
        "NoChampionError",
        "ModelCorruptedError",
    }
)


class HandlerError(AirflowException):
    """A handler failed; the message is the handler's error type and text."""


class HandlerRefusalError(HandlerError, AirflowFailException):
    """A handler failed with a permanent error: the task fails without a retry."""


class HandlerOperator(LambdaInvokeFunctionOperator):
    """LambdaInvokeFunctionOperator whose payload and answer are JSON values.

    Each field of the answer is an XCom of its own, so `fit.output["model_version"]` is the next task's input, and the
    end of the function's log is in the task's. Raises HandlerError where the function failed, HandlerRefusalError where
    trying again is pointless.
    """

    def __init__(self, *, payload: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(payload=payload, multiple_outputs=True, log_type="Tail", **kwargs)

    def execute(self, context: Context) -> dict[str, Any]:
        self.payload = json.dumps(self.payload, default=list)  # answers of mapped tasks come as a lazy sequence
        try:
            answer: dict[str, Any] = json.loads(super().execute(context))
        except ValueError as failure:
            raise _handler_error(failure.args) from None
        return answer


def _handler_error(arguments: Sequence[Any]) -> Exception:
    """The handler's error out of the operator's ValueError(text, {"Payload": …})."""
    match arguments:
        case (_, {"Payload": str(payload)}):
            error = json.loads(payload)
            kind = error.get("errorType", "Error")
            raised = HandlerRefusalError if kind in PERMANENT else HandlerError
            return raised(f"{kind}: {error.get('errorMessage', payload)}")
        case _:
            return HandlerError(" ".join(map(str, arguments)))
