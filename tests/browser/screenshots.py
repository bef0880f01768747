"""Pictures of every page of a running site, whole, at every width and in any light; some of them for the README."""

import itertools
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from browsers import program

from .test_every_page import PAGES, WIDTHS, complete

ALL = Path(".local/screenshots")
README = (("index.html", "light"), ("pipeline.html", "light"), ("monitoring.html", "dark"))
CUT = {"x": 0, "y": 0, "width": 1280, "height": 1160}


def main(url: str, folder: Path) -> None:
    """Of the site at `url`; those that are committed go to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    ALL.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=["--no-sandbox"])
        for name, width, scheme in itertools.product(PAGES, WIDTHS, ("light", "dark")):
            page = opened(browser, f"{url}{name}", width, scheme)
            complete(page, name)
            stem = name.removesuffix(".html").replace("index", "predict")
            page.screenshot(path=ALL / f"{stem}-{width}-{scheme}.png", full_page=True)
            if width == CUT["width"] and (name, scheme) in README:
                page.screenshot(path=folder / f"{stem}.png", full_page=True, clip=CUT)
            page.context.close()
        browser.close()
    print(f"All of them: {ALL}; for the README: {folder}")


def opened(browser: Browser, url: str, width: int, scheme: str) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": 1000}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(url)
    return page


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
