"""`python infra/new`, which is `make new`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from new.command import main

sys.exit(main())
