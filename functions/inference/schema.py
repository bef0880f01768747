"""The use case as a page or a program sees it: what `GET /schema` answers."""

from typing import Any

from bodies import MAX_BATCH

from mlops import settings
from mlops.use_case import Column, Feature, UseCase


def describe(case: UseCase) -> dict[str, Any]:
    """The whole declaration, as plain JSON."""
    one, many = case.entity
    label = case.label
    return {
        "name": case.name,
        "title": case.title,
        "question": case.question,
        "summary": case.summary,
        "source": case.source,
        "entity": {"one": one, "many": many},
        "id": {"name": case.id.name, "type": case.id.kind} if case.id else None,
        "label": {
            "name": label.name,
            "key": label.key,
            "title": label.title or label.name,
            "values": list(label.values),
            "words": list(label.titles),
        },
        "columns": [_column(column) for column in case.columns],
        "features": [_feature(feature) for feature in (*case.features, *case.learned_features)],
        "examples": [
            {"row": dict(each.row), "label": each.label, "title": each.title, "story": each.story}
            for each in case.examples
        ],
        "batch": {"key": case.batch_key, "maximum": MAX_BATCH},
        "schema_hash": case.schema_hash,
        "form": case.form or None,
        "demo": settings.demo(),
    }


def _column(column: Column) -> dict[str, Any]:
    words = column.words or tuple(map(str, column.choices))
    return {
        "name": column.name,
        "type": column.kind,
        "title": column.title or column.name,
        "description": column.description,
        "required": column.required and not column.ignored,
        "minimum": column.low,
        "maximum": column.high,
        "max_length": column.max_length if column.kind == "text" or column.open else None,
        "choices": [{"value": value, "title": title} for value, title in zip(column.choices, words, strict=True)],
        "open": column.open,
        "missing": list(column.missing),
        "ignored": column.ignored,
    }


def _feature(feature: Feature) -> dict[str, Any]:
    return {
        "name": feature.name,
        "type": feature.type,
        "title": feature.title or feature.name,
        "meaning": feature.meaning,
        "source": list(feature.source),
        "words": dict(feature.words),
    }
