"""The table of AWS's prices, which docs/cost.md and docs/scale.md are made from."""

import re
import sys
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(autouse=True)
def _import_docs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(DOCS), *sys.path])


def test_every_price_has_its_source_and_the_month_in_which_it_was_seen() -> None:
    import prices

    for name, price in prices.read().items():
        assert price.dollars > 0, name
        assert urlsplit(price.source).netloc == "aws.amazon.com", name
        assert re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", price.seen), name


def test_a_price_tells_its_age() -> None:
    import prices

    assert prices.Price(1.0, "", "2025-01").months(date(2026, 11, 27)) == 22
    assert (
        prices.oldest({"a": prices.Price(1.0, "", "2025-03"), "b": prices.Price(1.0, "", "2024-12")}) == "December 2024"
    )


def test_the_pages_know_no_price_of_their_own() -> None:
    """Every price that they use is in the table, and everything in the table is used."""
    import prices

    text = "".join((DOCS / name).read_text() for name in ("cost_page.py", "scale_page.py"))
    assert set(re.findall(r'PRICES\["(\w+)"\]', text)) == prices.read().keys()


def test_a_month_counts_addresses_traces_logs_and_what_goes_through_the_gateway() -> None:
    """Of a month without any prediction the fixed part is left: what runs all the time."""
    import cost_page

    measured = cost_page.Measured("titanic", 0.003, 340.0, 670.0, 36.0, 7, 9, 0.15)
    nothing, million = cost_page.month(measured, 0), cost_page.month(measured, 1_000_000)
    assert nothing["Public IPv4 address of the NAT gateway"] == pytest.approx(3.65)
    assert million["X-Ray (`prod` only, all requests)"] == pytest.approx(5.0)
    assert million["total"] == pytest.approx(sum(million.values()) - million["total"] - 5.0)
    gateway = "NAT gateway"
    assert million[gateway] - nothing[gateway] == pytest.approx(340e6 / 1e9 * 0.045)
