"""Titanic: who of the passengers survived. What depends on a column of the passenger list is in this folder."""

from mlops.use_case import Column, Label, Search, Slice, UseCase
from titanic.baselines import BASELINES
from titanic.companions import FEATURES as COMPANION_FEATURES
from titanic.companions import groups
from titanic.earlier_tables import EARLIER_TABLES
from titanic.encoder import Encoder
from titanic.examples import EXAMPLES
from titanic.features import FEATURES, derive, identity

# How R, pandas, SQL and people write that nothing is recorded.
_NOTHING = ("NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "none", "?", "-", "\\N")

COLUMNS = (
    Column("Pclass", "choice", "Class", "Ticket class", choices=(1, 2, 3), words=("first", "second", "third")),
    Column("Name", "text", "Name", '"Surname, Title. Given names"'),
    Column("Sex", "choice", "Sex", choices=("female", "male"), words=("woman", "man")),
    Column("Age", "decimal", "Age", "Years", required=False, low=0, high=120, missing=_NOTHING),
    Column("SibSp", "whole", "Siblings, spouse", "Siblings and spouses aboard", low=0, high=30),
    Column("Parch", "whole", "Parents, children", "Parents and children aboard", low=0, high=30),
    Column("Ticket", "text", "Ticket", required=False, missing=_NOTHING),
    Column(
        "Fare", "decimal", "Fare", "Pounds for the whole ticket", required=False, low=0, high=10_000, missing=_NOTHING
    ),
    Column("Cabin", "text", "Cabin", required=False, missing=_NOTHING),
    Column(
        "Embarked",
        "choice",
        "Boarded at",
        "Cherbourg, Queenstown or Southampton",
        required=False,
        choices=("C", "Q", "S"),
        words=("Cherbourg", "Queenstown", "Southampton"),
        missing=_NOTHING,
    ),
)

USE_CASE = UseCase(
    name="titanic",
    title="Titanic",
    question="Would you have survived the Titanic?",
    summary="Who survived the Titanic? Predictions of a random forest, explained.",
    source="The passenger list is the 891 rows widely used for teaching. Predictions are no history.",
    entity=("passenger", "passengers"),
    id=Column("PassengerId", "whole", low=1, high=2**31 - 1),
    label=Label("Survived", ("0", "1"), "Survival", ("was lost", "survived")),
    columns=COLUMNS,
    features=FEATURES,
    learned_features=COMPANION_FEATURES,
    derive=derive,
    encoding=Encoder,
    search=Search(
        space={
            "max_depth": [3, 4, 5, 6],
            "min_samples_leaf": [3, 5, 8, 12, 16, 20],
            "max_features": [0.4, 0.6, 0.8],
            "criterion": ["gini", "entropy"],
            "max_samples": [0.6, 0.8, None],
        },
        candidates=16,
        choose="simplest",
    ),
    slices=(
        Slice("sex"),
        Slice("pclass"),
        Slice("age", ((12, "child, up to 12"), (18, "teenager, up to 18"), (50, "adult, up to 50"), (120, "over 50"))),
    ),
    baselines=BASELINES,
    groups=groups,
    known_of_group=lambda encoder, row: encoder.companions.labels(row),
    examples=EXAMPLES,
    identity=identity,
    form="titanic/form.js",
    earlier_tables=EARLIER_TABLES,
)
