"""A curve on logarithmic axes as a small SVG."""

from collections.abc import Mapping
from math import log10
from pathlib import Path

WIDTH, HEIGHT, EDGE = 480, 300, 50


def plot(file: Path, title: str, each: Mapping[int, float]) -> None:
    """A cost or a rate over a number of rows."""
    first, low, high = log10(min(each)), min(each.values()), max(each.values())
    wide, tall = log10(max(each)) - first, log10(high / low) or 1

    def place(size: int, cost: float) -> tuple[float, float]:
        x = EDGE + (log10(size) - first) / wide * (WIDTH - 2 * EDGE)
        return round(x, 1), round(HEIGHT - EDGE - log10(cost / low) / tall * (HEIGHT - 2 * EDGE), 1)

    points = {size: place(size, cost) for size, cost in each.items()}
    line = " ".join(f"{x},{y}" for x, y in points.values())
    marks = "".join(
        f'<circle cx="{x}" cy="{y}" r="3"/><text x="{x}" y="{y - 8}">{each[size]:.2g}</text>'
        f'<text x="{x}" y="{HEIGHT - EDGE + 18}">{size:,}</text>'
        for size, (x, y) in points.items()
    )
    file.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="11" text-anchor="middle"><rect width="100%" height="100%" fill="#fff"/>'
        f'<text x="{WIDTH / 2}" y="20" font-size="13">{title}</text>'
        f'<polyline points="{line}" fill="none" stroke="#2563eb" stroke-width="2"/>{marks}</svg>\n'
    )
