"""The calls of the Docker Engine API that `sam local` makes through docker-py, and few more.

https://docs.docker.com/reference/api/engine/
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

from embedded_cloud.engine.containers import Containers
from embedded_cloud.engine.errors import RefusedError, missing
from embedded_cloud.engine.images import Images

API_VERSION, OLDEST_API_VERSION = "1.44", "1.24"
NAME = "embedded cloud: processes, no containers"
NETWORKS = ("bridge", "host")  # there is one network, this machine's
NOTHING = HTTPStatus.NO_CONTENT


@dataclass(frozen=True, slots=True)
class Call:
    """One request: who asks (a process id), for which resource, how, with which JSON body."""

    client: int
    name: str
    query: Mapping[str, str]
    content: Any

    def wants(self, option: str) -> bool:
        return self.query.get(option, "").lower() in ("1", "true")


@dataclass(frozen=True, slots=True)
class Answer:
    """JSON, or plain text for a string; `stream` is sent as it comes, raw or as one JSON document a line."""

    content: Any = None
    status: HTTPStatus = HTTPStatus.OK
    stream: Iterator[bytes] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Api:
    """Answers calls; what it does not know is refused in words."""

    def __init__(self, images: Images, containers: Containers) -> None:
        self._images, self._containers = images, containers

    def answer(self, method: str, path: str, call: Call) -> Answer:
        """Ask whoever answers a path, which may begin with a version, by the name in it; raises RefusedError."""
        path = re.sub(r"^/v\d+\.\d+(?=/)", "", path)
        for wanted, pattern, ask in ROUTES:
            if method == wanted and (found := re.fullmatch(pattern, path)):
                return ask(self, replace(call, name=found[1] if found.lastindex else ""))
        raise RefusedError(HTTPStatus.NOT_IMPLEMENTED, f"{method} {path} needs a Docker engine; this is the {NAME}")

    def ping(self, _: Call) -> Answer:
        return Answer("OK", headers={"Api-Version": API_VERSION, "Docker-Experimental": "false"})

    def version(self, _: Call) -> Answer:
        return Answer(
            {
                "Version": "0.0.0",
                "ApiVersion": API_VERSION,
                "MinAPIVersion": OLDEST_API_VERSION,
                "Os": "linux",
                "Arch": self._images.architecture,
                "Platform": {"Name": NAME},
            }
        )

    def info(self, _: Call) -> Answer:
        containers = self._containers.all()
        running = sum(each.status == "running" for each in containers)
        return Answer(
            {
                "Name": NAME,
                "OperatingSystem": NAME,
                "OSType": "linux",
                "Architecture": self._images.architecture,
                "Containers": len(containers),
                "ContainersRunning": running,
            }
        )

    # -- images and networks: there is nothing to fetch, build or join -------------------------------------------------

    def list_images(self, _: Call) -> Answer:
        return Answer(self._images.all())

    def inspect_image(self, call: Call) -> Answer:
        return Answer(self._images.inspect(call.name))

    def inspect_distribution(self, call: Call) -> Answer:
        return Answer({"Descriptor": {"digest": self._images.digest(call.name)}, "Platforms": []})

    def remove_image(self, _: Call) -> Answer:
        return Answer([])

    def build(self, call: Call) -> Answer:
        return self._provide(call.query.get("t", ""))

    def pull(self, call: Call) -> Answer:
        tag = call.query.get("tag", "")
        return self._provide(call.query.get("fromImage", "") + (f":{tag}" if tag else ""))

    def _provide(self, image: str) -> Answer:
        """A build or a pull reports its failure in what it streams."""
        told: dict[str, Any] = {"stream": image}
        if image not in self._images:
            refusal = str(self._images.refusal(image))
            told = {"error": refusal, "errorDetail": {"message": refusal}}
        return Answer(stream=iter([json.dumps(told).encode() + b"\r\n"]))

    def list_networks(self, _: Call) -> Answer:
        return Answer([self._network(name) for name in NETWORKS])

    def inspect_network(self, call: Call) -> Answer:
        if call.name not in NETWORKS:
            raise missing("network", call.name)
        return Answer(self._network(call.name))

    def connect_network(self, call: Call) -> Answer:
        self.inspect_network(call)
        return Answer()

    @staticmethod
    def _network(name: str) -> dict[str, Any]:
        return {"Id": name, "Name": name, "Driver": "host", "Scope": "local", "Containers": {}}

    # -- containers ----------------------------------------------------------------------------------------------------

    def list_containers(self, call: Call) -> Answer:
        filters = json.loads(call.query.get("filters") or "{}")
        images, labels = filters.get("ancestor", []), filters.get("label", [])
        return Answer(
            [
                each.summary()
                for each in self._containers.all()
                if (call.wants("all") or each.status == "running")
                and (not images or each.wants.image in images)
                and all(_labelled(each.wants.labels, label) for label in labels)
            ]
        )

    def create(self, call: Call) -> Answer:
        container = self._containers.create(call.content or {}, call.client)
        return Answer({"Id": container.id, "Warnings": []}, HTTPStatus.CREATED)

    def inspect(self, call: Call) -> Answer:
        return Answer(self._containers.get(call.name).inspect())

    def start(self, call: Call) -> Answer:
        self._containers.get(call.name).start()
        return Answer(status=NOTHING)

    def stop(self, call: Call) -> Answer:
        self._containers.get(call.name).stop()
        return Answer(status=NOTHING)

    def wait(self, call: Call) -> Answer:
        return Answer({"StatusCode": self._containers.get(call.name).wait()})

    def remove(self, call: Call) -> Answer:
        self._containers.remove(self._containers.get(call.name), force=call.wants("force"))
        return Answer(status=NOTHING)

    def attach(self, call: Call) -> Answer:
        """The connection becomes a stream of frames; `logs` asks for what was written before."""
        output = self._containers.get(call.name).output
        stream = output.read(past=call.wants("logs"), follow=call.wants("stream"))
        return Answer(stream=stream, status=HTTPStatus.SWITCHING_PROTOCOLS)

    def logs(self, call: Call) -> Answer:
        output = self._containers.get(call.name).output
        return Answer(stream=output.read(past=call.query.get("tail") != "0", follow=call.wants("follow")))


def _labelled(labels: Mapping[str, str], wanted: str) -> bool:
    name, separator, value = wanted.partition("=")
    return name in labels and (not separator or labels[name] == value)


ROUTES: tuple[tuple[str, str, Callable[[Api, Call], Answer]], ...] = (
    ("GET", "/_ping", Api.ping),
    ("HEAD", "/_ping", Api.ping),
    ("GET", "/version", Api.version),
    ("GET", "/info", Api.info),
    ("GET", "/images/json", Api.list_images),
    ("GET", "/images/(.+)/json", Api.inspect_image),
    ("DELETE", "/images/(.+)", Api.remove_image),
    ("POST", "/images/create", Api.pull),
    ("POST", "/build", Api.build),
    ("GET", "/distribution/(.+)/json", Api.inspect_distribution),
    ("GET", "/networks", Api.list_networks),
    ("GET", "/networks/([^/]+)", Api.inspect_network),
    ("POST", "/networks/([^/]+)/(?:dis)?connect", Api.connect_network),
    ("GET", "/containers/json", Api.list_containers),
    ("POST", "/containers/create", Api.create),
    ("GET", "/containers/([^/]+)/json", Api.inspect),
    ("POST", "/containers/([^/]+)/start", Api.start),
    ("POST", "/containers/([^/]+)/(?:stop|kill)", Api.stop),
    ("POST", "/containers/([^/]+)/wait", Api.wait),
    ("POST", "/containers/([^/]+)/attach", Api.attach),
    ("GET", "/containers/([^/]+)/logs", Api.logs),
    ("DELETE", "/containers/([^/]+)", Api.remove),
)
