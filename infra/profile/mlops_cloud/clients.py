"""What a pipeline run asks of a cloud, whichever it is."""

from typing import Any, Protocol


class Clients(Protocol):
    """boto3 clients by service, and S3 as the product's buckets are reached."""

    def client(self, service: str) -> Any: ...

    @property
    def buckets(self) -> Any: ...
