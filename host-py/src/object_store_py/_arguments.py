"""Arguments of the verbs, parsed before anything is sent; errors name the argument and the rule."""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from . import _checks, _redact
from ._backend import ByteRange, GetRequest, Mode, PutRequest
from .types import OnBadKey

MAX_OFFSET = 2**63 - 1
_METHODS = frozenset(
    ("GET", "PUT", "POST", "HEAD", "PATCH", "TRACE", "DELETE", "OPTIONS", "CONNECT")
)
_STANDARD = {
    name.lower().replace("-", ""): name
    for name in (
        "Content-Disposition",
        "Content-Encoding",
        "Content-Language",
        "Content-Type",
        "Cache-Control",
        "Storage-Class",
    )
}
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_GET_KEYS = (
    "if_match",
    "if_none_match",
    "if_unmodified_since",
    "if_modified_since",
    "range",
    "version",
    "head",
)


def offset(value: object, name: str) -> int:
    """A position in an object: an int from 0 to 2^63 - 1."""
    try:
        number = operator.index(value)  # type: ignore[arg-type] # what is no number throws
    except TypeError:
        raise TypeError(f"{name} must be an int, not {type(value).__name__}") from None
    if not 0 <= number <= MAX_OFFSET:
        raise ValueError(f"{name} must be between 0 and 2^63 - 1, but is {number}")
    return number


def on_bad_key(value: object) -> OnBadKey:
    """What a listing does with keys that no path can name."""
    if value in ("raise", "skip", "keep"):
        return value
    raise ValueError(f"on_bad_key must be 'raise' or 'skip' or 'keep', not {_redact.value(value)}")


def positive(value: object, name: str) -> int:
    """A number of something: an int from 1."""
    number = offset(value, name)
    if number == 0:
        raise ValueError(f"{name} must be at least 1")
    return number


def bounded(start: object, end: object, length: object) -> ByteRange:
    """The range of `start` and either `end` or `length`."""
    first = offset(start, "start")
    if (end is None) == (length is None):
        raise ValueError("give either end or length: one of them says where the range ends")
    last = offset(end, "end") if end is not None else first + offset(length, "length")
    if last <= first or last > MAX_OFFSET:
        raise ValueError(f"Invalid range requested: start {first}, end {last}")
    return ("bounded", first, last)


def byte_range(value: Any) -> ByteRange:
    """The `range` of `GetOptions`."""
    if isinstance(value, Mapping):
        pairs = cast("Mapping[str, Any]", value)
        if len(pairs) == 1 and "offset" in pairs:
            return ("offset", offset(pairs["offset"], "range offset"))
        if len(pairs) == 1 and "suffix" in pairs:
            return ("suffix", positive(pairs["suffix"], "range suffix"))
        raise ValueError("range as a dict must be {'offset': n} or {'suffix': n}")
    given: Sequence[Any] = () if isinstance(value, str) else cast("Sequence[Any]", value)
    if not isinstance(value, Sequence) or len(given) != 2:
        raise TypeError(f"range must be (start, end) or a dict, not {_redact.value(given)}")
    start, end = given
    if end is None:
        return ("offset", offset(start, "range start"))
    if start is None:
        return ("suffix", positive(end, "range suffix"))
    return bounded(start, end, None)


