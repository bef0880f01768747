"""Features: a dataset version into the offline and the online store."""

from functools import cache
from typing import Any

from mlops import settings
from mlops.features.featurize import featurize
from mlops.stores.online_store import RedisOnlineStore
from mlops.stores.postgres.database import Database
from mlops.stores.postgres.dataset_store import PostgresDatasetStore
from mlops.stores.postgres.offline_store import PostgresOfflineStore
from mlops.wiring import use_case


@cache
def _stores() -> tuple[PostgresDatasetStore, PostgresOfflineStore, RedisOnlineStore]:
    """A connection each: rows are read from one while their features are copied into the other."""
    url, case = settings.database_url(), use_case()
    return (
        PostgresDatasetStore(Database(url), case),
        PostgresOfflineStore(Database(url), case),
        RedisOnlineStore(settings.redis_url(), case),
    )


def write_features(dataset_version: str) -> dict[str, Any]:
    """Derive the features of one dataset version and keep them in both stores."""
    return featurize(use_case(), *_stores(), dataset_version)
