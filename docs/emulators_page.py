"""What the end-to-end tests need of an AWS emulator, asked of some that run: a Markdown table on standard output.

    python emulators_page.py LocalStack=http://127.0.0.1:4566 MiniStack=http://127.0.0.1:4567

Every probe makes what it needs by boto3 alone and looks at the effect, not at the status.
"""

import base64
import io
import json
import sys
import time
import urllib.error
import urllib.request
import uuid
import zipfile
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::000000000000:role/probe"
PATIENCE_SECONDS = 20
Probe = Callable[["Emulator"], None]


class Emulator:
    """One emulator by its URL, and what probes have in common."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._config = Config(retries={"total_max_attempts": 1}, read_timeout=60, s3={"addressing_style": "path"})

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            region_name="us-east-1",
            endpoint_url=self.url,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106
            config=self._config,
        )

    def function(self, body: str, **settings: Any) -> tuple[str, str]:
        """Name and ARN of a function that runs this body, with `event`, on Python."""
        name, content = unique(), io.BytesIO()
        with zipfile.ZipFile(content, "w") as package:
            package.writestr("app.py", f"import json, os, time\ndef handler(event, context):\n    {body}\n")
        created = self.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.11",
            Handler="app.handler",
            Role=ROLE,
            Code={"ZipFile": content.getvalue()},
            **{"Timeout": 10, **settings},
        )
        self.client("lambda").get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
        return name, created["FunctionArn"]

    def invoke(self, name: str, event: Any = None) -> Any:
        answer = self.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event), LogType="Tail")
        return answer, json.loads(answer["Payload"].read())

    def bucket(self) -> str:
        name = unique()
        self.client("s3").create_bucket(Bucket=name)
        return name

    def queue(self, **attributes: str) -> tuple[str, str]:
        """URL and ARN."""
        sqs = self.client("sqs")
        url = sqs.create_queue(QueueName=unique(), Attributes=attributes)["QueueUrl"]
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, found["Attributes"]["QueueArn"]

    def received(self, url: str) -> str:
        """The body of a message that arrives."""
        sqs = self.client("sqs")
        return eventually(lambda: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages"))[0]["Body"]

    def run(self, definition: dict[str, Any], event: Any) -> dict[str, Any]:
        """How an execution of this state machine ends."""
        machines = self.client("stepfunctions")
        made = machines.create_state_machine(name=unique(), definition=json.dumps(definition), roleArn=ROLE)
        arn = machines.start_execution(stateMachineArn=made["stateMachineArn"], input=json.dumps(event))["executionArn"]
        look = lambda: machines.describe_execution(executionArn=arn)  # noqa: E731
        eventually(lambda: look()["status"] != "RUNNING")
        return look()


def unique() -> str:
    return f"probe-{uuid.uuid4().hex[:12]}"


def eventually(look: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.2)
    return found


def expect(found: Any, wanted: Any) -> None:
    assert found == wanted, f"{found!r} instead of {wanted!r}"


def task(arn: str, **more: Any) -> dict[str, Any]:
    parameters = {"FunctionName": arn, "Payload.$": "$"}
    selected = {"ResultSelector": {"got.$": "$.Payload"}, "OutputPath": "$.got"}
    return {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": parameters, **selected, **more}


# ---- the probes ------------------------------------------------------------------------------------------------------


def functions_answer(on: Emulator) -> None:
    """A function without a container answers, with a REPORT line in the log's tail"""
    name, _ = on.function("return event + 1")
    answer, found = on.invoke(name, 1)
    expect(found, 2)
    assert "REPORT" in base64.b64decode(answer["LogResult"]).decode(), "no REPORT"


def timeouts_are_errors(on: Emulator) -> None:
    """A function's timeout ends it and is an error"""
    name, _ = on.function("time.sleep(5)", Timeout=1)
    began = time.monotonic()
    answer, found = on.invoke(name)
    assert answer.get("FunctionError"), found
    assert "timed out" in json.dumps(found), found
    assert time.monotonic() - began < 4, "it was waited for"


def memory_is_limited(on: Emulator) -> None:
    """A function that holds more than its memory is ended"""
    name, _ = on.function("held = bytearray(b'x') * (400 << 20); return len(held)", MemorySize=128)
    assert on.invoke(name)[0].get("FunctionError"), "it answered"


def logs_are_found(on: Emulator) -> None:
    """What a function prints is found by FilterLogEvents"""
    name, _ = on.function("print('a word of its own')")
    on.invoke(name)
    logs, group = on.client("logs"), f"/aws/lambda/{name}"

    def found() -> bool:
        try:
            return bool(logs.filter_log_events(logGroupName=group, filterPattern='"word of its own"')["events"])
        except logs.exceptions.ResourceNotFoundException:
            return False

    eventually(found)


