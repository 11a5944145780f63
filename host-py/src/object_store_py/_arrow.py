"""Listings as Arrow data: columns built from the rows of pages, by arro3-core when it is there."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from arro3.core import RecordBatch, Table

_HINT = "return_arrow=True needs the package arro3-core: pip install 'object-store-py[arrow]'"


def require() -> None:
    """Raise what to install, where arro3-core is missing, before anything is sent.

    Raises:
        ImportError: arro3-core is not installed.
    """
    try:
        import_module("arro3.core")
    except ImportError as error:
        raise ImportError(_HINT) from error


def record_batch(rows: Sequence[Sequence[Any]]) -> RecordBatch:
    """Make a batch of rows in the order of `RawMeta`.

    The schema is obstore's: path utf8, last_modified timestamp[us, UTC], size uint64, not null;
    e_tag and version utf8.
    """
    from arro3.core import Array, DataType, Field, RecordBatch, Schema

    text, moment = DataType.utf8(), DataType.timestamp("us", tz="UTC")
    # Whole columns cross at once; a timestamp is made of its number without a datetime between.
    arrays = [
        Array([row[0] for row in rows], text),
        Array([row[1] for row in rows], DataType.int64()).cast(moment),
        Array([row[2] for row in rows], DataType.uint64()),
        Array([row[3] for row in rows], text),
        Array([row[4] for row in rows], text),
    ]
    schema = Schema(
        [
            Field("path", text, nullable=False),
            Field("last_modified", moment, nullable=False),
            Field("size", DataType.uint64(), nullable=False),
            Field("e_tag", text, nullable=True),
            Field("version", text, nullable=True),
        ]
    )
    # Its overloads name arrays of numpy, which has no types where it is not installed.
    return RecordBatch.from_arrays(arrays, schema=schema)  # pyright: ignore[reportUnknownMemberType] - see above


def table(rows: Sequence[Sequence[Any]]) -> Table:
    """Make a table of one batch of rows; see `record_batch`."""
    from arro3.core import Table

    return Table.from_batches([record_batch(rows)])
