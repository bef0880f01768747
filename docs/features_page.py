"""Makes docs/features.md from the feature registries: `make docs`."""

from pathlib import Path

from titanic import companions, encoder, features

PAGE = Path(__file__).with_name("features.md")


def page() -> str:
    """The page as it should be."""
    lines = [
        "# Features",
        "",
        "Made from the registries by `make docs`; do not edit. Feature schema "
        f"`{features.SCHEMA_HASH}`; the model sees {len(encoder.COLUMNS)} columns made of these features.",
        "",
        *_table("Derived from one passenger, in both stores", features.REGISTRY),
        *_table("Learnt from the training rows, looked up in the model", companions.FEATURES),
        "Keys find companions and are no input of the model themselves. Labels are in the offline store alone.",
        "",
    ]
    return "\n".join(lines)


def _table(title: str, registry: tuple[features.Feature, ...]) -> list[str]:
    columns: dict[str, list[str]] = {}
    for column in encoder.COLUMNS:
        for feature in column.features:
            columns.setdefault(feature, []).append(f"`{column.name}`")
    rows = [
        f"| `{each.name}` | {each.type} | {each.meaning} | {', '.join(each.source)} | "
        f"{', '.join(columns.get(each.name, ['–']))} | [{Path(each.owner).name}](../{each.owner}) |"
        for each in registry
    ]
    return [
        f"## {title}",
        "",
        "| feature | type | meaning | from the list's | columns of the model | owner |",
        "|---|---|---|---|---|---|",
        *rows,
        "",
    ]


if __name__ == "__main__":
    PAGE.write_text(page())