def aliases_shift_traffic(on: Emulator) -> None:
    """Versions are frozen, and an alias's weights divide calls"""
    name, _ = on.function("return context.function_version")
    client = on.client("lambda")
    one = client.publish_version(FunctionName=name)["Version"]
    client.update_function_configuration(FunctionName=name, Timeout=9)
    client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    two = client.publish_version(FunctionName=name)["Version"]
    weights = {"AdditionalVersionWeights": {two: 0.5}}
    client.create_alias(FunctionName=name, Name="live", FunctionVersion=one, RoutingConfig=weights)
    call = lambda: json.loads(client.invoke(FunctionName=name, Qualifier="live")["Payload"].read())  # noqa: E731
    expect({call() for _ in range(30)}, {one, two})


def failed_events_are_kept(on: Emulator) -> None:
    """An asynchronous event that fails ends in the dead-letter queue as it was sent"""
    url, arn = on.queue()
    name, _ = on.function("raise ValueError(event)", DeadLetterConfig={"TargetArn": arn})
    on.client("lambda").put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    on.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=b'"lost"')
    expect(on.received(url), '"lost"')


def queues_are_redriven(on: Emulator) -> None:
    """Messages are moved from a dead-letter queue back to their source"""
    dead_url, dead = on.queue()
    policy = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 1})
    url, _ = on.queue(RedrivePolicy=policy, VisibilityTimeout="0")
    sqs = on.client("sqs")
    sqs.send_message(QueueUrl=url, MessageBody="again")
    eventually(lambda: sqs.receive_message(QueueUrl=url).get("Messages"))
    count = {"QueueUrl": dead_url, "AttributeNames": ["ApproximateNumberOfMessages"]}
    eventually(
        lambda: (
            sqs.receive_message(QueueUrl=url),
            sqs.get_queue_attributes(**count)["Attributes"]["ApproximateNumberOfMessages"] == "1",
        )[1]
    )
    sqs.start_message_move_task(SourceArn=dead)
    expect(on.received(url), "again")


def the_api_passes_requests(on: Emulator) -> None:
    """A REST API passes path, query, headers and bodies to a function as AWS_PROXY does"""
    _, arn = on.function(
        "headers = {name.lower(): value for name, value in event['headers'].items()}; "
        "return {'statusCode': 201, 'headers': {'X-Of': 'probe'}, 'body': json.dumps([event['path'], "
        "event['queryStringParameters'], headers.get('x-key'), event['body']])}"
    )
    api, root = rest_api(on, arn)
    url = f"{on.url}/_aws/execute-api/{api}/live{root}?a=1"
    status, headers, body = ask(url, b'{"b": 2}', {"X-Key": "k", "Content-Type": "application/json"})
    expect((status, headers.get("X-Of"), json.loads(body)[1:]), (201, "probe", [{"a": "1"}, "k", '{"b": 2}']))


def the_api_wants_keys(on: Emulator) -> None:
    """A REST API's usage plan refuses a call without its key by 403"""
    _, arn = on.function("return {'statusCode': 200, 'body': 'in'}")
    api, root = rest_api(on, arn, apiKeyRequired=True)
    gateway = on.client("apigateway")
    key = gateway.create_api_key(name=unique(), enabled=True, value=uuid.uuid4().hex)
    plan = gateway.create_usage_plan(name=unique(), apiStages=[{"apiId": api, "stage": "live"}])["id"]
    gateway.create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
    url = f"{on.url}/_aws/execute-api/{api}/live{root}"
    expect(ask(url, b"{}", {})[0], 403)
    eventually(lambda: ask(url, b"{}", {"X-Api-Key": key["value"]})[0] == 200)


def maps_fan_out(on: Emulator) -> None:
    """A Distributed Map over Lambda keeps the order of its items"""
    _, arn = on.function("return event * 10")
    iterator = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "One",
        "States": {"One": task(arn, End=True)},
    }
    state = {"Type": "Map", "ItemProcessor": iterator, "MaxConcurrency": 2, "End": True}
    ended = on.run({"StartAt": "All", "States": {"All": state}}, [1, 2, 3])
    expect((ended["status"], json.loads(ended.get("output", "null"))), ("SUCCEEDED", [10, 20, 30]))


