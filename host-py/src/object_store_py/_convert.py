"""Calling the component fast: the one file that knows wasmtime-py's private parts.

wasmtime-py reads a function's type again at every call, which costs more than the call. Our
signatures are flat and known, so this file builds the C values itself, with the strings borrowed
from Python instead of copied, and falls back to `Func.__call__` where the private parts have
changed. A test compares the two ways.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

Caller = Callable[..., str]
"""Calls one exported function with its arguments; returns its string."""

SIGNATURES: dict[str, dict[str, str]] = {
    "stores": {"open": "ss", "parse-path": "s"},
    "operations": {
        "get": "iss",
        "put": "isLss",
        "create-upload": "iss",
        "put-part": "issiLs",
        "complete-upload": "isss",
        "abort-upload": "iss",
        "list": "iss",
        "delete": "is",
        "copy": "issb",
        "copy-part": "issis",
        "complete-copy": "issss",
        "tags": "is",
        "sign": "issi",
    },
    "http": {"respond": "iiss", "fail": "ies", "credential": "isLs", "cancel": "i", "mail": ""},
}
"""Every export: s string, i u32, L u64, b bool, e enum. All return a string."""


class _Text(ctypes.Structure):
    _fields_ = (("size", ctypes.c_size_t), ("data", ctypes.c_char_p))


class _RawText(ctypes.Structure):
    _fields_ = (("size", ctypes.c_size_t), ("data", ctypes.c_void_p))


class _Of(ctypes.Union):
    _fields_ = (
        ("flag", ctypes.c_bool),
        ("small", ctypes.c_uint32),
        ("large", ctypes.c_uint64),
        ("text", _Text),
        ("raw", _RawText),
        ("_size", ctypes.c_uint64 * 3),
    )


class _Value(ctypes.Structure):
    """The same memory as wasmtime's `wasmtime_component_val_t`."""

    _fields_ = (("kind", ctypes.c_uint8), ("of", _Of))


def bind(store: Any, function: Any, signature: str) -> Caller:
    """A caller of an exported function: the fast one where wasmtime-py allows it."""
    try:
        return _bind_fast(store, function, signature)
    except (AttributeError, TypeError, ImportError):
        return bind_slow(store, function)


def bind_slow(store: Any, function: Any) -> Caller:
    """A caller through wasmtime-py's public interface."""

    def call(*arguments: Any) -> str:
        answer: str = function(store, *arguments)
        return answer

    return call


def _bind_fast(store: Any, function: Any, signature: str) -> Caller:
    from wasmtime import _ffi as private
    from wasmtime._error import WasmtimeError

    ffi: Any = private
    if ctypes.sizeof(_Value) != ctypes.sizeof(ffi.wasmtime_component_val_t):
        raise TypeError("wasmtime's values have another size than those of this file")
    kinds = _kinds(ffi, signature)
    invoke = ffi.dll["wasmtime_component_func_call"]  # a function object of our own
    invoke.restype = ctypes.c_void_p
    # To free some memory is not worth letting other threads have the GIL, and waiting for it.
    delete = ctypes.PyDLL(ffi.dll._name, handle=ffi.dll._handle)["wasmtime_component_val_delete"]
    delete.restype, delete.argtypes = None, [ctypes.c_void_p]
    count = len(signature)
    values: Any = (_Value * max(count, 1))()
    result = _Value()
    for value, (kind, _) in zip(values, kinds):
        value.kind = kind
    fixed = (ctypes.byref(function._func), store._context(), values, ctypes.c_size_t(count))
    outcome, one = ctypes.byref(result), ctypes.c_size_t(1)
    error_of = _error_caster(ffi)
    # Each attribute of a ctypes value is an object of its own: these are made once, not a call.
    places = [value.of.text if kind in "se" else value.of for value, kind in zip(values, signature)]
    setters = [(set_value, place) for (_, set_value), place in zip(kinds, places)]
    raw = result.of.raw
    string_at = ctypes.string_at

    def call(*arguments: Any) -> str:
        for (set_value, place), argument in zip(setters, arguments, strict=True):
            set_value(place, argument)
        error = invoke(*fixed, outcome, one)
        if error:
            raise WasmtimeError._from_ptr(error_of(error))
        text = string_at(raw.data, raw.size).decode() if raw.size else ""
        delete(outcome)
        return text

    return call


def _error_caster(ffi: Any) -> Callable[[int], Any]:
    cast: Any = ctypes.cast
    pointer_to: Any = ctypes.POINTER
    kind = pointer_to(ffi.wasmtime_error_t)
    return lambda address: cast(address, kind)


def _set_text(text: Any, value: str) -> None:
    data = value.encode()
    text.size = len(data)
    text.data = data


def _set_small(of: Any, value: int) -> None:
    of.small = value


def _set_large(of: Any, value: int) -> None:
    of.large = value


def _set_flag(of: Any, value: bool) -> None:
    of.flag = value


def _kinds(ffi: Any, signature: str) -> list[tuple[int, Callable[[Any, Any], None]]]:
    known: dict[str, tuple[int, Callable[[Any, Any], None]]] = {
        "s": (ffi.WASMTIME_COMPONENT_STRING.value, _set_text),
        "e": (ffi.WASMTIME_COMPONENT_ENUM.value, _set_text),
        "i": (ffi.WASMTIME_COMPONENT_U32.value, _set_small),
        "L": (ffi.WASMTIME_COMPONENT_U64.value, _set_large),
        "b": (ffi.WASMTIME_COMPONENT_BOOL.value, _set_flag),
    }
    return [known[letter] for letter in signature]
