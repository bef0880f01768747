"""Inference's door: HTTP by way of API Gateway, or a plain event with one passenger or `{"passengers": […]}`.

Both lead to the same predictions; a plain event that is no passenger is InvalidInputError.
"""

from typing import Any

import api
import correlation
from bodies import BatchBody, PassengerBody
from mangum import Mangum
from predictions import answer_batch, answer_one
from problems import MEDIA_TYPE, bad_fields, in_words
from pydantic import ValidationError

from mlops.errors import InvalidInputError

http = Mangum(
    api.create(),
    lifespan="off",
    text_mime_types=["text/", "application/json", "application/vnd.oai.openapi", MEDIA_TYPE],
)


@correlation.logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    if "httpMethod" in event:
        return http(event, context)
    correlation.begin(context.aws_request_id)
    try:
        if "passengers" in event:
            return answer_batch(BatchBody.model_validate(event), explain=False)
        return answer_one(PassengerBody.model_validate(event))
    except ValidationError as error:
        raise InvalidInputError(in_words(bad_fields(error.errors()))) from error
