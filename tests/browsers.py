"""Which Chromium the tests open pages in; none is downloaded."""

import shutil

# Debian's shell without windows first: it takes a third less CPU for the same pages.
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")


def program() -> str | None:
    """Where it is; None without one."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)
