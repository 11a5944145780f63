"""The sandbox: the component compiled once a process, and instances of it.

An instance gets clocks and random numbers, and behind every other WASI name there is nothing: no
file, no variable, no argument, no socket. Its memory is capped, and so is the time of each call.
After a trap it is dead for good, and says so by `Instance.dead`; who owns it makes another one.

Code is quickest where 4 GiB of address space are reserved for each memory: no access needs a check.
Where address space is limited, memories take what they use, and a `get` takes some 5 us longer.
"""

from __future__ import annotations

import os
import platform
import threading
import time
import weakref
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from . import _cache, _convert, _room
from ._parking import Parking, inside, marked
from .exceptions import GenericError

MEMORY_LIMIT = 256 << 20
"""The most linear memory that an instance may have, in bytes."""

LOADING, COMPILING, OPENING = 64 << 20, 256 << 20, 8 << 20
"""What loading the code, compiling it and an instance take of the address space, in bytes."""

TIME_LIMIT = 10
"""How long one call may run, in seconds (it may take one more); the longest honest one, reading a
page of 64 MiB, takes two."""

END_LIMIT = 1.0
"""How long the interpreter's end waits for calls of daemon threads, in seconds."""

_creating = threading.RLock()
"""wasmtime-py is not thread-safe: one instance is created or closed at a time.

Reentrant, because the garbage collector may close an instance while another one is created.
"""


def _after_fork() -> None:
    global _creating  # noqa: PLW0603 - a thread that had it is not in the child
    _creating = threading.RLock()
    inside.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)

_INTERFACE = "object-store:core/{}@0.1.0"


class CoreStopped(Exception):
    """The core trapped; its instance is dead."""


def core_path() -> Path:
    """The component's file; `OBJECT_STORE_PY_CORE` names another one for tests."""
    named = os.environ.get("OBJECT_STORE_PY_CORE")
    return Path(named) if named else Path(__file__).with_name("core.wasm")


def _import_wasmtime() -> Any:
    try:
        import wasmtime
        import wasmtime.component  # pyright: ignore[reportUnusedImport] - that it can be imported is the question
    except (ImportError, OSError, RuntimeError, MemoryError) as error:
        if _room.is_lack(error):
            raise
        raise ImportError(
            "object_store_py runs its core with wasmtime, which has no native library for"
            f" {platform.system()} on {platform.machine()} ({error}). It has one for Linux, macOS"
            " and Windows on x86-64 and ARM64; MemoryStore and LocalStore work without it."
        ) from error
    return wasmtime


class _Clock:
    """Counts seconds for the engine, so that a call without an end is stopped."""

    def __init__(self, engine: Any) -> None:
        self.now = 0
        self._engine = engine
        self.closed = threading.Event()
        """Set when the engine is closed: the interpreter ends."""
        threading.Thread(target=self._run, name="object_store_py clock", daemon=True).start()

    def _run(self) -> None:
        while not self.closed.wait(1):
            with marked(), _creating:  # not while the engine is closed
                if not self.closed.is_set():
                    self._engine.increment_epoch()
                    self.now += 1

    def close(self) -> None:
        """Stop for good."""
        self.closed.set()


class _Compiled:
    """What all instances of a process share; `modest` is for those in little address space."""

    def __init__(self, modest: bool = False) -> None:
        self.wasmtime = _import_wasmtime()
        self.compile_seconds = 0.0
        self.modest = modest
        """Whether memories reserve no address space."""
        self._load(core_path().read_bytes())
        self.linker = self.wasmtime.component.Linker(self.engine)
        self.linker.add_wasip2()
        self.clock = _Clock(self.engine)
        self.instances: weakref.WeakSet[Instance] = weakref.WeakSet()
        shared = (self.linker, self.component, self.engine)
        weakref.finalize(self, _end, self.clock, self.instances, shared)

    def _make_engine(self, threads: bool) -> Any:
        config = self.wasmtime.Config()
        config.wasm_component_model = True
        # Debug information and unwinding tables are of no use for code without symbols.
        config.cranelift_opt_level = "speed"
        config.epoch_interruption = True
        config.parallel_compilation = threads
        if self.modest:
            config.memory_reservation = 0
            config.memory_guard_size = 1 << 16
            config.memory_reservation_for_growth = 1 << 17
        return self.wasmtime.Engine(config)

    def _load(self, core: bytes) -> None:
        component = self.wasmtime.component.Component
        cache, key = _cache.Cache(), self._key(core)
        code = cache.load(key)
        if self.modest:
            _room.require(LOADING if code is not None else COMPILING)
        if code is not None:
            self.engine = self._make_engine(False)
            try:
                self.component = component.deserialize(self.engine, code)
            except self.wasmtime.WasmtimeError as error:
                cache.tell(error)
            else:
                return
        self.engine = self._make_engine(_room.may_start(os.cpu_count() or 1))
        started = time.perf_counter()
        self.component = component(self.engine, core)
        self.compile_seconds = time.perf_counter() - started
        cache.store(key, self.component.serialize())

    def _key(self, core: bytes) -> str:
        """What the code depends on, as a name."""
        from importlib import metadata

        kind = "speed,epoch,modest" if self.modest else "speed,epoch"
        version = f"{metadata.version('wasmtime')} {platform.machine()} {platform.system()} {kind}"
        return sha256(sha256(core).digest() + version.encode()).hexdigest()[:32]


