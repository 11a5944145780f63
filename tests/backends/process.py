"""Server processes on free loopback ports: start, wait until ready, stop by the process we hold."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOM = 10 * 1024**3  # the tests that move gibibytes leave some of them behind for a while


def free_port() -> int:
    """A port that nobody listens on now; the server that gets it binds it at once."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def data_parent() -> str | None:
    """Where servers keep their data: in memory where there is plenty, as fsync makes disks slow."""
    shared = Path("/dev/shm")
    if not shared.is_dir() or shutil.disk_usage(shared).free < ROOM:
        return None
    available = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return str(shared) if available > ROOM else None


class ServerProcess:
    """One server process with its log file."""

    def __init__(self, name: str, command: list[str], log: Path, env: dict[str, str]) -> None:
        self.name = name
        self.log = log
        with log.open("wb") as sink:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, env=env
            )

    def wait_until_ready(
        self, url: str, timeout: float = 30, trust: ssl.SSLContext | None = None
    ) -> None:
        """Returns when the URL answers without a server error; fails with the log's end."""
        deadline = time.monotonic() + timeout
        while not answers(url, trust):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"{self.name} did not become ready at {url}:\n{self.log_end()}")
            time.sleep(0.05)

    def log_end(self, lines: int = 20) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)


def answers(url: str, trust: ssl.SSLContext | None = None) -> bool:
    """Whether a server answers there; any status below 500 will do."""
    try:
        with urllib.request.urlopen(url, timeout=2, context=trust):
            return True
    except urllib.error.HTTPError as error:
        with error:
            return error.code < 500
    except OSError:
        return False
