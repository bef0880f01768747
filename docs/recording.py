"""`make recording`: what a terminal shows from `make up` to a prediction, as docs/img/first-minute.svg.

The commands are really run, on a state folder of their own; pauses are shortened. The picture is drawn by npm's
svg-term-cli from a recording in the format of asciicast.
"""

import json
import os
import pty
import re
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs/img/first-minute.svg"
WIDTH, HEIGHT = 100, 30
LONGEST_PAUSE = 0.7  # seconds, whatever it took
DRAWER = "svg-term-cli@2.1.1"
PREDICT = (
    'curl -s "$API/predict" -H "Content-Type: application/json" -d @functions/inference/events/row.json'
    " | python3 -m json.tool | head -8"
)


class Recording:
    """Seconds and text, as asciicast version 2 has them."""

    def __init__(self) -> None:
        self._events: list[tuple[float, str, str]] = []
        self._now = 0.0

    def add(self, text: str, after: float = 0.0) -> None:
        self._now += min(after, LONGEST_PAUSE)
        self._events.append((round(self._now, 3), "o", text))

    def typed(self, command: str) -> None:
        self.add("\x1b[32m$\x1b[0m ", 0.5)
        for letter in command:
            self.add(letter, 0.03)
        self.add("\r\n", 0.3)

    def run(self, command: str, environment: dict[str, str]) -> str:
        """Run a command in a terminal; what it wrote."""
        master, slave = pty.openpty()
        process = subprocess.Popen(["bash", "-c", command], stdout=slave, stderr=slave, cwd=ROOT, env=environment)
        os.close(slave)
        said, last = "", time.monotonic()
        while True:
            ready, _, _ = select.select([master], [], [], 0.2)
            if not ready and process.poll() is not None:
                break
            if ready:
                try:
                    text = os.read(master, 1 << 16).decode(errors="replace")
                except OSError:
                    break
                self.add(text, time.monotonic() - last)
                said, last = said + text, time.monotonic()
        if process.wait():
            sys.exit(said)
        return said

    def cast(self) -> str:
        head = {"version": 2, "width": WIDTH, "height": HEIGHT}
        return "\n".join(map(json.dumps, [head, *self._events])) + "\n"


def main() -> None:
    recording = Recording()
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        settings = {**os.environ, "COLUMNS": str(WIDTH), "LINES": str(HEIGHT), "TERM": "xterm-256color"}
        recording.typed("make up")
        try:
            said = recording.run(f"make --no-print-directory up STATE={state}", settings)
            found = re.search(r"API\s+(http://\S+)", said)
            assert found, said
            recording.typed(PREDICT)
            recording.run(PREDICT, {**settings, "API": found[1]})
            recording.add("", 2.0)
        finally:
            subprocess.run(["make", "down", f"STATE={state}"], cwd=ROOT, capture_output=True, check=False)
        cast = Path(folder) / "first-minute.cast"
        cast.write_text(recording.cast())
        size = ["--width", str(WIDTH), "--height", str(HEIGHT), "--window"]
        subprocess.run(["npx", "--yes", DRAWER, "--in", cast, "--out", PICTURE, *size], check=True)
    sys.stdout.write(f"{PICTURE.relative_to(ROOT)}, {PICTURE.stat().st_size / 1000:.0f} kB\n")


if __name__ == "__main__":
    main()
