"""Write a model card as one self-contained HTML page: `card.py FOLDER [VERSION]`, the champion's by default."""

import sys
from io import StringIO
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from matplotlib.figure import Figure
from pictures import figures
from registry import source

HERE = Path(__file__).parent


def page(listed: dict[str, Any], card: dict[str, Any], champion: str | None) -> str:
    """The page as HTML; the same for the same version and decisions."""
    environment = Environment(loader=FileSystemLoader(HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    drawn = {caption: svg(figure) for caption, figure in figures(card).items()}
    return environment.get_template("card.html.jinja").render(
        version=listed["model_version"], listed=listed, card=card, champion=champion, pictures=drawn
    )


def svg(figure: Figure) -> str:
    """The figure as an SVG element for a page."""
    drawing = StringIO()
    figure.savefig(drawing, format="svg", metadata={"Date": None})
    return drawing.getvalue().partition("<svg")[2].join(("<svg", ""))


def main(folder: Path, version: str | None) -> None:
    registry = source()
    champion = registry.models()["champion"]
    wanted = version or champion
    for listed, card in registry.cards():
        if listed["model_version"] == wanted:
            folder.mkdir(parents=True, exist_ok=True)
            file = folder / f"{wanted}.html"
            file.write_text(page(listed, card, champion))
            print(file)
            return
    sys.exit(f"✗ There is no model version {wanted}\n  → The versions there are: make models")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None)
