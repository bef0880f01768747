"""What all functions are wired with: the use case, and the reading of events.

Which adapter stands behind which port is said in each function's own folder.
"""

from functools import cache

from mlops import settings
from mlops.use_case import UseCase, load


@cache
def use_case() -> UseCase:
    """The use case that this environment serves."""
    return load(settings.use_case())
