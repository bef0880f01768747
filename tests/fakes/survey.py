"""A second use case, of columns that no Python or SQL name could be: the machinery must not care."""

from random import Random

from mlops.model.table_encoder import TableEncoding
from mlops.use_case import Column, Derived, Feature, Label, Row, Search, Slice, UseCase

QUOTED = 'a{b}%s"c'
COLUMNS = (
    Column("education.num", "whole", low=0, high=20, missing=("NA", "?")),
    Column("class", "choice", choices=("upper", "middle", "it's"), words=("Upper", "Middle", "It is")),
    Column("Größe (m)", "decimal", "Height", "Metres", required=False, low=-3, missing=("NA",)),
    Column("Unnamed: 0", "whole", required=False, missing=("?",)),
    Column(QUOTED, "text", required=False, max_length=30, missing=("NA", "%")),
    Column("city", "choice", required=False, choices=("Ōsaka", "Paris"), open=True, max_length=40, missing=("?",)),
    Column("member", "choice", choices=("True", "False")),
    Column("comment", "text", ignored=True),
)
FEATURES = (
    Feature("education.num", "number", "Years of education", ("education.num",)),
    Feature("class", "category", "Class", ("class",)),
    Feature("Größe (m)", "number", "Height in metres", ("Größe (m)",)),
    Feature("Unnamed: 0", "number", "A counter", ("Unnamed: 0",)),
    Feature(QUOTED, "category", "A text", (QUOTED,)),
    Feature("city", "category", "City", ("city",)),
    Feature("member", "category", "Member", ("member",)),
)


def derive(row: Row) -> Derived:
    """Each column as it is."""
    return {feature.name: row[feature.name] for feature in FEATURES}


USE_CASE = UseCase(
    name="survey",
    title="Survey",
    columns=COLUMNS,
    label=Label("Answer", ("no", "yes"), words=("declined", "accepted")),
    features=FEATURES,
    derive=derive,
    encoding=TableEncoding(FEATURES),
    search=Search({"max_depth": [4, 6], "max_features": [1.0]}, candidates=2, trees=20),
    entity=("person", "people"),
    slices=(Slice("class"),),
)
HEADER = ["Unnamed: 0", "Answer", *(column.name for column in COLUMNS if column.name != "Unnamed: 0")]


def lines(count: int) -> list[list[str]]:
    """A header and rows with every kind of cell; the more education, the more of them yes."""
    table, chance = [HEADER], Random(1912)
    for number in range(count):
        education = number * 7 % 20
        cells = {
            "Unnamed: 0": str(number) if number % 5 else "?",
            "Answer": "yes" if 8 * education + chance.randrange(101) > 125 else "no",
            "education.num": f"{education}.0" if number % 2 else str(education),
            "class": ("upper", "middle", "it's")[number % 3],
            "Größe (m)": f"{1.5 + education / 40}" if number % 4 else "NA",
            QUOTED: ("", "NA", 'x, "y"', "50 %")[number % 4],
            "city": ("Ōsaka", "Paris", "Łódź", "?", "")[number % 5],
            "member": ("True", "False")[number % 2],
            "comment": f"free text {number}",
        }
        table.append([cells[name] for name in HEADER])
    return table
