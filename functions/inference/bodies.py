"""What requests and answers look like: JSON with the dataset's own column names, so a CSV row is a request body."""

from operator import attrgetter
from typing import Annotated, Any, Literal

from cells import Class, Fate, Port, Pounds, Relatives, Text, Years
from pydantic import BaseModel, ConfigDict, Field

from titanic.passenger import FIELDS, MAX_TEXT_LENGTH, Passenger

MAX_BATCH = 1000
_cells = attrgetter(*FIELDS)


class PassengerBody(BaseModel):
    """One passenger as the list holds them. A whole row of the list is taken, but never its `Survived` into account."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    Pclass: Annotated[Class, Field(description="Ticket class")]
    Name: Annotated[str, Field(min_length=1, max_length=MAX_TEXT_LENGTH, description='"Surname, Title. Given names"')]
    Sex: Literal["female", "male"]
    Age: Annotated[Years, Field(description="Years")] = None
    SibSp: Annotated[Relatives, Field(description="Siblings and spouses aboard")]
    Parch: Annotated[Relatives, Field(description="Parents and children aboard")]
    Ticket: Text = None
    Fare: Annotated[Pounds, Field(description="Pounds for the whole ticket")] = None
    Cabin: Text = None
    Embarked: Annotated[Port, Field(description="Cherbourg, Queenstown or Southampton")] = None
    PassengerId: Annotated[Any, Field(description="Ignored")] = None
    Survived: Annotated[Any, Field(description="Ignored")] = None

    def passenger(self) -> Passenger:
        """In the order of `FIELDS`: a batch makes a thousand."""
        return Passenger(*_cells(self))


class BatchBody(BaseModel):
    """Several passengers."""

    model_config = ConfigDict(extra="forbid")

    passengers: Annotated[list[PassengerBody], Field(min_length=1, max_length=MAX_BATCH)]


class FeedbackBody(BaseModel):
    """What became of a passenger."""

    model_config = ConfigDict(extra="forbid")

    prediction_id: Annotated[str, Field(max_length=100)]
    survived: Fate


class FeedbackAnswer(FeedbackBody):
    """What was understood; it reaches the history within a minute or so."""


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


class PromotionAnswer(BaseModel):
    """Who is champion now, and who was before."""

    model_version: str
    previous: str | None
