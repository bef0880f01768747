"""CloudFormation asks every quarter of a second whether a resource is done, instead of every five.

LocalStack's default makes a stack of five functions take half a minute for a few seconds of work.
"""

from functools import partialmethod

from localstack.runtime import hooks
from localstack.services.cloudformation.resource_provider import ResourceProviderExecutor


@hooks.on_infra_start()
def poll_resources_often() -> None:
    loop = ResourceProviderExecutor.deploy_loop
    ResourceProviderExecutor.deploy_loop = partialmethod(loop, sleep_time=0.25)