def machines_retry_and_catch(on: Emulator) -> None:
    """A state is retried with a delay, and caught by the error's name, with a cause that holds the message"""
    _, arn = on.function("raise ValueError('its words')")
    failing = task(
        arn,
        Retry=[{"ErrorEquals": ["ValueError"], "MaxAttempts": 1, "IntervalSeconds": 1}],
        Catch=[{"ErrorEquals": ["ValueError"], "Next": "Caught"}],
        End=True,
    )
    machine = {"StartAt": "Try", "States": {"Try": failing, "Caught": {"Type": "Pass", "End": True}}}
    began = time.monotonic()
    ended = on.run(machine, {})
    assert "its words" in json.loads(ended["output"])["Cause"], ended["output"]
    assert time.monotonic() - began > 1, "it was not retried"


def uploads_start_things(on: Emulator) -> None:
    """An upload's event goes by EventBridge, filtered by its key, to a queue"""
    bucket, (url, arn) = on.bucket(), on.queue()
    notify = {"EventBridgeConfiguration": {}}
    on.client("s3").put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=notify)
    events, rule = on.client("events"), unique()
    detail = {"bucket": {"name": [bucket]}, "object": {"key": [{"suffix": ".csv"}]}}
    events.put_rule(Name=rule, EventPattern=json.dumps({"source": ["aws.s3"], "detail": detail}))
    events.put_targets(Rule=rule, Targets=[{"Id": "1", "Arn": arn}])
    for key in ("other.txt", "list é.csv"):
        on.client("s3").put_object(Bucket=bucket, Key=key, Body=b"x")
    expect(json.loads(on.received(url))["detail"]["object"]["key"], "list é.csv")


def schedules_fire(on: Emulator) -> None:
    """A rule's schedule invokes a function"""
    bucket = on.bucket()
    name, arn = on.function(
        f"import boto3; boto3.client('s3', endpoint_url='{on.url}', aws_access_key_id='test', "
        f"aws_secret_access_key='test', region_name='us-east-1').put_object(Bucket='{bucket}', Key='fired')"
    )
    events = on.client("events")
    events.put_rule(Name=name, ScheduleExpression="rate(1 minute)")
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn}])
    deadline = time.monotonic() + 90
    while not on.client("s3").list_objects_v2(Bucket=bucket).get("Contents"):
        assert time.monotonic() < deadline, "not in 90 s"
        time.sleep(1)


def objects_are_conditional(on: Emulator) -> None:
    """S3 keeps versions, and refuses a second write with If-None-Match and a read of another ETag"""
    bucket, s3 = on.bucket(), on.client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    refused(lambda: s3.put_object(Bucket=bucket, Key="k", Body=b"2", IfNoneMatch="*"), 412)
    s3.put_object(Bucket=bucket, Key="k", Body=b"2")
    expect(s3.get_object(Bucket=bucket, Key="k", VersionId=first["VersionId"])["Body"].read(), b"1")
    refused(lambda: s3.get_object(Bucket=bucket, Key="k", IfMatch=first["ETag"]), 412)
    expect(s3.get_object(Bucket=bucket, Key="k", Range="bytes=0-0")["Body"].read(), b"2")


def alarms_notify(on: Emulator) -> None:
    """Metrics that a function prints (EMF) raise an alarm, which tells a topic and its queue"""
    url, arn = on.queue()
    sns, cloudwatch, space = on.client("sns"), on.client("cloudwatch"), unique()
    topic = sns.create_topic(Name=unique())["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    statistic = {"Statistic": "Maximum", "Period": 10, "EvaluationPeriods": 1, "Threshold": 1.0}
    compared = {"ComparisonOperator": "GreaterThanThreshold", "AlarmActions": [topic], **statistic}
    cloudwatch.put_metric_alarm(AlarmName=space, Namespace=space, MetricName="drift", **compared)
    directive = {"Namespace": space, "Dimensions": [[]], "Metrics": [{"Name": "drift", "Unit": "None"}]}
    name, _ = on.function(
        f"print(json.dumps({{'drift': 9, '_aws': {{'Timestamp': int(time.time() * 1000), "
        f"'CloudWatchMetrics': [{directive!r}]}}}}))"
    )
    on.invoke(name)
    assert "ALARM" in on.received(url)


def templates_are_deployed(on: Emulator) -> None:
    """CloudFormation deploys a SAM template, with its API, and deletes it"""
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {
            "Hello": {
                "Type": "AWS::Serverless::Function",
                "Properties": {
                    "Runtime": "python3.11",
                    "Handler": "index.handler",
                    "InlineCode": "def handler(event, context): return {'statusCode': 200, 'body': 'hello'}",
                    "Events": {"Get": {"Type": "Api", "Properties": {"Path": "/hello", "Method": "get"}}},
                },
            }
        },
        "Outputs": {"Api": {"Value": {"Ref": "ServerlessRestApi"}}},
    }
    stacks, name = on.client("cloudformation"), unique()
    stacks.create_stack(
        StackName=name, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
    )
    look = lambda: stacks.describe_stacks(StackName=name)["Stacks"][0]  # noqa: E731
    eventually(lambda: not look()["StackStatus"].endswith("IN_PROGRESS"))
    expect(look()["StackStatus"], "CREATE_COMPLETE")
    api = look()["Outputs"][0]["OutputValue"]
    expect(ask(f"{on.url}/_aws/execute-api/{api}/Prod/hello", None, {})[2], b"hello")
    stacks.delete_stack(StackName=name)


