"""AWS's prices from prices.toml, and how old they are: `make prices`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

FILE = Path(__file__).with_name("prices.toml")


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for one of what the name says; where and in which month it was seen."""

    dollars: float
    source: str
    seen: str

    def months(self, today: date) -> int:
        """How many months ago it was looked at."""
        then = datetime.strptime(self.seen, "%Y-%m").replace(tzinfo=UTC)
        return (today.year - then.year) * 12 + today.month - then.month


def read(file: Path = FILE) -> Mapping[str, Price]:
    """All prices by name."""
    return {name: Price(**given) for name, given in tomllib.loads(file.read_text()).items()}


def oldest(prices: Mapping[str, Price]) -> str:
    """The month of the price that was looked at longest ago, in words."""
    return f"{datetime.strptime(min(price.seen for price in prices.values()), '%Y-%m'):%B %Y}"


def main() -> None:
    """Print every price with its source and age."""
    today = datetime.now(UTC).date()
    for name, price in read().items():
        print(f"{name:20} {price.dollars:<14.10g} {price.months(today):3} months old  {price.source}")  # noqa: T201


if __name__ == "__main__":
    main()
