"""Forks and signals in the middle of the load: the main thread's part of the soak.

Children go on with the parent's store and with what it had half read; a handler of SIGALRM uses the
store wherever the main thread happens to be, inside an operation of the same store, too.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import object_store_py as obs
from object_store_py.exceptions import BaseError
from tests.soak.calls import Blocking, drive
from tests.soak.load import step
from tests.soak.worker import PART, Content, Worker

EVERY = 0.05
"""Seconds between two signals."""
FORKS = 0.5
"""Seconds between two forks."""
CHUNK = 1 << 20
HALF = Content(seed=1, size=PART)
SMALL = Content(seed=2, size=30_000)
KEY = "interrupts/half read"
RIGHT, WRONG, REFUSED, FAILED = range(4)
"""How a child ends: refused is an error of ours about what was half read, which is allowed."""
_ENDINGS = {RIGHT: "right", WRONG: "wrong bytes", REFUSED: "half read: an error", FAILED: "failed"}


@dataclass
class Interrupts:
    """Who forks and who is interrupted, and what came of it."""

    store: Any
    patience: float
    """How many seconds a child may take."""
    worker: Worker = field(default_factory=lambda: Worker("main"))
    forks: Counter[str] = field(default_factory=Counter[str])
    signals: Counter[str] = field(default_factory=Counter[str])
    wrong: list[str] = field(default_factory=list[str])
    """Bytes that were not those that were written, and children that hung."""

    def run(self, until: float) -> None:
        """Work in the main thread until then, interrupted by signals and by forks."""
        # Python 3.12 warns of a fork beside threads: that is what is tried here.
        warnings.filterwarnings("ignore", category=DeprecationWarning, message=".*fork.*")
        while not self._written() and time.monotonic() < until:
            pass
        due = time.monotonic()
        with self._signals():
            while time.monotonic() < until:
                drive(step(self.worker, Blocking(self.store)))
                if time.monotonic() >= due:
                    due = time.monotonic() + FORKS
                    with contextlib.suppress(BaseError):  # the load has faults
                        self._fork()

    def _written(self) -> bool:
        try:
            self.store.put(KEY, HALF.make())
        except BaseError:
            return False
        return True

    # Signals.

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        before = signal.signal(signal.SIGALRM, self._handle)
        signal.setitimer(signal.ITIMER_REAL, EVERY)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        try:
            key = f"interrupts/signal {self.signals.total() % 8}"
            self.store.put(key, SMALL.make())
            right = bytes(self.store.get(key).bytes()) == SMALL.make()
        except BaseError as error:
            self.signals[f"{type(error).__name__}: {str(error).rpartition(': ')[2][:60]}"] += 1
        else:
            self.signals["right" if right else "wrong bytes"] += 1
            if not right:
                self.wrong.append("in a signal handler")
        signal.setitimer(signal.ITIMER_REAL, EVERY)

    # Forks.

    def _fork(self) -> None:
        stream = iter(self.store.get(KEY).stream(CHUNK))
        taken = bytes(next(stream))
        with obs.open_reader(self.store, KEY, buffer_size=CHUNK) as file:
            head = bytes(file.read(CHUNK // 2))
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
            child = os.fork()
            if child == 0:
                self._be_child(stream, taken, file, head)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})
            try:
                # At the same time as the child: over one connection they would share the bytes.
                if self._rest(stream, taken, file, head) != RIGHT:
                    self.wrong.append("in the parent of a fork")
            finally:
                self._count(child)

    def _rest(self, stream: Iterator[Any], taken: bytes, file: Any, head: bytes) -> int:
        streamed = taken + b"".join(bytes(chunk) for chunk in stream)
        read = head + bytes(file.read())
        return RIGHT if streamed == read == HALF.make() else WRONG

    def _be_child(self, stream: Iterator[Any], taken: bytes, file: Any, head: bytes) -> None:
        code = FAILED
        try:
            signal.setitimer(signal.ITIMER_REAL, 0)
            try:
                code = self._rest(stream, taken, file, head)
            except BaseError:
                code = REFUSED
            code = self._use(code)
        finally:
            os._exit(code)

    def _use(self, code: int) -> int:
        """Whether the store works in a child."""
        key = f"interrupts/child {os.getpid() % 8}"
        try:
            self.store.put(key, SMALL.make())
            right = bytes(self.store.get(KEY).bytes()) == HALF.make()
        except BaseError:
            return code if code == WRONG else REFUSED  # a fault of the load
        return code if right else WRONG

    def _count(self, child: int) -> None:
        """Wait for a child, and note how it ended."""
        deadline = time.monotonic() + self.patience
        while time.monotonic() < deadline:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                ending = _ENDINGS.get(os.waitstatus_to_exitcode(status), f"status {status}")
                self.forks[ending] += 1
                if ending not in ("right", _ENDINGS[REFUSED]):
                    self.wrong.append(f"a child ended with: {ending}")
                return
            time.sleep(0.01)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        self.forks["hung"] += 1
        self.wrong.append("a child hung")
