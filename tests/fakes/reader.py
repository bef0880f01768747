"""An object store whose owner can take it away."""

from mlops.data.objects import ObjectReader
from mlops.errors import StoreUnavailableError


class FickleReader:
    """Implements `data.objects.ObjectReader` on another store unless `away`, and counts how often it is asked."""

    def __init__(self, store: ObjectReader) -> None:
        self._store = store
        self.away = False
        self.asked = 0

    def get(self, bucket: str, key: str) -> tuple[bytes, str]:
        self.asked += 1
        if self.away:
            raise StoreUnavailableError("away")
        return self._store.get(bucket, key)
