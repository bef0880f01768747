"""A picture of a run's graph in Airflow's own pages."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from browsers import program
from clouds import CHECKOUT

DOCS = CHECKOUT / "docs/img/airflow-graph.png"
SIZE = {"width": 1440, "height": 560}


def picture(url: str, token: str, run: str, file: Path) -> set[str]:
    """Take it and return the tasks that it shows; KEEP_PICTURES=1 writes it to docs/img."""
    if not (chromium := program()):
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(viewport=SIZE)  # type: ignore[arg-type]
        context.add_cookies([{"name": "_token", "value": token, "url": url}])
        page = context.new_page()
        page.add_init_script("localStorage.setItem('default_dag_view', JSON.stringify('graph'))")
        page.goto(f"{url}/dags/titanic_pipeline/runs/{run}")
        nodes = page.locator(".react-flow__node")
        expect(nodes.filter(has_text="promote").first).to_be_visible(timeout=30_000)
        shown = {text.split()[0] for text in nodes.all_inner_texts() if text.strip()}
        page.screenshot(path=DOCS if os.environ.get("KEEP_PICTURES") else file)
        browser.close()
    return shown