def _close(*objects: Any) -> None:
    """Free wasmtime's objects now; at the interpreter's end they would complain instead."""
    with _creating:
        for item in objects:
            item.close()


def _end(clock: _Clock, instances: weakref.WeakSet[Instance], shared: tuple[Any, ...]) -> None:
    """Close everything, at the interpreter's end; daemon threads may be at work yet."""
    with _creating:
        clock.close()
        left = list(instances)
    deadline = time.monotonic() + END_LIMIT
    for instance in left:
        instance.end(deadline)
    _close(*shared)


def _close_instance(functions: dict[str, Any], store: Any) -> None:
    """Free an instance, and forget its functions: calling one then would be a crash."""
    functions.clear()
    _close(store)


@cache
def _compiled(process: int, modest: bool = False) -> _Compiled:
    del process  # a forked child compiles (that is, loads from the cache) its own
    return _Compiled(modest)


_crowded = False
"""Whether 4 GiB of address space were not to be had once, though nobody limits them."""


def _shared() -> _Compiled:
    """The code for this process. What cannot be had is an error of ours."""
    with _room.needed():
        if _crowded or _room.is_limited():
            return _compiled(os.getpid(), True)
        return _compiled(os.getpid())


class Instance:
    """One instance of the component, for one store; to be called by one thread at a time."""

    def __init__(self) -> None:
        with _creating:
            self._begin(_shared())

    def _begin(self, shared: _Compiled) -> None:
        global _crowded  # noqa: PLW0603 - the process has one address space
        try:
            self._open(shared)
        except (MemoryError, shared.wasmtime.WasmtimeError) as error:
            if not _room.is_lack(error):
                raise
            if shared.modest:
                raise _room.lack(error) from None
            _crowded = True
            self._begin(_shared())

    def _open(self, shared: _Compiled) -> None:
        if shared.clock.closed.is_set():
            raise GenericError("the interpreter is ending: no store can be used any more")
        if shared.modest:
            _room.require(OPENING)
        wasmtime = shared.wasmtime
        self._error: type[Exception] = wasmtime.WasmtimeError
        self._store = wasmtime.Store(shared.engine)
        self._store.set_limits(memory_size=MEMORY_LIMIT)
        self._store.set_wasi(wasmtime.WasiConfig())
        self._clock = shared.clock
        self._wind()
        instance = shared.linker.instantiate(self._store, shared.component)
        self._functions = self._bind(instance)
        self._calling = threading.Lock()
        self._close = weakref.finalize(self, _close_instance, self._functions, self._store)
        self._close.atexit = False  # `_end` does it, when no thread is in it
        self.dead = False
        self.calls = 0
        self.parking = Parking()
        shared.instances.add(self)

    def _bind(self, instance: Any) -> dict[str, _convert.Caller]:
        functions: dict[str, _convert.Caller] = {}
        for interface, signatures in _convert.SIGNATURES.items():
            outer = instance.get_export_index(self._store, _INTERFACE.format(interface))
            for name, signature in signatures.items():
                index = instance.get_export_index(self._store, name, outer)
                function = instance.get_func(self._store, index)
                functions[name] = _convert.bind(self._store, function, signature)
        return functions

    def _wind(self) -> None:
        """Give the calls from now on their time."""
        self._wound = self._clock.now
        self._store.set_epoch_deadline(TIME_LIMIT + 1)

    def call(self, name: str, *arguments: Any) -> str:
        """Call an exported function. Throws `CoreStopped` when it traps."""
        if self.dead:
            raise CoreStopped("the core of this store has stopped")
        self.calls += 1
        try:
            with self._calling:
                function = self._functions.get(name)
                if function is None:
                    self.dead = True
                    raise CoreStopped("the interpreter is ending")
                if self._clock.now != self._wound:
                    self._wind()
                return function(*arguments)
        except self._error as error:
            self.dead = True
            # The text holds a backtrace of the component; its last line says why.
            reason = str(error).strip().splitlines()
            raise CoreStopped(reason[-1].strip() if reason else "it trapped") from None

    def end(self, deadline: float) -> None:
        """Close it, unless another thread is in it until then: to free it would be a crash."""
        if self._calling.acquire(timeout=max(0.0, deadline - time.monotonic())):
            try:
                self._close()
            finally:
                self._calling.release()


def parse_path_in_core(path: str) -> str:
    """What the core says of a path, as a step; for the test that compares the two parsers."""
    return Instance().call("parse-path", path)


def compile_seconds() -> float:
    """How long compiling took in this process; 0.0 when the cache had the code."""
    return _shared().compile_seconds
