"""One target under atheris, which steers by coverage: `python -m fuzz.coverage_guided TARGET RUNS SEED FOLDER`.

An input that raises what is not documented, or takes more than ten seconds or two gigabytes, ends the process and is
kept in FOLDER.
"""

import json
import logging
import sys
from pathlib import Path

import atheris

logging.disable(logging.CRITICAL)
with atheris.instrument_imports(include=["mlops", "titanic"]):
    from fuzz.targets import TARGETS, seeds

SECONDS, MEGABYTES, LONGEST = 10, 2048, 4096
PROGRESS = 20_000


def main() -> None:
    target, runs, seed, folder = sys.argv[1:]
    root = Path(folder)
    corpus = root / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    tried, check = 0, TARGETS[target]
    for number, data in enumerate(seeds(target)):
        (corpus / f"seed-{number}").write_bytes(data)
        TARGETS[target](data)  # and what is imported on first use does not count as a hang

    def counted(data: bytes) -> None:
        nonlocal tried
        tried += 1
        if tried % PROGRESS == 0 or tried == int(runs):
            (root / "tried.json").write_text(json.dumps(tried))
        check(data)

    longest = max(LONGEST, 2 * max(len(data) for data in seeds(target)))
    flags = [f"-runs={runs}", f"-seed={seed}", f"-timeout={SECONDS}", f"-rss_limit_mb={MEGABYTES}"]
    flags += [f"-max_len={longest}", f"-artifact_prefix={root}/", "-verbosity=0", "-print_final_stats=0"]
    atheris.Setup([sys.argv[0], *flags, str(corpus)], counted)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
