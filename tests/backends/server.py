"""What all servers that are processes share: a directory, a port, a start and an end."""

from __future__ import annotations

import os
import ssl
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.backends.process import ServerProcess, free_port


@dataclass(frozen=True)
class Launch:
    """How a server is started, and how one sees that it is up."""

    command: list[str]
    environment: dict[str, str] = field(default_factory=dict[str, str])
    """What it gets beside PATH and a HOME of its own."""
    ready: str = ""
    """The path that answers when the server is ready."""
    trust: ssl.SSLContext | None = None


class Server:
    """A server process with a temporary directory; `with` starts and stops it."""

    name: str
    scheme = "http"
    port = 0
    _process: ServerProcess | None = None
    _directory: tempfile.TemporaryDirectory[str] | None = None

    def build(self) -> None:
        """Makes the program if it is missing, which may take minutes; it is kept."""

    def launch(self, home: Path) -> Launch:
        """Fills the directory and says how to start; the port is known by then."""
        raise NotImplementedError

    def place(self) -> str | None:
        """Where the directory goes; where temporary ones usually go, if None."""
        return None

    @property
    def address(self) -> str:
        """Scheme, host and port."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def endpoint(self) -> str:
        """The URL that a store is given."""
        return self.address

    @property
    def home(self) -> Path:
        """The server's own directory."""
        assert self._directory is not None
        return Path(self._directory.name)

    def store_options(self) -> dict[str, Any]:
        """Keyword arguments that let a store talk to this server."""
        return {"client_options": {"allow_http": True}}

    def start(self) -> Self:
        self.build()  # first: a port that was free minutes ago may be taken
        self._directory = tempfile.TemporaryDirectory(prefix=f"{self.name}-", dir=self.place())
        try:
            self.port = free_port()
            how = self.launch(self.home)
            always = {"PATH": os.environ.get("PATH", ""), "HOME": str(self.home)}
            environment = always | how.environment
            self._process = ServerProcess(self.name, how.command, self.home / "log", environment)
            self._process.wait_until_ready(f"{self.address}{how.ready}", trust=how.trust)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop()
            self._process = None
        if self._directory is not None:
            self._directory.cleanup()
            self._directory = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
