"""A key with two letters swapped: the error of every store names the key that was meant."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from object_store_py import _azure
from object_store_py.options import CLIENT_KEYS
from object_store_py.store import AzureStore, GCSStore, S3Store


def s3(options: dict[str, Any]) -> Any:
    return S3Store("b", config=options)


def gcs(options: dict[str, Any]) -> Any:
    return GCSStore("b", config=options)


def azure(options: dict[str, Any]) -> Any:
    return AzureStore("c", config=options)


def client(options: dict[str, Any]) -> Any:
    return S3Store("b", client_options=options)


def test_a_prefix_does_not_count() -> None:
    with pytest.raises(ValueError, match="did you mean 'access_key_id'"):
        S3Store("b", config={"AWS_ACCES_KEY": "x"})


@pytest.mark.row("I6")
@pytest.mark.parametrize(
    ("make", "keys"),
    [
        (s3, S3Store._table.keys),
        (gcs, GCSStore._table.keys),
        (azure, _azure.KEYS.keys),
        (client, CLIENT_KEYS),
    ],
)
def test_the_nearest_key_is_named(make: Callable[[Any], Any], keys: Iterable[str]) -> None:
    for key in sorted(keys):
        typo = f"{key[:-2]}{key[-1]}{key[-2]}" if key[-1] != key[-2] else key[:-1]
        with pytest.raises(ValueError) as refused:
            make({typo: "CANARY"})
        assert f"'{key}'" in str(refused.value)
        assert "CANARY" not in str(refused.value)
