"""How long keys and metadata may be: the limits of each store, and not the least of all."""

from __future__ import annotations

from dataclasses import dataclass

from . import _redact
from .exceptions import InvalidPathError


@dataclass(frozen=True, slots=True)
class Limits:
    """What one kind of store takes."""

    key: int = 1 << 16
    """The longest key, the store's prefix included, in bytes of UTF-8."""
    in_characters: bool = False
    """Whether keys are measured in characters instead."""
    metadata: int | None = None
    """The most user metadata of an object, names and values, in bytes; None: any."""

    def check_key(self, path: str, name: str) -> None:
        """Refuse a key that the store cannot have."""
        if len(path) * 4 <= self.key:
            return
        length = len(path) if self.in_characters else len(path.encode())
        if length > self.key:
            unit = "characters" if self.in_characters else "bytes"
            raise InvalidPathError(
                f"{name} {_redact.value(path)} is too long: {length} {unit}, at most {self.key} are"
                " allowed"
            )


UNLIMITED = Limits()
"""Those of memory, and of disks, which have their own."""
OF_KIND = {
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html and UsingMetadata.html
    "s3": Limits(1024, metadata=2048),
    # https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata
    "azure": Limits(1024, in_characters=True, metadata=8192),
    # https://cloud.google.com/storage/quotas#objects
    "gcs": Limits(1024, metadata=8192),
    # What servers take of a URL, of which a byte may need three.
    "http": Limits(2500, metadata=8192),
}
"""By what the core calls a store's kind."""
