"""What requests and answers look like: JSON with the table's own column names, so a CSV row is a request body."""

from collections.abc import Sequence
from functools import cached_property
from operator import attrgetter
from typing import Annotated, Any, Literal

from cell_types import cell_type, label_type
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, create_model

from mlops.serving.predict import Question
from mlops.use_case import Column, UseCase

MAX_BATCH = 1000
_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)
_OPEN = ConfigDict(extra="allow")
_IGNORED = Annotated[Any, Field(description="Ignored")]


class GroupAnswer(BaseModel):
    """What the model knows of a row's group: how many others, and how many of them are of class 1."""

    known: int
    positive: int


class Bodies:
    """The request and answer models of one use case. Their fields have positional names: a column's may be anything."""

    def __init__(self, case: UseCase) -> None:
        self.case = case
        self._names = [column.name for column in case.kept]
        self._fields = [f"c{place}" for place in range(len(case.kept))]
        self._cells = attrgetter(*self._fields) if len(self._fields) > 1 else lambda body: (body.c0,)

    def question(self, body: Any) -> Question:
        """What a row asks; a batch makes a thousand."""
        row = dict(zip(self._names, self._cells(body), strict=True))
        row_id = body.row_id if self.case.id else None
        return Question(self.case.derive(row), row, None if row_id is None else str(row_id))

    def questions(self, bodies: Sequence[Any]) -> list[Question]:
        return [self.question(body) for body in bodies]

    @cached_property
    def row(self) -> type[BaseModel]:
        """One row as the table holds it; the label and ignored columns are accepted and ignored."""
        fields: dict[str, Any] = {
            field: (cell_type(column), Field(*([] if column.required else [None]), alias=column.name))
            for field, column in zip(self._fields, self.case.kept, strict=True)
        }
        if case_id := self.case.id:
            optional = Column(case_id.name, case_id.kind, required=False, low=case_id.low, high=case_id.high)
            fields["row_id"] = (cell_type(optional), Field(None, alias=case_id.name))
        for place, name in enumerate((self.case.label.name, *self.case.ignored)):
            fields[f"ignored{place}"] = (_IGNORED, Field(None, alias=name))
        doc = f"One {self.case.entity[0]} as the table holds it; its label is accepted and ignored."
        return create_model("Row", __config__=_STRICT, __doc__=doc, **fields)

    @cached_property
    def batch(self) -> type[BaseModel]:
        """Several rows, under `rows` or the use case's own name for them."""
        names = AliasChoices(*dict.fromkeys((self.case.batch_key, "rows")))
        rows = (list[self.row], Field(validation_alias=names, min_length=1, max_length=MAX_BATCH))  # type: ignore[name-defined]
        doc = f"Several {self.case.entity[1]}."
        return create_model("Rows", __config__=_STRICT, __doc__=doc, rows=rows)

    @cached_property
    def feedback(self) -> type[BaseModel]:
        """What became of a row."""
        return create_model(
            "Feedback",
            __config__=_STRICT,
            __doc__=f"What became of a {self.case.entity[0]}.",
            prediction_id=(Annotated[str, Field(max_length=100)], ...),
            label=(label_type(self.case.label), Field(alias=self.case.label.key)),
        )

    @cached_property
    def brief(self) -> type[BaseModel]:
        """One prediction of a batch."""
        no, yes = self.case.label.titles
        return create_model(
            "BriefPrediction",
            __config__=_OPEN,
            __doc__=f"0: {no}, 1: {yes}; as far as the model can tell.",
            prediction_id=(str, ...),
            label=(Literal[0, 1], Field(alias=self.case.label.key)),
            probability=(float, Field(ge=0, le=1, description=f"P({yes})")),
        )

    @cached_property
    def prediction(self) -> type[BaseModel]:
        """With what the model saw, and each feature's contribution: with `base` they add up to the probability."""
        group: dict[str, Any] = {"group": (GroupAnswer | None, None)} if self.case.known_of_group else {}
        return create_model(
            "Prediction",
            __base__=self.brief,
            __doc__="Explained: with `base` the contributions add up to the probability.",
            model_version=(str, ...),
            features=(dict[str, str | float | int | None], ...),
            contributions=(dict[str, float], ...),
            **group,
        )

    @cached_property
    def predictions(self) -> type[BaseModel]:
        """In the order of the request; each with `features` and `contributions` where `explain` asked for them."""
        brief: Any = list[self.brief]  # type: ignore[name-defined]
        doc = "In the order of the request."
        return create_model(
            "Predictions", __config__=_OPEN, __doc__=doc, predictions=(brief, ...), model_version=(str, ...)
        )


class HealthAnswer(BaseModel):
    """Alive; `model_version` is null before the first promotion."""

    status: Literal["ok"]
    model_version: str | None


class PromotionAnswer(BaseModel):
    """Who is champion now, and who was before."""

    model_version: str
    previous: str | None