def unknown_types_fail(on: Emulator) -> None:
    """CloudFormation fails a stack with a resource that it does not make, and says so"""
    resources = {"Lost": {"Type": "AWS::Nowhere::Thing", "Properties": {}}}
    stacks, name = on.client("cloudformation"), unique()
    try:
        stacks.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": resources}))
    except stacks.exceptions.ClientError:
        return
    look = lambda: stacks.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]  # noqa: E731
    eventually(lambda: not look().endswith("CREATE_IN_PROGRESS"))
    assert look() != "CREATE_COMPLETE", "it is complete without it"


def secrets_and_parameters(on: Emulator) -> None:
    """Two secrets and parameters in one value of a template are resolved"""
    name = unique()
    on.client("ssm").put_parameter(Name=f"/{name}", Value="one", Type="String")
    on.client("ssm").put_parameter(Name=f"/{name}", Value="two", Type="String", Overwrite=True)
    on.client("secretsmanager").create_secret(Name=name, SecretString='{"password": "three"}')
    resolved = f"{{{{resolve:ssm:/{name}}}}}-{{{{resolve:secretsmanager:{name}:SecretString:password}}}}"
    made = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Name": f"/made/{name}", "Value": resolved}}
    stacks = on.client("cloudformation")
    stacks.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": {"Made": made}}))
    stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    expect(on.client("ssm").get_parameter(Name=f"/made/{name}")["Parameter"]["Value"], "two-three")


PROBES: list[Probe] = [
    functions_answer,
    timeouts_are_errors,
    memory_is_limited,
    logs_are_found,
    aliases_shift_traffic,
    failed_events_are_kept,
    queues_are_redriven,
    the_api_passes_requests,
    the_api_wants_keys,
    maps_fan_out,
    machines_retry_and_catch,
    uploads_start_things,
    schedules_fire,
    objects_are_conditional,
    alarms_notify,
    templates_are_deployed,
    unknown_types_fail,
    secrets_and_parameters,
]


def rest_api(on: Emulator, arn: str, **method: Any) -> tuple[str, str]:
    """Id and path of a deployed API whose POST is a function's."""
    gateway = on.client("apigateway")
    api = gateway.create_rest_api(name=unique())["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    resource = gateway.create_resource(restApiId=api, parentId=root, pathPart="there")["id"]
    place = {"restApiId": api, "resourceId": resource, "httpMethod": "POST"}
    gateway.put_method(**place, authorizationType="NONE", **method)
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
    gateway.put_integration(**place, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    gateway.create_deployment(restApiId=api, stageName="live")
    return api, "/there"


def ask(url: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, Any, bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=30) as response:
            return response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def refused(call: Callable[[], Any], status: int) -> None:
    try:
        call()
    except ClientError as error:
        expect(error.response["ResponseMetadata"]["HTTPStatusCode"], status)
    else:
        raise AssertionError("it was not refused")


def main(named: dict[str, str]) -> None:
    """Print the table, and below it what failed."""
    sys.stdout.write(f"| needed | {' | '.join(named)} |\n|---|{'---|' * len(named)}\n")
    problems = []
    for probe in PROBES:
        need, cells = " ".join((probe.__doc__ or "").split()), []
        for name, url in named.items():
            try:
                probe(Emulator(url))
                cells.append("yes")
            except Exception as error:
                cells.append("**no**")
                problems.append(f"- {name}: {need}: {type(error).__name__}: {str(error)[:300]}\n")
        sys.stdout.write(f"| {need} | {' | '.join(cells)} |\n")
        sys.stdout.flush()
    sys.stdout.writelines(["\n", *problems])


if __name__ == "__main__":
    main(dict(each.split("=", 1) for each in sys.argv[1:]))
