"""The use case that a cloud runs: the names that are made from its name, and where its files are."""

import re
from dataclasses import dataclass
from pathlib import Path

from embedded_cloud.errors import CloudError

DEFAULT = "titanic"
NAME = re.compile("[a-z][a-z0-9_]{1,30}")
FOLDERS = (Path("functions"), Path("examples"))  # where the package of a use case may be


@dataclass(frozen=True, slots=True)
class UseCase:
    """A use case by its name; bucket and stack names have hyphens where the name has underscores."""

    name: str = DEFAULT

    @property
    def stack_prefix(self) -> str:
        return self.name.replace("_", "-")

    @property
    def data_bucket(self) -> str:
        return f"{self.stack_prefix}-data"

    @property
    def models_bucket(self) -> str:
        return f"{self.stack_prefix}-models"

    @property
    def web_bucket(self) -> str:
        return f"{self.stack_prefix}-web"

    @property
    def buckets(self) -> tuple[str, str, str]:
        return self.data_bucket, self.models_bucket, self.web_bucket

    @property
    def admin_key_secret(self) -> str:
        return f"{self.name}/admin-api-key"

    @property
    def airflow_variable(self) -> str:
        """An SSM parameter, where Airflow's secrets backend looks by default."""
        return f"/airflow/variables/{self.name}"

    @property
    def dag(self) -> str:
        return f"{self.name}_pipeline"

    @property
    def table(self) -> Path:
        """The CSV of the first pipeline run, relative to the checkout."""
        return Path("data") / f"{self.name}.csv"

    @property
    def make_up(self) -> str:
        """The command that starts this use case's cloud."""
        return "make up" if self.name == DEFAULT else f"make up USE_CASE={self.name}"

    def validated(self) -> "UseCase":
        """Itself; CloudError if its name cannot be one."""
        if not NAME.fullmatch(self.name):
            raise CloudError(
                f"{self.name!r} is no name of a use case",
                "A name has 2 to 31 characters, of a to z, 0 to 9 and _, and begins with a letter",
            )
        return self

    def folder(self, checkout: Path) -> Path:
        """The folder that holds the package; CloudError if there is no such package."""
        for folder in FOLDERS:
            if (checkout / folder / self.name / "__init__.py").exists():
                return checkout / folder
        raise CloudError(
            f"There is no use case {self.name}: neither functions/{self.name} nor examples/{self.name} exists",
            f"make new NAME={self.name} CSV=… LABEL=…",
        )

    def check(self, checkout: Path) -> None:
        """Raise CloudError unless both the package and its CSV are there."""
        self.folder(checkout)
        if not (checkout / self.table).exists():
            raise CloudError(
                f"The first pipeline run needs {self.table}, which does not exist",
                f"Put the table there, or make new NAME={self.name} CSV=… LABEL=…, which copies it",
            )


DEFAULT_USE_CASE = UseCase()
