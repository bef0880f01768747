"""Whether the checker sees each promise broken on purpose."""

import random
from collections.abc import Callable

from . import evidence, promises
from .client import Client
from .history import Stage
from .mutations import MUTATIONS


def seen(stage: Stage, say: Callable[[str], None] = lambda _: None) -> dict[str, bool]:
    """Break each promise in turn on a cloud where all hold; of each mutation, whether the right promise was named.

    AssertionError if one does not hold before, or does not hold again once the mutation is mended.
    """
    client, before = prepared(stage)
    found = {}
    for name, mutation in MUTATIONS.items():
        undo = mutation(stage.cloud, client, client.uploads[0])
        found[name] = name.partition(" | ")[0] in promises.broken(stage.judged(client, before))
        undo()
        say(f"{'✓' if found[name] else '✗'} seen: {name}")
    assert not (wrong := promises.broken(stage.judged(client, before))), wrong
    return found


def prepared(stage: Stage) -> tuple[Client, promises.Before]:
    """A client with one file that went through, some predictions and an outcome, and what was there before."""
    from .scene import Scene

    client = Client(stage.cloud, random.Random(1))
    scene = Scene(stage.cloud, client, client.chance)
    scene.keep()
    before = promises.Before.of(evidence.read(stage.cloud))
    upload = client.file()
    client.upload(upload)
    for _ in range(10):
        client.predict()
    client.tell(client.answered()[0], 1)
    client.await_end(upload)
    scene.keep()
    assert not (wrong := promises.broken(stage.judged(client, before))), wrong
    return client, before
