"""Inference's door: HTTP by way of API Gateway, or a plain event with one row or `{"rows": […]}`.

Both lead to the same predictions; a plain event that is no row is InvalidInputError.
"""

from typing import Any

import correlation
from answers import Answers
from api import create_app
from bodies import Bodies
from dependencies import Dependencies
from http_event import answer, is_http
from mangum import Mangum
from problems import MEDIA_TYPE, bad_fields, in_words
from pydantic import ValidationError

from mlops.errors import InvalidInputError
from mlops.wiring.events import mapping

dependencies = Dependencies()
bodies = Bodies(dependencies.case)
answers = Answers(dependencies)
http = Mangum(
    create_app(dependencies),
    lifespan="off",
    text_mime_types=["text/", "application/json", "application/vnd.oai.openapi", MEDIA_TYPE],
)


@correlation.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    event = mapping(event, "inference", 'Send one row, {"rows": […]}, or an HTTP request')
    if is_http(event):
        return answer(http, event, context)
    correlation.begin(context.aws_request_id)
    try:
        if any(isinstance(event.get(name), list) for name in ("rows", dependencies.case.batch_key)):
            batch: Any = bodies.batch.model_validate(event)
            return answers.batch(bodies.questions(batch.rows), explain=False)
        return answers.one(bodies.question(bodies.row.model_validate(event)))
    except ValidationError as error:
        raise InvalidInputError(in_words(bad_fields(error.errors()))) from error
