"""The database roles that functions log in with, one for each that must not alter the schema.

The migration step makes them (`functions/ingestion/roles.py`), under the owner's role. A role's password follows from
the owner's by HMAC-SHA256: whoever knows the owner's knows all, and a role's tells nothing of any other.
"""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

# By parameter of the template.
ROLES = {
    "FeaturesDatabaseUrl": "mlops_features",
    "TrainingDatabaseUrl": "mlops_training",
    "InferenceDatabaseUrl": "mlops_inference",
}


def role_urls(owner: str) -> Mapping[str, str]:
    """Each role's URL by the template's parameter; none where the owner's URL has no password to start from."""
    parts = urlsplit(owner)
    if not parts.password:
        return {}
    address = parts.netloc.rpartition("@")[2]

    def url(role: str) -> str:
        password = hmac.new(unquote(parts.password or "").encode(), role.encode(), hashlib.sha256).hexdigest()
        return parts._replace(netloc=f"{role}:{password}@{address}").geturl()

    return {parameter: url(role) for parameter, role in ROLES.items()}
