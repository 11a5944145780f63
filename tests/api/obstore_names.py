"""What obstore 0.12.1 and the seed (October 2024) offer: the names and signatures that we keep.

Facts, written down from their documentation; annotations are left out. `...` is a default that is
a constant of ours.
"""

from __future__ import annotations

MIB = 1024 * 1024

OBSTORE_FUNCTIONS = {
    "copy": "(store, from_, to, *, overwrite=True)",
    "delete": "(store, paths)",
    "get": "(store, path, *, options=None)",
    "get_range": "(store, path, *, start, end=None, length=None)",
    "get_ranges": f"(store, path, *, starts, ends=None, lengths=None, coalesce={MIB})",
    "head": "(store, path)",
    "list": "(store, prefix=None, *, offset=None, chunk_size=50, return_arrow=False)",
    "list_with_delimiter": "(store, prefix=None, *, return_arrow=False)",
    "put": "(store, path, file, *, attributes=None, tags=None, mode=None, use_multipart=None,"
    f" chunk_size={5 * MIB}, max_concurrency=12)",
    "rename": "(store, from_, to, *, overwrite=True)",
    "sign": "(store, method, paths, expires_in)",
    "open_reader": f"(store, path, *, buffer_size={MIB}, size=None)",
    "open_writer": f"(store, path, *, attributes=None, buffer_size={10 * MIB}, tags=None,"
    " max_concurrency=12)",
}
"""In pairs with their `_async` twins, but for `list`; with `parse_scheme` 26 in all."""

SEED_FUNCTIONS = {
    "copy": "(store, from_, to, *, overwrite=True)",
    "delete": "(store, paths)",
    "get": "(store, path, *, options=None)",
    "get_range": "(store, path, offset, length)",
    "get_ranges": "(store, path, offsets, lengths)",
    "head": "(store, path)",
    "list": "(store, prefix=None, *, offset=None, chunk_size=50, return_arrow=False)",
    "list_with_delimiter": "(store, prefix=None)",
    "put": f"(store, path, file, *, use_multipart=None, chunk_size={5 * MIB}, max_concurrency=12)",
    "rename": "(store, from_, to, *, overwrite=True)",
    "sign": "(store, method, paths, expires_in)",
}
"""The seed's, in pairs but for `list`: 21 in all."""

OBSTORE_TOP = [
    "Bytes",
    "store",
    "exceptions",
    "__version__",
    "parse_scheme",
    "Attribute",
    "Attributes",
    "AsyncReadableFile",
    "AsyncWritableFile",
    "BytesStream",
    "GetOptions",
    "GetResult",
    "HTTP_METHOD",
    "ListChunkType",
    "ListResult",
    "ListStream",
    "ObjectMeta",
    "OffsetRange",
    "PutMode",
    "PutResult",
    "ReadableFile",
    "SignCapableStore",
    "SuffixRange",
    "UpdateVersion",
    "WritableFile",
]

OBSTORE_STORE = [
    "AzureStore",
    "GCSStore",
    "HTTPStore",
    "LocalStore",
    "MemoryStore",
    "S3Store",
    "from_url",
    "ObjectStoreMethods",
    "ObjectStore",
    "AzureAccessKey",
    "AzureBearerToken",
    "AzureConfig",
    "AzureCredential",
    "AzureCredentialProvider",
    "AzureSASToken",
    "BackoffConfig",
    "ClientConfig",
    "GCSConfig",
    "GCSCredential",
    "GCSCredentialProvider",
    "RetryConfig",
    "S3Config",
    "S3Credential",
    "S3CredentialProvider",
]

OBSTORE_EXCEPTIONS = [
    "BaseError",
    "GenericError",
    "NotFoundError",
    "InvalidPathError",
    "JoinError",
    "NotSupportedError",
    "AlreadyExistsError",
    "PreconditionError",
    "NotModifiedError",
    "PermissionDeniedError",
    "UnauthenticatedError",
    "UnknownConfigurationKeyError",
]

METHODS = [
    "copy",
    "delete",
    "get",
    "get_range",
    "get_ranges",
    "head",
    "list",
    "list_with_delimiter",
    "put",
    "rename",
]
