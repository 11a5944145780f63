"""However a store is configured: it is refused, or it can be shown, compared and used."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from object_store_py import config, store
from tests.harness.api import Api
from tests.properties.fake import make_transport
from tests.properties.junk import ANYTHING, GOOD, typed
from tests.properties.profile import profile
from tests.properties.promise import keep
from tests.properties.targets import Objects

KINDS: list[tuple[Any, str, Any, dict[str, str]]] = [
    (store.S3Store, "bucket", config.S3Config, {"access_key_id": "k", "secret_access_key": "s"}),
    (store.GCSStore, "bucket", config.GCSConfig, {"bearer_token": "t"}),
    (store.AzureStore, "container_name", config.AzureConfig, {"account_name": "a", "token": "t"}),
]
CLIENTS = st.one_of(st.none(), st.none(), GOOD["client_options"])
RETRIES = st.one_of(st.none(), st.none(), GOOD["retry_config"])
URLS = st.one_of(*[GOOD["url"]] * 5, ANYTHING)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "bucket", "keys", "works"), KINDS, ids=[kind.__name__ for kind, *_ in KINDS]
)
def test_any_configuration_is_used_or_refused(
    kind: Any, bucket: str, keys: Any, works: dict[str, str], loop: Api, objects: Objects
) -> None:
    @profile(150)
    @given(
        name=st.one_of(*[st.just("bucket")] * 9, ANYTHING),
        given=typed(keys),
        keywords=typed(keys),
        client=CLIENTS,
        retries=RETRIES,
        helped=st.sampled_from([True, True, True, False]),
        junk=st.sampled_from(["config", "client_options", "retry_config", "prefix", *[None] * 20]),
        anything=ANYTHING,
    )
    def check(
        name: Any,
        given: Any,
        keywords: Any,
        client: Any,
        retries: Any,
        helped: bool,
        junk: str | None,
        anything: Any,
    ) -> None:
        more = {key: value for key, value in (keywords or {}).items() if isinstance(key, str)}
        arguments = {
            "config": {**(given or {}), **works} if helped else given,
            "client_options": client,
            "retry_config": retries,
            "transport": make_transport(),
            bucket: name,
            **({} if junk is None else {junk: anything}),
        }
        arguments["async_transport"] = arguments["transport"]
        _try(lambda: kind(**{**more, **arguments}), loop)

    check()


def test_any_client_of_an_http_store_is_used_or_refused(loop: Api, objects: Objects) -> None:
    @profile(100)
    @given(url=URLS, client=CLIENTS, retries=RETRIES)
    def check(url: Any, client: Any, retries: Any) -> None:
        transport = make_transport()
        how: Any = {"transport": transport, "async_transport": transport}
        _try(lambda: store.HTTPStore(url, client_options=client, retry_config=retries, **how), loop)

    check()


def test_any_url_is_a_store_or_refused(loop: Api, objects: Objects) -> None:
    configs = GOOD["config"]

    @profile(150)
    @given(url=URLS, given=configs, client=CLIENTS, retries=RETRIES)
    def check(url: Any, given: Any, client: Any, retries: Any) -> None:
        how: Any = {"config": given, "client_options": client, "retry_config": retries}
        made = keep(lambda: store.from_url(url, **how), loop)
        _show(made, loop)

    check()


def _try(make: Any, loop: Api) -> None:
    made = keep(make, loop)
    _show(made, loop)
    if made is not None:
        keep(lambda: made.put("a", b"x"), loop)
        keep(lambda: made.get_async("a"), loop)


def _show(made: Any, loop: Api) -> None:
    """Whatever was made has a text, a hash, and a pickle or a reason why not."""
    if made is None:
        return
    assert repr(made)
    assert made == made  # noqa: PLR0124 - its own `__eq__`
    hash(made)
    for name in ("config", "client_options", "retry_config", "prefix"):
        getattr(made, name, None)
    keep(lambda: pickle.dumps(made) and None, loop)
