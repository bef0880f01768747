"""DynamoDB by moto's tables, in LocalStack's memory: its own provider would download DynamoDB Local and start Java."""

from localstack.aws.api import CommonServiceException, RequestContext, ServiceRequest, handler
from localstack.aws.api.dynamodb import DynamodbApi
from localstack.services.moto import MotoFallbackDispatcher, call_moto
from localstack.services.plugins import Service, aws_provider


class Tables(DynamodbApi):
    """Every operation is moto's, but for what would never come."""

    @handler("CreateTable", expand=False)
    def create_table(self, context: RequestContext, request: ServiceRequest) -> object:
        return _without_stream(context, request)

    @handler("UpdateTable", expand=False)
    def update_table(self, context: RequestContext, request: ServiceRequest) -> object:
        return _without_stream(context, request)


@aws_provider(api="dynamodb", name="moto")
def dynamodb() -> Service:
    return Service.for_provider(Tables(), dispatch_table_factory=MotoFallbackDispatcher)


def _without_stream(context: RequestContext, request: ServiceRequest) -> object:
    if (request.get("StreamSpecification") or {}).get("StreamEnabled"):
        seen = f"{request['TableName']} asks for a stream, and tables have none here"
        remedy = "leave StreamSpecification out, or write to a queue beside the table"
        raise CommonServiceException("ValidationException", f"{seen}: {remedy}", sender_fault=True)
    return call_moto(context)
