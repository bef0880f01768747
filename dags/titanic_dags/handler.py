"""One of the product's Lambda handlers as a task."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from airflow.providers.amazon.aws.operators.lambda_function import LambdaInvokeFunctionOperator
from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowException, AirflowFailException

# The handler's errors that the same event meets again: no retry mends them. Any other may go by itself.
PERMANENT = frozenset(
    {
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
    """A handler failed; the message is its own: type and text."""


class HandlerRefusalError(HandlerError, AirflowFailException):
    """A handler refused its event, and would again: the task fails at once."""


class HandlerOperator(LambdaInvokeFunctionOperator):
    """LambdaInvokeFunctionOperator that takes its payload and gives its answer as JSON values.

    Each field of the answer is an XCom of its own, so `fit.output["model_version"]` is the next task's input, and the
    end of the function's log is in the task's. Raises HandlerError where the function failed, HandlerRefusalError where
    trying again is pointless.
    """

    def __init__(self, *, payload: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(payload=payload, multiple_outputs=True, log_type="Tail", **kwargs)

    def execute(self, context: Context) -> dict[str, Any]:
        self.payload = json.dumps(self.payload, default=list)  # what mapped tasks answered comes as a lazy sequence
        try:
            answer: dict[str, Any] = json.loads(super().execute(context))
        except ValueError as failure:
            raise _in_its_own_words(failure.args) from None
        return answer


def _in_its_own_words(arguments: Sequence[Any]) -> Exception:
    """The handler's error out of the operator's ValueError(text, {"Payload": …})."""
    match arguments:
        case (_, {"Payload": str(payload)}):
            error = json.loads(payload)
            kind = error.get("errorType", "Error")
            raised = HandlerRefusalError if kind in PERMANENT else HandlerError
            return raised(f"{kind}: {error.get('errorMessage', payload)}")
        case _:
            return HandlerError(" ".join(map(str, arguments)))
