"""Which adapter stands behind which port: a module for each function, wired at the first event of an environment.

Imports are local where they are slow, so that a function loads only the drivers it uses.
"""

from functools import cache

from mlops import settings
from mlops.use_case import UseCase, load


@cache
def use_case() -> UseCase:
    """The use case that this environment serves."""
    return load(settings.use_case())
