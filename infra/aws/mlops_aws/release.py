"""A deployment from beginning to end. It may be run again after any failure, and changes nothing where all is done.

data plane → build → application, its alias still on the version that serves → database schema → a new version is
published → it answers as the old one does → it gets a share of the requests, then all → site
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from embedded_cloud import artifacts
from embedded_cloud.cloud import python_runtime
from embedded_cloud.errors import CloudError
from embedded_cloud.progress import progress, say, step
from mlops_aws import gateway, stacks
from mlops_aws.account import Account
from mlops_aws.environments import Environment
from mlops_aws.proof import Proof
from mlops_aws.secret_references import reference
from mlops_aws.stacks import Stack
from mlops_aws.traffic import shift, watcher
from mlops_aws.versions import LATEST, Live
from mlops_cloud import pipeline, project
from mlops_cloud.database_roles import role_urls
from mlops_cloud.use_case import UseCase

LOG_DAYS = 14  # the template's default
UNRESERVED = 100  # executions that Lambda lets nobody reserve
ALARM = "AWS::CloudWatch::Alarm"
# Outputs of the data plane that are secrets, and the application's parameters that refer to them.
SECRETS = {"DatabaseUrlSecret": "DatabaseUrl", "RedisUrlSecret": "RedisUrl"}

ROLES_SECRET = "DatabaseRolesSecret"  # noqa: S105 - the name of an output


@dataclass(frozen=True, slots=True)
class Release:
    """One use case into one environment of an account. `home` holds the tools' environments."""

    account: Account
    environment: Environment
    use_case: UseCase
    checkout: Path
    home: Path
    accept_other_answers: bool = False

    @property
    def application(self) -> str:
        """The name of the application's stack; its data plane's has `-data` behind it."""
        return f"{self.use_case.stack_prefix}-{self.environment.name}"

    def deploy(self) -> Stack:
        """Make the checkout serve; what served before serves on if anything of it fails."""
        say(f"Account {self.account.number}, {self.account.region}")
        given = self._stores()
        with step("Build"):
            self._sam("build", "--parameter-overrides", f"UseCase={self.use_case.name}", f"Runtime={python_runtime()}")
        serving = self._serving_version()
        stack = self._application(given)
        with step("Database schema"):
            project.migrate(self.account, stack.resources["IngestionFunction"])
        live = Live(self.account, stack.resources["InferenceFunction"])
        with step("New version"):
            new = live.publish()
        if new == serving:
            say(f"Version {new} serves, and nothing of it has changed")
        else:
            self._take_over(live, stack, serving, new)
        try:
            gateway.check(self.account, stack)
        except CloudError:
            if serving:
                live.point_to(serving)
            raise
        pages = project.pages(self.checkout / "web", stack.outputs["ApiUrl"], self.use_case)
        written = project.upload(self.account.buckets, stack.outputs["WebBucket"], pages)
        say(f"Site: {written} files written" if written else "Site: unchanged")
        self._first_champion(live, stack, new)
        return stack

    def _stores(self) -> Mapping[str, str]:
        """The application's parameters that name its stores, buckets and network."""
        if self.environment.data is None:
            missing = [name for name in ("DATABASE_URL", "REDIS_URL") if not os.environ.get(name)]
            if missing:
                raise CloudError(
                    f"[{self.environment.name}] has no data plane, and {' and '.join(missing)} not set",
                    "Set them to your PostgreSQL and Redis, or add `data` to the environment",
                )
            owner = os.environ["DATABASE_URL"]
            return {"DatabaseUrl": owner, **role_urls(owner), "RedisUrl": os.environ["REDIS_URL"]}
        name = f"{self.application}-data"
        stacks.make_ready(self.account, name)
        given = {"AlarmEmail": os.environ.get("ALARM_EMAIL"), **self._boundary()}
        parameters = {**self.environment.data, "Application": self.application}
        self._sam_deploy(
            "infra/aws/data.yaml", name, parameters | {key: value for key, value in given.items() if value}
        )
        data = stacks.describe(self.account, name)
        assert data
        self._limit_logs(data)
        references = {SECRETS[out]: reference(self.account, data.outputs[out]) for out in SECRETS}
        references |= self._roles(data.outputs["DatabaseUrlSecret"], data.outputs[ROLES_SECRET])
        known = {name: value for name, value in data.outputs.items() if name not in {*SECRETS, ROLES_SECRET}}
        return {**known, **references}

    def _limit_logs(self, data: Stack) -> None:
        """Limit the database's logs as all others: RDS creates their groups itself and would keep them for ever."""
        logs, days = self.account.client("logs"), int(self.environment.application.get("LogRetentionDays", LOG_DAYS))
        for database in data.of_type(stacks.DATABASE):
            for group in logs.describe_log_groups(logGroupNamePrefix=f"/aws/rds/instance/{database}/")["logGroups"]:
                if group.get("retentionInDays") != days:
                    logs.put_retention_policy(logGroupName=group["logGroupName"], retentionInDays=days)

    def _roles(self, owner: str, secret: str) -> Mapping[str, str]:
        """References to the URLs of the database's roles, which are written into their secret if they have changed."""
        secrets = self.account.client("secretsmanager")
        urls = json.dumps(role_urls(secrets.get_secret_value(SecretId=owner)["SecretString"]))
        try:
            known = secrets.get_secret_value(SecretId=secret)["SecretString"]
        except secrets.exceptions.ResourceNotFoundException:  # it has no value yet
            known = ""
        if known != urls:
            secrets.put_secret_value(SecretId=secret, SecretString=urls)
        return {parameter: reference(self.account, secret, parameter) for parameter in json.loads(urls)}

    def _serving_version(self) -> str | None:
        """The published version that serves now; None before the first deployment.

        What an earlier run left is put in order first: the deployment of a stack that was never created, a share of the
        requests that went to a version which was not proved to the end, an alias that follows whatever is deployed.
        """
        stacks.make_ready(self.account, self.application)
        stack = stacks.describe(self.account, self.application)
        if not stack or "InferenceFunction" not in stack.resources:
            return None
        live = Live(self.account, stack.resources["InferenceFunction"])
        version = live.version()
        if version is None:
            return None
        if version == LATEST:
            version = live.publish()
        live.point_to(version)
        return version

    def _application(self, parameters: Mapping[str, str]) -> Stack:
        own = {"UseCase": self.use_case.name, "Runtime": python_runtime(), **self.environment.application}
        own |= {**self._boundary(), **self._concurrency(own)}
        self._sam_deploy(None, self.application, {**parameters, **own})
        stack = stacks.describe(self.account, self.application)
        assert stack
        return stack

    def _boundary(self) -> Mapping[str, str]:
        """The policy that bounds the stacks' roles, where the deploying role may only make bounded ones."""
        arn = os.environ.get("PERMISSIONS_BOUNDARY")
        return {"PermissionsBoundary": arn} if arn else {}

    def _concurrency(self, given: Mapping[str, str]) -> Mapping[str, str]:
        """No reserved concurrency where the account has none to reserve: Lambda keeps 100 for all other functions."""
        wanted = int(given.get("InferenceConcurrency", 0))
        if not wanted:
            return {}
        total = self.account.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
        if total >= wanted + UNRESERVED:
            return {}
        say(
            f"This account runs {total} functions at once: InferenceConcurrency {wanted} cannot be reserved, and is not"
        )
        return {"InferenceConcurrency": "0"}

    def _take_over(self, live: Live, stack: Stack, serving: str | None, new: str) -> None:
        proof = Proof(live, new, serving, self.accept_other_answers)
        with step(f"Version {new} is tried"):
            proof.answers()
        served = serving and Proof(live, serving, None).model()
        at_once = False
        if served and not proof.model():
            at_once = True  # the serving version cannot read the new champion: its next cold start would answer 503
            say(f"The new code cannot serve model {served}: it trains one that it can")
            pipeline.run_on_latest(self.account, stack.outputs["DataBucket"], stack.outputs["PipelineArn"])
        if proof.model():
            proof.predicts()
        if serving is None or at_once:
            live.point_to(new)
            say(f"Version {new} serves")
        else:
            watch = watcher(self.account, live, new, stack.of_type(ALARM), proof.predicts if served else proof.answers)
            shift(live, serving, new, self.environment.traffic, watch)
        live.forget_old()

    def _first_champion(self, live: Live, stack: Stack, version: str) -> None:
        """Upload the use case's table where nothing was uploaded yet, and follow the run that this starts."""
        raw = self.account.buckets.list_objects_v2(Bucket=stack.outputs["DataBucket"], Prefix="raw/", MaxKeys=1)
        if raw.get("KeyCount"):
            return
        table = self.checkout / self.use_case.table
        pipeline.upload_and_follow(self.account, table, stack.outputs["DataBucket"], stack.outputs["PipelineArn"])
        Proof(live, version, None).predicts()

    def _sam_deploy(self, template: str | None, name: str, parameters: Mapping[str, str]) -> None:
        """One stack by SAM, which uploads the artifacts and waits; CloudError if it fails."""
        of = ["--template-file", template] if template else []
        options = ["--stack-name", name, "--config-env", "aws", "--region", self.account.region]
        with step(f"Stack {name}"), tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            json.dump(dict(parameters), file)  # in a file: some are secrets, and every user can read command lines
            file.flush()
            self._sam("deploy", *of, *options, "--parameter-overrides", f"file://{file.name}")

    def _sam(self, *arguments: str) -> None:
        """A build shows what it says only when it fails; a deployment, which takes minutes, shows it on stderr."""
        tools = [self.home / "envs" / name / "bin" for name in ("sam", "uv")]
        settings = {
            "PATH": os.pathsep.join([*map(str, tools), os.environ.get("PATH", os.defpath)]),
            "PYTHON": sys.executable,  # the version that the wheels are for is the runtime's
            "ARTIFACT_CACHE": str(self.home),  # dependencies are installed once per content
            "RDS_AUTHORITIES": str(self.checkout / "infra/aws/rds-global-bundle.pem"),
            "USE_CASE": self.use_case.name,
        }
        command, variables = [str(tools[0] / "sam"), *arguments], {**self.account.environment(), **settings}
        if arguments[0] == "build":
            artifacts.run(command, self.checkout, variables, self.home / "aws-build.log")
            return
        done = subprocess.run(command, cwd=self.checkout, env=variables, stdout=progress.file)
        if done.returncode:
            raise CloudError(f"sam {arguments[0]} failed", "Mend what it names above, then run the same command again")
