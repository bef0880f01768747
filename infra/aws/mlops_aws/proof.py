"""What a new version has to show before it gets a request of anybody else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from embedded_cloud.errors import CloudError
from mlops_aws.versions import Live

# What must not differ between two versions that serve the same model.
COMPARED = ("probability", "features", "contributions")


@dataclass(frozen=True, slots=True)
class Proof:
    """A version against the one that serves, if one does. `accept_other_answers`: they may predict differently."""

    live: Live
    version: str
    serving: str | None
    accept_other_answers: bool = False

    def answers(self) -> None:
        """Raise CloudError unless the version is healthy."""
        status, health = self.live.ask(self.version, "GET", "/health")
        if status != 200:
            raise self._refused(f"GET /health answers {status}: {health}")

    def model(self) -> str | None:
        """The model that the version can serve; None where there is none, or none that this code can read."""
        status, card = self.live.ask(self.version, "GET", "/model")
        return card["model_version"] if status == 200 else None

    def predicts(self) -> None:
        """Raise CloudError unless the version predicts the first example, and as the serving version does."""
        row = self.example()
        if row is None:
            return
        status, new = self.live.ask(self.version, "POST", "/predict", row)
        if status != 200:
            raise self._refused(f"POST /predict answers {status}: {new}")
        if self.serving is None or self.accept_other_answers:
            return
        status, old = self.live.ask(self.serving, "POST", "/predict", row)
        if status == 200 and old["model_version"] == new["model_version"]:
            for name in COMPARED:
                if old.get(name) != new.get(name):
                    raise self._refused(f"{name} was {old.get(name)} and is {new.get(name)}, by the same model", ACCEPT)

    def example(self) -> Mapping[str, Any] | None:
        """The first example row of the version's schema."""
        status, schema = self.live.ask(self.version, "GET", "/schema")
        if status != 200:
            raise self._refused(f"GET /schema answers {status}: {schema}")
        return schema["examples"][0]["row"] if schema["examples"] else None

    def _refused(self, reason: str, remedy: str = "Mend the inference function, then deploy again") -> CloudError:
        still = f"Version {self.serving} serves on" if self.serving else "No version serves"
        return CloudError(f"Version {self.version} does not answer as it should: {reason}\n    {still}", remedy)


ACCEPT = "Mend it; if the other answer is meant, deploy again with ACCEPT=other-answers"
