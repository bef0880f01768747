"""Events from S3 to EventBridge name an object's key as it is, as on AWS.

LocalStack 4.9.2 encodes it as in the notifications to queues, topics and functions, which AWS encodes as well.
"""

from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from localstack.runtime import hooks
from localstack.services.s3.notifications import EventBridgeNotifier, S3EventNotificationContext


@hooks.on_infra_start()
def name_keys_as_they_are() -> None:
    """Decode what `S3EventNotificationContext` encodes; the pinned version is what makes that safe."""
    original = EventBridgeNotifier._get_event_payload

    def payload(context: S3EventNotificationContext, *rest: Any) -> Any:
        return original(replace(context, key_name=unquote(context.key_name)), *rest)

    EventBridgeNotifier._get_event_payload = staticmethod(payload)
