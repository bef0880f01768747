"""The same app for those who want a server: `uvicorn server:app`, each worker a process (see `make serve`)."""

import api
from limits import Concurrency

from titanic import settings

app = Concurrency(api.create(), settings.concurrency_limit())
