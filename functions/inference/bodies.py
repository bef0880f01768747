"""What requests and answers look like: JSON with the dataset's own column names, so a CSV row is a request body."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from titanic.passenger import (
    FIELDS,
    MAX_AGE_YEARS,
    MAX_FARE_POUNDS,
    MAX_RELATIVES,
    MAX_TEXT_LENGTH,
    Passenger,
)

MAX_BATCH = 1000


def _cell(value: Any) -> Any:
    """A value as a cell of a CSV has it: an empty one is not recorded, and true or false is no number."""
    if isinstance(value, bool):
        raise ValueError("must not be true or false")
    return None if isinstance(value, str) and not value.strip() else value


def _whole(value: Any) -> Any:
    """A whole number may come as digits."""
    value = _cell(value)
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


_Cell = BeforeValidator(_cell)
_Whole = BeforeValidator(_whole)
_Text = Annotated[Annotated[str, Field(max_length=MAX_TEXT_LENGTH)] | None, _Cell]
_Years = Annotated[Annotated[float, Field(ge=0, le=MAX_AGE_YEARS)] | None, _Cell]
_Pounds = Annotated[Annotated[float, Field(ge=0, le=MAX_FARE_POUNDS)] | None, _Cell]
_Relatives = Annotated[int, _Whole, Field(ge=0, le=MAX_RELATIVES)]


class PassengerBody(BaseModel):
    """One passenger as the list holds them. A whole row of the list is taken, but never its `Survived` into account."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    Pclass: Annotated[Literal[1, 2, 3], _Whole, Field(description="Ticket class")]
    Name: Annotated[str, Field(min_length=1, max_length=MAX_TEXT_LENGTH, description='"Surname, Title. Given names"')]
    Sex: Literal["female", "male"]
    Age: Annotated[_Years, Field(description="Years")] = None
    SibSp: Annotated[_Relatives, Field(description="Siblings and spouses aboard")]
    Parch: Annotated[_Relatives, Field(description="Parents and children aboard")]
    Ticket: _Text = None
    Fare: Annotated[_Pounds, Field(description="Pounds for the whole ticket")] = None
    Cabin: _Text = None
    Embarked: Annotated[Literal["C", "Q", "S"] | None, _Cell] = None
    PassengerId: Annotated[Any, Field(description="Ignored")] = None
    Survived: Annotated[Any, Field(description="Ignored")] = None

    def passenger(self) -> Passenger:
        return Passenger(**{field: getattr(self, column) for column, field in FIELDS.items()})


class BatchBody(BaseModel):
    """Several passengers."""

    model_config = ConfigDict(extra="forbid")

    passengers: Annotated[list[PassengerBody], Field(min_length=1, max_length=MAX_BATCH)]


class BriefPrediction(BaseModel):
    """One passenger's fate, as far as the model can tell."""

    model_config = ConfigDict(extra="allow")

    prediction_id: str
    survived: Literal[0, 1]
    probability: Annotated[float, Field(ge=0, le=1, description="P(survived)")]


class PredictionAnswer(BriefPrediction):
    """With what the model saw, and each feature's contribution: with `base` they add up to the probability."""

    model_version: str
    features: dict[str, str | float | int | None]
    contributions: dict[str, float]


class BatchAnswer(BaseModel):
    """In the order of the request; each with `features` and `contributions` where `explain` asked for them."""

    model_config = ConfigDict(extra="allow")

    predictions: list[BriefPrediction]
    model_version: str


class HealthAnswer(BaseModel):
    """Alive; `model_version` is null before the first promotion."""

    status: Literal["ok"]
    model_version: str | None
