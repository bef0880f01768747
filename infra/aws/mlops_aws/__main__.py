"""What stands behind `make deploy` and `make undeploy`: `python -m mlops_aws deploy dev`, `… remove dev`."""

import argparse
import json
import os
from pathlib import Path

from embedded_cloud.cli import carried_out
from embedded_cloud.progress import console, say
from mlops_aws import environments
from mlops_aws.account import callers_account
from mlops_aws.release import Release
from mlops_aws.removal import remove
from mlops_cloud.use_case import DEFAULT, UseCase


def main() -> None:
    """Run one command; failures that have a remedy are shown without a traceback."""
    given = _arguments()
    retry = f"make {'deploy' if given.command == 'deploy' else 'undeploy'} ENV={given.environment}"
    carried_out(lambda: _run(given), retry, retry)


def _run(given: argparse.Namespace) -> None:
    checkout, use_case = Path.cwd(), UseCase(os.environ.get("USE_CASE") or DEFAULT).validated()
    use_case.check(checkout)
    environment = environments.environment(given.environment, given.environments)
    account = callers_account()
    accept = given.command == "deploy" and given.accept == "other-answers"
    release = Release(account, environment, use_case, checkout, given.home.absolute(), accept)
    if given.command == "deploy":
        stack = release.deploy()
        console.print_json(json.dumps({"stack_name": stack.name, "region": account.region, **stack.outputs}))
    else:
        say(f"Account {account.number}, {account.region}")
        remove(account, release.application, with_data=given.data == "delete")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="mlops_aws", description=__doc__)
    parser.add_argument("--home", type=Path, default=Path(".local"), help="the folder of the tools' environments")
    parser.add_argument("--environments", type=Path, default=environments.FILE, help="the file of environments")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, words in {"deploy": "make this checkout serve", "remove": "delete what `deploy` made"}.items():
        command = commands.add_parser(name, help=words)
        command.add_argument("environment", help="dev, prod, or another one of the file")
        if name == "deploy":
            command.add_argument(
                "--accept", choices=["", "other-answers"], help="the sample may be predicted otherwise"
            )
        else:
            command.add_argument(
                "--data", choices=["keep", "delete"], default="keep", help="what becomes of the buckets"
            )
    return parser.parse_args()


if __name__ == "__main__":
    main()
