"""A connection to PostgreSQL that lives as long as the execution environment."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from threading import RLock, Timer
from typing import Any

import psycopg2
from psycopg2 import extensions

from mlops.errors import StoreUnavailableError


class TablesMissingError(StoreUnavailableError):
    """The database has not got its tables yet: the deployment makes them."""


_OPTIONS: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "client_encoding": "UTF8",
    # A function that is killed or frozen inside a transaction must not hold its locks for long.
    "options": "-c idle_in_transaction_session_timeout=60000",
}


# Seconds after which a transaction is given up, for libpq itself waits for ever; below the functions' own timeouts.
TIMEOUT = 250.0


class Database:
    """Opens its one connection when first needed, and another when that one broke; threads take turns."""

    def __init__(self, url: str, timeout: float | None = None) -> None:
        self._url = url
        self._timeout = timeout or TIMEOUT
        self._connection: extensions.connection | None = None
        self._names = count()
        self._lock = RLock()  # a server answers in threads

    @contextmanager
    def transaction(self) -> Iterator[extensions.cursor]:
        """A cursor whose work is committed at the end and undone on any error.

        StoreUnavailableError if the server is away, shutting down, out of space or gave the transaction up.
        """
        try:
            with self._lock, self._watched(connection := self._open()), connection, connection.cursor() as cursor:
                yield cursor
        except psycopg2.errors.UndefinedTable as error:
            raise TablesMissingError(
                'PostgreSQL has no tables yet: invoke IngestionFunction with {"migrate": true}, as make up does'
            ) from error
        except psycopg2.Error as error:
            if not _is_away(error):
                raise
            raise StoreUnavailableError(f"PostgreSQL: {str(error).strip() or type(error).__name__}") from error

    def rows(self, query: str, parameters: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query; none over a database that has no tables yet, for nothing was ever kept there."""
        try:
            with self.transaction() as cursor:
                cursor.execute(query, parameters)
                return cursor.fetchall()
        except TablesMissingError:
            return []

    @contextmanager
    def stream(self, query: str, parameters: tuple[object, ...]) -> Iterator[extensions.cursor]:
        """The rows of a query, fetched in portions by a cursor on the server: memory stays flat."""
        with self.transaction() as cursor:
            name = f"stream_{next(self._names)}"
            with cursor.connection.cursor(name) as rows:
                rows.itersize = 5000
                rows.execute(query, parameters)
                yield rows

    def connect(self) -> extensions.connection:
        """A new connection, which the caller closes."""
        connection: extensions.connection = psycopg2.connect(self._url, **_OPTIONS)
        return connection

    def _open(self) -> extensions.connection:
        if self._connection is None or self._connection.closed or not self._answers(self._connection):
            self._connection = self.connect()
        return self._connection

    @contextmanager
    def _watched(self, connection: extensions.connection) -> Iterator[None]:
        """Hang up on a server that does not answer in time."""
        with socket.socket(fileno=os.dup(connection.fileno())) as own:
            timer = Timer(self._timeout, own.shutdown, [socket.SHUT_RDWR])
            timer.daemon = True
            timer.start()
            try:
                yield
            finally:
                timer.cancel()

    def _answers(self, connection: extensions.connection) -> bool:
        """Whether an idle connection is still there: the server may have restarted while the environment slept."""
        if connection.info.transaction_status != extensions.TRANSACTION_STATUS_IDLE:
            return True
        try:
            with self._watched(connection), connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            connection.rollback()
        except psycopg2.Error:
            return False
        return True


def _is_away(error: psycopg2.Error) -> bool:
    """A loss that libpq found out late is the root of all that servers say (psycopg/psycopg2#443)."""
    named = isinstance(error, (psycopg2.OperationalError, psycopg2.InterfaceError))
    return named or type(error) is psycopg2.DatabaseError
