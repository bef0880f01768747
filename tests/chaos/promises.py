"""The promises, and the checker that judges them afterwards: from the stores and the client's own log alone."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import md5
from typing import Any

from mlops.data.cells import reader
from mlops.model.portable import Model
from titanic import USE_CASE

from .client import Client, Upload
from .evidence import Evidence, Logged


@dataclass(frozen=True)
class Before:
    """What was there before the client came."""

    history: frozenset[str]  # prediction ids
    counted: Mapping[str, float]
    letters: Counter[str]

    @classmethod
    def of(cls, found: Evidence) -> "Before":
        return cls(frozenset(each.prediction_id for each in found.history), found.counted, Counter(found.letters))


@dataclass(frozen=True)
class Judged:
    """All that a promise is judged by; `models` are the scorers of the versions that were seen to serve."""

    client: Client
    found: Evidence
    before: Before
    models: Mapping[str, Model]

    @property
    def new(self) -> list[Logged]:
        """Predictions of the history that came since."""
        return [each for each in self.found.history if each.prediction_id not in self.before.history]

    @property
    def done(self) -> list[Upload]:
        return [each for each in self.client.uploads if each.status == "SUCCEEDED"]


Promise = Callable[[Judged], Iterator[str]]
PROMISES: dict[str, Promise] = {}


def promise(function: Promise) -> Promise:
    """Register one; it yields a sentence for each breach."""
    PROMISES[function.__name__.replace("_", " ")] = function
    return function


@promise
def every_record_is_accounted_for(judged: Judged) -> Iterator[str]:
    """Each record of a file that went through is in its dataset once, or refused."""
    for upload in judged.done:
        dataset = judged.found.datasets.get(upload.version)
        if dataset is None:
            yield f"{upload.key} went through, and its dataset {upload.version} is not there"
            continue
        expected = Counter(upload.ids) - Counter(upload.bad)
        if (there := Counter(dataset.ids)) != expected:
            yield f"{upload.key}: lost {_some(expected - there)}, too many {_some(there - expected)}"
        refused = {upload.ids.index(id_) + 1 for id_ in upload.bad}
        if dataset.refused != refused:
            yield f"{upload.key}: records {_some(refused ^ dataset.refused)} are refused wrongly, or not at all"


@promise
def no_partial_dataset_is_visible(judged: Judged) -> Iterator[str]:
    """A version that can be found is whole, in rows and in features, and nothing half made is left."""
    found = judged.found
    for version, dataset in found.datasets.items():
        if (dataset.rows, dataset.rejected) != (len(dataset.ids), len(dataset.refused)):
            yield (
                f"Dataset {version} says {dataset.rows} rows and {dataset.rejected} refused, "
                f"and has {len(dataset.ids)} and {len(dataset.refused)}"
            )
    for version, rows in found.published.items():
        ids = set(found.datasets[version].ids) if version in found.datasets else set()
        if rows != len(found.features[version]) or found.features[version].keys() != ids:
            yield f"Features of {version} say {rows} rows, and there are {len(found.features[version])} of {len(ids)}"
    tables = {f"rows_{USE_CASE.table_hash}_{version}" for version in found.datasets}
    if left := {name for name in found.tables if name.startswith("staging_")}:
        yield f"Tables were left: {_some(left)}"
    if left := {name for name in found.tables if name.startswith(f"rows_{USE_CASE.table_hash}_")} - tables:
        yield f"Tables without a dataset: {_some(left)}"


@promise
def each_prediction_is_kept_once(judged: Judged) -> Iterator[str]:
    """What was answered is in the history, once and as it was answered; what is there was asked for."""
    kept = {each.prediction_id: each for each in judged.found.history}
    times = Counter(each.row_id for each in judged.new)
    for asked in judged.client.answered():
        answer: Any = asked.answer
        there = kept.get(answer["prediction_id"])
        if there is None:
            yield f"{asked.row_id} was answered{' degraded' * ('degraded' in answer)}, and is not in the history"
        elif (there.probability, there.model_version) != (answer["probability"], answer["model_version"]):
            yield f"{asked.row_id} was answered {answer['probability']}, the history has {there.probability}"
    for asked in judged.client.asked:
        if times[asked.row_id] > 1:
            yield f"{asked.row_id} was asked once, and is in the history {times[asked.row_id]} times"
    known = {each.row_id for each in judged.client.asked}
    own = [each for each in judged.new if judged.client.owns(each.row_id)]
    if strange := [each.row_id for each in own if each.row_id not in known]:
        yield f"Nobody asked for {_some(strange)}"
    if judged.found.waiting:
        yield f"{judged.found.waiting} predictions still wait in the log"


@promise
def answered_is_counted_is_logged(judged: Judged) -> Iterator[str]:
    """Each kept prediction is counted once, under its model version; the totals of versions that expire go with them.

    One that went by way of the function's log may be uncounted: the instance that owed its count can have been killed.
    """
    answers = {asked.row_id: asked.answer for asked in judged.client.asked}
    for version, total in judged.found.counted.items():
        rows = [each.row_id for each in judged.new if each.model_version == version]
        counted, kept = total - judged.before.counted.get(version, 0.0), len(rows)
        unsure = sum(row in answers and "degraded" in (answers[row] or {"degraded": True}) for row in rows)
        if not kept - unsure <= counted <= kept:
            yield f"Of {version} {kept} are kept, {unsure} of them by replay or unanswered, and {counted:.0f} counted"


@promise
def every_answer_is_right(judged: Judged) -> Iterator[str]:
    """A probability is that of the version which the answer names, to the last bit."""
    readers = {column.name: reader(column) for column in USE_CASE.kept}
    for asked in judged.client.answered():
        answer: Any = asked.answer
        row = {name: read(asked.row[name]) for name, read in readers.items()}
        (expected,) = judged.models[answer["model_version"]].probabilities([USE_CASE.derive(row)])
        if answer["probability"] != expected:
            yield f"{asked.row_id} was answered {answer['probability']}, right is {expected}"


@promise
def outcomes_are_kept(judged: Judged) -> Iterator[str]:
    """Feedback that was acknowledged is in the history."""
    kept = {each.prediction_id: each.outcome for each in judged.found.history}
    for prediction_id, label in judged.client.told.items():
        if kept.get(prediction_id) != label:
            yield f"{prediction_id} was told {label}, the history has {kept.get(prediction_id)}"


@promise
def no_champion_without_a_decision(judged: Judged) -> Iterator[str]:
    """Whoever serves, or was seen to serve, was made champion by a decision, which names who was before."""
    made = [each for each in judged.found.decisions if each["decision"] in ("promoted", "set_by_hand")]
    served = {each.answer["model_version"] for each in judged.client.asked if each.answer}
    for version in {judged.found.pointer["version"], *served}:
        if not any(each["champion"] == version for each in made):
            yield f"{version} serves, and no decision made it champion"
    known = {each["champion"] for each in made}
    for each in made:
        if each["previous"] is not None and each["previous"] not in known:
            yield f"{each['champion']} took the place of {each['previous']}, which no decision made champion"


@promise
def online_is_offline(judged: Judged) -> Iterator[str]:
    """The online store holds the features of one whole dataset version, value by value."""
    found = judged.found
    offline = found.features.get(found.online_version)
    if offline is None:
        yield f"Online is version {found.online_version!r}, of which there are no features offline"
    elif offline != found.online:
        other = [id_ for id_ in offline.keys() | found.online.keys() if offline.get(id_) != found.online.get(id_)]
        yield f"Rows {_some(other)} of {found.online_version} differ between the stores"


@promise
def the_online_store_never_goes_back(judged: Judged) -> Iterator[str]:
    """It holds the newest of the datasets that have features."""
    found = judged.found
    loaded = {version: found.datasets[version].loaded_at for version in found.published if version in found.datasets}
    newest = max(loaded, key=lambda version: loaded[version], default="")
    if found.online_version != newest:
        yield f"Online is version {found.online_version!r}, the newest is {newest!r}"


@promise
def what_s3_acknowledged_is_there(judged: Judged) -> Iterator[str]:
    """Each uploaded file, byte by byte."""
    for upload in judged.client.uploads:
        if judged.found.objects.get(upload.key) != md5(upload.content).hexdigest():
            yield f"{upload.key} was acknowledged, and is {'other' if upload.key in judged.found.objects else 'gone'}"


@promise
def every_upload_has_an_end(judged: Judged) -> Iterator[str]:
    """After at most the remedies that are documented, each file went through."""
    for upload in judged.client.uploads:
        if upload.status != "SUCCEEDED" and not any(upload.key in letter for letter in judged.found.letters):
            yield f"{upload.key} ended {upload.status or 'nowhere'}: {upload.cause}"


@promise
def a_retraining_has_one_run(judged: Judged) -> Iterator[str]:
    """A decision to train again names its run, and of a dataset there is one such decision."""
    started = [each for each in judged.found.retrainings if each["decision"] == "started"]
    for each in started:
        if not each["execution"]:
            yield f"The retraining on {each['dataset_version']} names no run"
    for dataset, times in Counter(each["dataset_version"] for each in started).items():
        if times > 1:
            yield f"Retraining on {dataset} was started {times} times"


@promise
def dead_letters_can_be_replayed(judged: Judged) -> Iterator[str]:
    """Each is an event that names a file which is there."""
    for letter in Counter(judged.found.letters) - judged.before.letters:
        try:
            key = json.loads(letter)["detail"]["object"]["key"]
        except (ValueError, KeyError, TypeError):
            yield f"A dead letter is no upload: {letter[:80]}"
            continue
        if key not in judged.found.objects:
            yield f"A dead letter names {key}, which is not there"


def broken(judged: Judged) -> dict[str, list[str]]:
    """The promises that do not hold, with up to five breaches of each."""
    found = {name: list(check(judged))[:5] for name, check in PROMISES.items()}
    return {name: breaches for name, breaches in found.items() if breaches}


def _some(things: Any) -> str:
    listed = sorted(map(str, things))
    return ", ".join(listed[:5]) + (f" and {len(listed) - 5} more" if len(listed) > 5 else "") if listed else "none"
