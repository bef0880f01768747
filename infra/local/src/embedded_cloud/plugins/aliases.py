"""Aliases with weights: LocalStack 4.9.2 calls its own check of them without the version when one is updated."""

from contextvars import ContextVar
from typing import Any

from localstack.runtime import hooks
from localstack.services.lambda_ import api_utils, provider

# The qualifier that an alias has, or is to have, while it is updated; and the function's ids.
_function: ContextVar[dict[str, str]] = ContextVar("function")


@hooks.on_infra_start()
def weigh_updated_aliases() -> None:
    """Check the weights against the version that the alias then has (`provider.py`, `update_alias`)."""
    update, check = provider.LambdaProvider.update_alias, provider.LambdaProvider._create_routing_config_model

    def update_alias(self: Any, context: Any, function_name: str, name: str, *given: Any, **more: Any) -> Any:
        version = more.get("function_version") or (given[0] if given else None)
        if not version:
            version = self.get_alias(context, function_name, name)["FunctionVersion"]
        account, region = api_utils.get_account_and_region(function_name, context)
        short = api_utils.get_function_name(function_name, context)
        _function.set({"function_name": short, "qualifier": version, "region": region, "account_id": account})
        return update(self, context, function_name, name, *given, **more)

    def checked(self: Any, weights: dict[str, float], function_version: Any = None) -> Any:
        return check(self, weights, function_version or provider.get_function_version(**_function.get()))

    provider.LambdaProvider.update_alias = update_alias
    provider.LambdaProvider._create_routing_config_model = checked