def header_text(value: object, name: str) -> str:
    """A text that goes into a header: no control character in it."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    if _CONTROL.search(value):
        raise ValueError(f"{name} must not have control characters: {_redact.value(value)}")
    return value


def _condition(value: object, name: str) -> str:
    """The text of a condition; an empty one would be none at all."""
    text = header_text(value, name)
    if not text:
        raise ValueError(f"{name} must not be empty; leave it out for no condition")
    return text


def micros(value: object, name: str) -> int:
    """An aware datetime as microseconds since 1970."""
    if not isinstance(value, datetime):
        raise TypeError(f"{name} must be a datetime, not {type(value).__name__}")
    if value.tzinfo is None:
        raise TypeError(f"{name}: expected a datetime with non-None tzinfo")
    return (value - _EPOCH) // _MICROSECOND


def to_datetime(modified: int) -> datetime:
    """Microseconds since 1970 as a datetime in UTC."""
    return _EPOCH + _MICROSECOND * modified  # a timedelta of its own would take longer


def get_options(options: Mapping[str, Any] | None) -> GetRequest:
    """`GetOptions`, parsed."""
    request = GetRequest()
    for name, value in _checks.mapping(options, "options").items():
        if name not in _GET_KEYS:
            import difflib

            nearest = difflib.get_close_matches(name, _GET_KEYS, 1, 0.4)
            hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
            raise TypeError(f"{name!r} is no option of get{hint}")
        if value is None:
            continue
        if name == "range":
            request.range = byte_range(value)
        elif name == "head":
            request.head = bool(value)
        elif name.endswith("_since"):
            setattr(request, name, micros(value, name))
        else:
            setattr(request, name, _condition(value, name))
    return request


def put_options(
    attributes: Mapping[str, Any] | None,
    tags: Mapping[str, Any] | None,
    mode: Any,
    limit: int | None,
) -> PutRequest:
    """The options of a put, parsed; `limit` is the most user metadata, in bytes."""
    named = _attributes(_checks.mapping(attributes, "attributes"), limit)
    return PutRequest(_mode(mode), named, _tags(_checks.mapping(tags, "tags")))


def _mode(mode: Any) -> Mode:
    if mode is None:
        return "overwrite"
    if isinstance(mode, str):
        if mode.lower() not in ("create", "overwrite"):
            raise ValueError(f"Unexpected input for PutMode: {_redact.value(mode)}")
        return mode.lower()
    if not isinstance(mode, Mapping):
        raise TypeError("mode must be 'create', 'overwrite' or {'e_tag': ..., 'version': ...}")
    update: dict[str, str | None] = {}
    for name, value in cast("Mapping[str, Any]", mode).items():
        if name not in ("e_tag", "version"):
            raise TypeError(f"{name!r} is no key of an update: known are e_tag and version")
        update[name] = None if value is None else _condition(value, name)
    return update


def _attributes(attributes: Mapping[str, Any], limit: int | None) -> dict[str, str]:
    parsed: dict[str, str] = {}
    size = 0
    for name, value in attributes.items():
        if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance] - not all callers are typed
            raise TypeError(f"attributes: a name must be a str, not {type(name).__name__}")
        standard = _STANDARD.get(name.lower().replace("-", ""))
        if standard is None and not _TOKEN.fullmatch(name):
            raise ValueError(
                f"attributes: {_redact.value(name)} is no name for metadata: letters, digits and"
                " !#$%&'*+.^_`|~- are allowed"
            )
        text = header_text(value, f"attributes[{name!r}]")
        if not text.isascii():
            raise ValueError(
                f"attributes[{name!r}] must be ASCII: encode it, for example in base64"
            )
        if standard is None:
            size += len(name) + len(text)
        parsed[standard or name] = text
    if limit is not None and size > limit:
        raise ValueError(f"attributes: {size} bytes of metadata, at most {limit} are allowed")
    return parsed


def _tags(tags: Mapping[str, Any]) -> dict[str, str]:
    return {
        header_text(name, "a tag's name"): header_text(value, f"tags[{name!r}]")
        for name, value in tags.items()
    }


def method(value: object) -> str:
    """The method that a signed URL allows."""
    if not isinstance(value, str) or value not in _METHODS:
        raise ValueError(f"Unsupported HTTP method {_redact.value(value)}; upper case is expected")
    return value


def expiry(value: object) -> int:
    """How long a signed URL is valid, in whole seconds."""
    if not isinstance(value, timedelta):
        raise TypeError(f"expires_in must be a timedelta, not {type(value).__name__}")
    seconds = value // timedelta(seconds=1)
    if not 0 < seconds <= 604_800:
        raise ValueError(f"expires_in must be between one second and seven days, but is {value}")
    return seconds


def writable(buffer: Any) -> memoryview:
    """Memory to read into, as single bytes.

    Raises:
        TypeError: it is not memory, or read-only.
        ValueError: it is not in one piece.
    """
    try:
        view = memoryview(buffer)
    except (TypeError, ValueError, BufferError) as error:
        raise TypeError(
            "buffer must be writable memory, such as a bytearray, a memoryview or a numpy array,"
            f" not {type(buffer).__name__}: {error}"
        ) from None
    if view.readonly:
        raise TypeError(f"buffer must be writable, but this {type(buffer).__name__} is read-only")
    if not view.c_contiguous:
        raise ValueError("buffer must be in one piece (C-contiguous), not a view with gaps")
    if not view.nbytes:
        return memoryview(bytearray())
    if view.format in _PLAIN:
        return view.cast("B")
    import ctypes  # numpy's records have formats that a memoryview does not know

    memory: Any = (ctypes.c_ubyte * view.nbytes).from_buffer(buffer)
    return memoryview(memory).cast("B")


_PLAIN = frozenset("cbBhHiIlLqQnNefd?")
