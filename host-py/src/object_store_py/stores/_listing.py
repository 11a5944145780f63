"""The methods that list, of every store: as lists of metadata, or as Arrow data."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, overload

from .. import _arguments, _arrow
from .._driver import run, run_async
from .._effects import Plan
from .._operations import Operations, object_metas
from ..results import ListStream
from ..types import ListResult, ObjectMeta, OnBadKey

if TYPE_CHECKING:
    from arro3.core import RecordBatch, Table


class ListingMethods:
    """What lists."""

    def _verbs(self) -> Operations:
        raise NotImplementedError

    @overload
    def list(
        self,
        prefix: str | None = None,
        *,
        offset: str | None = None,
        chunk_size: int = 50,
        return_arrow: Literal[False] = False,
        on_bad_key: OnBadKey = "raise",
    ) -> ListStream[builtins.list[ObjectMeta]]: ...
    @overload
    def list(
        self,
        prefix: str | None = None,
        *,
        offset: str | None = None,
        chunk_size: int = 50,
        return_arrow: Literal[True],
        on_bad_key: OnBadKey = "raise",
    ) -> ListStream[RecordBatch]: ...
    @overload
    def list(
        self,
        prefix: str | None = None,
        *,
        offset: str | None = None,
        chunk_size: int = 50,
        return_arrow: bool,
        on_bad_key: OnBadKey = "raise",
    ) -> ListStream[builtins.list[ObjectMeta]] | ListStream[RecordBatch]: ...
    def list(
        self,
        prefix: str | None = None,
        *,
        offset: str | None = None,
        chunk_size: int = 50,
        return_arrow: bool = False,
        on_bad_key: OnBadKey = "raise",
    ) -> ListStream[builtins.list[ObjectMeta]] | ListStream[RecordBatch]:
        """List the objects below a prefix, in chunks, as they are needed.

        Args:
            prefix: whole segments of a path: `a` lists `a/b`, and `a/`, the folder's own marker,
                if there is one; not `ab`.
            offset: only objects whose path is greater than this one.
            chunk_size: how many objects are in a chunk; the last one may have fewer.
            return_arrow: Arrow record batches instead of lists; needs the extra `arrow`.
            on_bad_key: what to do with a key that no path can name, such as `a//b` or `../x`:
                `"raise"` ends the listing, `"skip"` leaves it out and puts it, as the store spells
                it, into the result's `skipped`, and `"keep"` gives it as a `RawKey`, which all
                verbs take. A key that is not below the prefix is never given.

        Returns:
            An iterator, also an asynchronous one, of lists of metadata or of record batches with
            the columns path, last_modified, size, e_tag and version.

        Raises:
            InvalidPathError: the store has a key that no path can name; while iterating.
            ImportError: `return_arrow` is True and arro3-core is not installed.
        """
        size = _arguments.positive(chunk_size, "chunk_size")
        on_bad_key = _arguments.on_bad_key(on_bad_key)
        verbs = self._verbs()
        next_page = partial(verbs.list_page, prefix, False, offset, on_bad_key=on_bad_key)
        if return_arrow:
            _arrow.require()
            return ListStream(next_page, size, _arrow.record_batch)
        return ListStream(next_page, size, object_metas)

    @overload
    def list_async(
        self,
        prefix: str | None = None,
        *,
        offset: str | None = None,
        chunk_size: int = 50,
        return_arrow: Literal[False] = False,
        on_bad_key: OnBadKey = "raise",
    ) -> ListStream[builtins.list[ObjectMeta]]: ...
    @overload
    def list_async(
        self,
        prefix: str | None = None,
        *,
        offset: str | None = None,
        chunk_size: int = 50,
        return_arrow: Literal[True],
        on_bad_key: OnBadKey = "raise",
    ) -> ListStream[RecordBatch]: ...
    @overload
    def list_async(
        self,
        prefix: str | None = None,
        *,
        offset: str | None = None,
        chunk_size: int = 50,
        return_arrow: bool,
        on_bad_key: OnBadKey = "raise",
    ) -> ListStream[builtins.list[ObjectMeta]] | ListStream[RecordBatch]: ...
    def list_async(
        self,
        prefix: str | None = None,
        *,
        offset: str | None = None,
        chunk_size: int = 50,
        return_arrow: bool = False,
        on_bad_key: OnBadKey = "raise",
    ) -> ListStream[builtins.list[ObjectMeta]] | ListStream[RecordBatch]:
        """List the objects below a prefix: the same as `list`, whose result is async, too."""
        return self.list(
            prefix,
            offset=offset,
            chunk_size=chunk_size,
            return_arrow=return_arrow,
            on_bad_key=on_bad_key,
        )

    @overload
    def list_with_delimiter(
        self,
        prefix: str | None = None,
        *,
        return_arrow: Literal[False] = False,
        on_bad_key: OnBadKey = "raise",
    ) -> ListResult[Sequence[ObjectMeta]]: ...
    @overload
    def list_with_delimiter(
        self,
        prefix: str | None = None,
        *,
        return_arrow: Literal[True],
        on_bad_key: OnBadKey = "raise",
    ) -> ListResult[Table]: ...
    @overload
    def list_with_delimiter(
        self,
        prefix: str | None = None,
        *,
        return_arrow: bool,
        on_bad_key: OnBadKey = "raise",
    ) -> ListResult[Sequence[ObjectMeta]] | ListResult[Table]: ...
    def list_with_delimiter(
        self,
        prefix: str | None = None,
        *,
        return_arrow: bool = False,
        on_bad_key: OnBadKey = "raise",
    ) -> ListResult[Sequence[ObjectMeta]] | ListResult[Table]:
        """List the objects directly below a prefix, and the prefixes one segment longer.

        Args:
            prefix: whole segments of a path.
            return_arrow: the objects as an Arrow table; needs the extra `arrow`.
            on_bad_key: what to do with a key that no path can name, as in `list`.

        Returns:
            `common_prefixes`, a sorted list, and `objects`; with `on_bad_key="skip"` also
            `skipped`, the keys and prefixes left out, as the store spells them.

        Raises:
            InvalidPathError: the store has a key there that no path can name.
            ImportError: `return_arrow` is True and arro3-core is not installed.
        """
        return run(self._list_with_delimiter(prefix, return_arrow, on_bad_key))

    @overload
    async def list_with_delimiter_async(
        self,
        prefix: str | None = None,
        *,
        return_arrow: Literal[False] = False,
        on_bad_key: OnBadKey = "raise",
    ) -> ListResult[Sequence[ObjectMeta]]: ...
    @overload
    async def list_with_delimiter_async(
        self,
        prefix: str | None = None,
        *,
        return_arrow: Literal[True],
        on_bad_key: OnBadKey = "raise",
    ) -> ListResult[Table]: ...
    @overload
    async def list_with_delimiter_async(
        self,
        prefix: str | None = None,
        *,
        return_arrow: bool,
        on_bad_key: OnBadKey = "raise",
    ) -> ListResult[Sequence[ObjectMeta]] | ListResult[Table]: ...
    async def list_with_delimiter_async(
        self,
        prefix: str | None = None,
        *,
        return_arrow: bool = False,
        on_bad_key: OnBadKey = "raise",
    ) -> ListResult[Sequence[ObjectMeta]] | ListResult[Table]:
        """List one level; see `list_with_delimiter`."""
        return await run_async(self._list_with_delimiter(prefix, return_arrow, on_bad_key))

    def _list_with_delimiter(
        self, prefix: str | None, return_arrow: bool, on_bad_key: OnBadKey
    ) -> Plan[ListResult[Sequence[ObjectMeta]] | ListResult[Table]]:
        if return_arrow:
            _arrow.require()
        on_bad_key = _arguments.on_bad_key(on_bad_key)
        page = yield from self._verbs().list_with_delimiter(prefix, on_bad_key)
        result: ListResult[Any] = {
            "common_prefixes": page.prefixes,
            "objects": (_arrow.table if return_arrow else object_metas)(page.objects),
        }
        if on_bad_key == "skip":
            result["skipped"] = page.skipped
        return result
