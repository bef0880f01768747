"""Penguins: `sex` of `penguins.csv`, told by 7 other columns.

Made by `make new`, works as it is and is meant to be edited: docs/your-own-data.md.
"""

from mlops.model.table_encoder import TableEncoding
from mlops.use_case import Column, Derived, Example, Feature, Label, Row, Search, Slice, UseCase

COLUMNS = (
    Column("species", "choice", "Species", choices=("Adelie", "Chinstrap", "Gentoo"), open=True),
    Column("island", "choice", "Island", choices=("Biscoe", "Dream", "Torgersen"), open=True),
    Column("bill_length_mm", "decimal", "Bill length mm", missing=("NA",), required=False),
    Column("bill_depth_mm", "decimal", "Bill depth mm", missing=("NA",), required=False),
    Column("flipper_length_mm", "whole", "Flipper length mm", missing=("NA",), required=False),
    Column("body_mass_g", "whole", "Body mass g", missing=("NA",), required=False),
    Column("year", "whole", "Year"),
)

# What a model sees, each made by `derive`. A changed meaning is a changed schema: the model is trained anew.
FEATURES = (
    Feature("species", "category", "Species, as in the table", ("species",), "Species"),
    Feature("island", "category", "Island, as in the table", ("island",), "Island"),
    Feature("bill_length_mm", "number", "Bill length mm, as in the table", ("bill_length_mm",), "Bill length mm"),
    Feature("bill_depth_mm", "number", "Bill depth mm, as in the table", ("bill_depth_mm",), "Bill depth mm"),
    Feature(
        "flipper_length_mm", "number", "Flipper length mm, as in the table", ("flipper_length_mm",), "Flipper length mm"
    ),
    Feature("body_mass_g", "number", "Body mass g, as in the table", ("body_mass_g",), "Body mass g"),
    Feature("year", "number", "Year, as in the table", ("year",), "Year"),
)


def derive(row: Row) -> Derived:
    """The features of one row by their names; None is what is not recorded."""
    return {
        "species": row["species"],
        "island": row["island"],
        "bill_length_mm": row["bill_length_mm"],
        "bill_depth_mm": row["bill_depth_mm"],
        "flipper_length_mm": row["flipper_length_mm"],
        "body_mass_g": row["body_mass_g"],
        "year": row["year"],
    }


# Rows of the table to try out.
# fmt: off
EXAMPLES = (
    Example(title="Row 1", label=0, row={
        "species": "Adelie", "island": "Torgersen", "bill_length_mm": 39.1, "bill_depth_mm": 18.7,
        "flipper_length_mm": 181, "body_mass_g": 3750, "year": 2007,
    }),
    Example(title="Row 2", label=1, row={
        "species": "Adelie", "island": "Torgersen", "bill_length_mm": 39.5, "bill_depth_mm": 17.4,
        "flipper_length_mm": 186, "body_mass_g": 3800, "year": 2007,
    }),
    Example(title="Row 170", label=0, row={
        "species": "Gentoo", "island": "Biscoe", "bill_length_mm": 46.3, "bill_depth_mm": 15.8,
        "flipper_length_mm": 215, "body_mass_g": 5050, "year": 2007,
    }),
    Example(title="Row 165", label=1, row={
        "species": "Gentoo", "island": "Biscoe", "bill_length_mm": 46.2, "bill_depth_mm": 14.5,
        "flipper_length_mm": 209, "body_mass_g": 4800, "year": 2007,
    }),
)
# fmt: on

USE_CASE = UseCase(
    name="penguins",
    title="Penguins",
    question="Sex: female?",
    summary="333 rows of 8 columns.",
    source="penguins.csv",
    entity=("penguin", "penguins"),
    # Class 1 is `female`: it is the rarer; POSITIVE=… chooses otherwise.
    label=Label("sex", values=("male", "female"), title="Sex", words=("male", "female")),
    columns=COLUMNS,
    features=FEATURES,
    derive=derive,
    encoding=TableEncoding(FEATURES),
    search=Search(
        space={"min_samples_leaf": [1, 2, 4, 8, 16], "max_features": ["sqrt", 0.6], "max_leaf_nodes": [933]},
        candidates=8,
        trees=300,
    ),
    slices=(
        Slice("species"),
        Slice("island"),
        Slice("bill_length_mm", ((40.9, "up to 40.9"), (46.8, "up to 46.8"), (float("inf"), "over 46.8"))),
        Slice("bill_depth_mm", ((16.2, "up to 16.2"), (18.3, "up to 18.3"), (float("inf"), "over 18.3"))),
    ),
    examples=EXAMPLES,
)
