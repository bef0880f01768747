"""The site's files: no use case's words, nothing that the policy forbids, one frame for all pages, CSS as compiled."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from mlops_cloud import project

SITE = Path(__file__).parents[2] / "web"
PAGES = sorted(SITE.glob("*.html"))
FORMS = sorted(SITE.glob("*/form.js"))
IMPORT = re.compile(r'^import\s(?:.*?from\s)?"([^"]+)";', re.MULTILINE)


def imports(module: Path) -> set[Path]:
    """All modules that one needs, at any depth."""
    found = {(module.parent / name).resolve() for name in IMPORT.findall(module.read_text())}
    return found.union(*map(imports, found))


def test_the_stylesheet_is_what_its_source_makes(tmp_path: Path) -> None:
    made = tmp_path / "site.css"
    tailwind = Path(sys.executable).with_name("tailwindcss")
    subprocess.run(
        [tailwind, "-i", SITE / "tailwind.css", "-o", made, "--minify"], check=True, capture_output=True, timeout=60
    )
    assert made.read_text() == (SITE / "site.css").read_text(), "make site"


def test_the_site_knows_no_column() -> None:
    """But where a use case has a form of its own: in a folder of its name."""
    files = [path for path in SITE.rglob("*") if path.suffix in (".js", ".html", ".css", ".svg")]
    words = re.compile("passenger|titanic|embarked|surviv", re.IGNORECASE)
    assert [path.name for path in files if "titanic" not in path.parts and words.search(path.read_text())] == []


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.parent.name)
def test_a_form_comes_at_once(form: Path) -> None:
    """It is asked for when the schema is there, and needs no module that the page has not loaded by then."""
    assert imports(form) <= imports(SITE / "predict" / "page.js")


def test_pages_differ_in_their_content_alone() -> None:
    def frame(page: Path) -> str:
        text = re.sub(r"<main.*</main>", "", page.read_text(), flags=re.DOTALL)
        own = r' aria-current="page"|<title>.*</title>|<meta name="description".*/>|^ *<(script|link).*module.*\n'
        return re.sub(own, "", text, flags=re.MULTILINE)

    assert len({frame(page) for page in PAGES}) == 1


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_needs_nothing_that_the_policy_forbids(page: Path) -> None:
    text = page.read_text()
    assert f'href="{page.name}" aria-current="page"' in text
    assert not re.search(r"\s(style|on\w+)=", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_announces_every_module_that_it_needs(page: Path) -> None:
    """So that they come at once, and not one after the other."""
    text = page.read_text()
    (main,) = re.findall(r'<script src="([^"]+)" type="module"', text)
    announced = {(SITE / name).resolve() for name in re.findall(r'rel="modulepreload" href="([^"]+)"', text)}
    assert announced == imports(SITE / main)


def test_a_page_is_allowed_the_apis_origin_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SITE.parent)
    served = project.pages(SITE, "https://api.example:8443/live")
    for page in PAGES:
        policy = re.search(rb'content="(default-src[^"]+)"', served[page.name])
        assert policy
        assert b"connect-src 'self' https://api.example:8443; " in policy[1]
        assert b"unsafe" not in policy[1]
        assert b"default-src 'none'" in policy[1]
    assert b"https://api.example:8443/live" in served["config.js"]
