"""COPY of an uploaded CSV into the staging table, and its complaints in words that name the remedy."""

import re
from typing import Any, cast

import psycopg2
from psycopg2 import extensions
from psycopg2.errors import CharacterNotInRepertoire

from mlops.data.csv_content import CsvContent
from mlops.data.rejection import DatasetRefusedError

_BLOCK = 1 << 16


def copy_rows(cursor: extensions.cursor, staging: str, fields: list[str], content: CsvContent) -> int:
    """Fill the staging table and say with how many rows; DatasetRefusedError if they cannot be read as CSV."""
    columns = ", ".join(fields)
    try:
        copy = f"COPY {staging} ({columns}) FROM STDIN (FORMAT csv, ENCODING 'UTF8', FORCE_NULL ({columns}))"
        cursor.copy_expert(copy, cast(Any, content), _BLOCK)  # of a file it asks for read() alone
    except psycopg2.DataError as error:
        raise DatasetRefusedError(_explained(error)) from error
    except psycopg2.Error:
        if content.failure is not None:
            raise content.failure from None
        raise
    if not cursor.rowcount:
        raise DatasetRefusedError("The file has a header and no rows: upload it with its rows")
    if cursor.rowcount != content.records:
        raise DatasetRefusedError(
            f"The file has {content.records} records, but PostgreSQL read {cursor.rowcount}: end all lines alike, "
            "and put a text with a comma, quote or line break in it in double quotes"
        )
    return cursor.rowcount


def _explained(error: psycopg2.Error) -> str:
    found = re.search(r"line (\d+)", error.diag.context or "")
    line = f"Line {int(found[1]) + 1}" if found else "The file"  # the header was taken off before
    complaint = error.diag.message_primary or ""
    if isinstance(error, CharacterNotInRepertoire):
        if complaint.endswith("0x00"):
            return f"{line} holds a NUL byte: the file is damaged or not text, export it again"
        return f"{line} is not UTF-8: save the file as UTF-8 and upload it again"
    return (
        f"{line} cannot be read as CSV ({complaint}): every line needs all columns, "
        "text with a comma or line break in it needs double quotes, and all lines must end alike"
    )
