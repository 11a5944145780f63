"""Build the component host-py/src/object_store_py/core.wasm, or check that it matches its sources.

It takes the toolchain that the machine has: the wasm32-wasip2 target of rustup if it is installed,
else the packages of a Debian system (see `debian_build`). Downloads and build results are kept in
a cache directory outside the repository, so that a fresh clone builds in seconds.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMPONENT = ROOT / "host-py/src/object_store_py/core.wasm"
TARGET = "wasm32-wasip2"
SECTION = b"object-store-py:sources"
MAGIC = b"\0asm"

DEBIAN_PACKAGES = ["rustc-web", "cargo-web", "rust-web-src", "lld-22"]
LIBC_SUITE = "trixie"


def say(text: str) -> None:
    """Tell the user what happens next."""
    print(f"build.py: {text}", flush=True)


def run(*command: str | Path, **options: object) -> None:
    """Run a command; stop with its exit code if it fails."""
    words = [str(word) for word in command]
    result = subprocess.run(words, check=False, **options)  # type: ignore[call-overload]  # by name
    if result.returncode != 0:
        sys.exit(f"build.py: {command[0]} failed with exit code {result.returncode}")


def output(*command: str | Path) -> str:
    """What a command prints, or the empty string if it fails or is missing."""
    try:
        words = [str(word) for word in command]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


# --- the digest of the sources, and the section of the component that holds it


def source_digest(root: Path = ROOT) -> str:
    """The SHA-256 over the paths and contents of everything that the component is made of."""
    files = [*(root / "core-wasm/src").rglob("*.rs"), *(root / "wit").glob("*.wit")]
    files += [root / f"core-wasm/{name}" for name in ("Cargo.toml", "Cargo.lock")]
    files += [root / f"core-wasm/crc-fast/{name}" for name in ("Cargo.toml", "src/lib.rs")]
    digest = hashlib.sha256()
    for name, path in sorted((path.relative_to(root).as_posix(), path) for path in files):
        content = path.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def leb128(number: int) -> bytes:
    """An unsigned number in WebAssembly's variable-length form."""
    out = bytearray()
    while True:
        number, byte = number >> 7, number & 0x7F
        out.append(byte | (0x80 if number else 0))
        if not number:
            return bytes(out)


def read_leb128(data: bytes, at: int) -> tuple[int, int]:
    """The number at `at`, and where it ends."""
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return number, at


def with_digest(component: bytes, digest: str) -> bytes:
    """The component with a custom section that holds the digest of its sources."""
    content = leb128(len(SECTION)) + SECTION + digest.encode()
    return component + b"\0" + leb128(len(content)) + content


def embedded_digest(component: bytes) -> str | None:
    """The digest of the sources that a component was built from, or None if it does not say."""
    if component[:4] != MAGIC:
        return None
    at = 8
    while at < len(component):
        kind = component[at]
        size, start = read_leb128(component, at + 1)
        at = start + size
        if kind == 0:
            length, name = read_leb128(component, start)
            if component[name : name + length] == SECTION:
                return component[name + length : at].decode()
    return None


# --- the two ways to build


def cache() -> Path:
    """Where downloads and build results are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    path = Path(base) / "object-store-py-dev"
    path.mkdir(parents=True, exist_ok=True)
    return path


def environment() -> dict[str, str]:
    """The environment of cargo, with the target directory in the cache."""
    return {"CARGO_TARGET_DIR": str(cache() / "core-target"), **os.environ}


def has_target() -> bool:
    """Whether the first rustc on PATH has the standard library of the target."""
    library = output("rustc", "--print", "target-libdir", "--target", TARGET)
    return bool(library) and any(Path(library).glob("libstd-*.rlib"))


def cargo_arguments() -> list[str]:
    """What both ways tell cargo, which runs in core-wasm/."""
    return ["build", "--release", "--locked", "--target", TARGET]


def rustup_build() -> Path:
    """Build with the installed target."""
    say(f"building with the installed target {TARGET}")
    env = environment() | {"CARGO_ENCODED_RUSTFLAGS": "\x1f".join(mapped_paths())}
    run("cargo", *cargo_arguments(), cwd=ROOT / "core-wasm", env=env)
    return Path(env["CARGO_TARGET_DIR"])


def debian_build() -> Path:
    """Build with Debian's packages: rustc and the source of its standard library, LLVM's linker,
    and the wasip2 C library of a later release, which is unpacked and not installed."""
    say(f"the target {TARGET} is not installed; building with Debian's packages")
    install_packages()
    tools, libc, env = linkers(), wasi_libc(), environment()
    flags = ["-Clink-self-contained=no", f"-Lnative={libc}", *mapped_paths()]
    flags.append("-Clink-arg=-lwasi-emulated-pthread")  # no threads: creating one fails
    env |= {
        "PATH": os.pathsep.join([str(tools), env["PATH"]]),
        "RUSTC": "/usr/bin/rustc",
        "RUSTC_BOOTSTRAP": "1",
        "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(flags),
    }
    env.pop("RUSTUP_TOOLCHAIN", None)
    arguments = [*cargo_arguments(), "-Zbuild-std=std,panic_abort"]
    # As rustup's is: a sixth of reading a page of a listing is allocation.
    for name in ("alloc", "core", "dlmalloc", "std"):
        arguments.append(f"--config=profile.release.package.{name}.opt-level=3")
    run("/usr/bin/cargo", *arguments, cwd=ROOT / "core-wasm", env=env)
    return Path(env["CARGO_TARGET_DIR"])


def mapped_paths() -> list[str]:
    """Flags that keep this machine's paths out of the component; our own are relative already."""
    home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    # Where a crate was downloaded from does not matter either. The last flag that fits counts.
    run("cargo", "fetch", "--locked", "--quiet", cwd=ROOT / "core-wasm")
    sources = sorted((home / "registry" / "src").glob("*"))
    flags = [f"--remap-path-prefix={home}=cargo"]
    return flags + [f"--remap-path-prefix={source}=crates" for source in sources]


def install_packages() -> None:
    """Install what is missing of the Debian packages."""
    query = output("dpkg-query", "-W", "-f", "${Package} ${Status}\n", *DEBIAN_PACKAGES)
    missing = [name for name in DEBIAN_PACKAGES if f"{name} install ok" not in query]
    if not missing:
        return
    if not shutil.which("apt-get"):
        sys.exit(f"build.py: run `rustup target add {TARGET}`, then this again")
    say(f"installing {' '.join(missing)}")
    run("apt-get", "update", stdout=subprocess.DEVNULL)
    run("apt-get", "install", "-y", "--no-install-recommends", *missing, stdout=subprocess.DEVNULL)


def linkers() -> Path:
    """A directory with `wasm-ld` of LLVM 22 and `wasm-component-ld`."""
    tools = cache() / "wasm-tools/bin"
    tools.mkdir(parents=True, exist_ok=True)
    link(tools / "wasm-ld", Path("/usr/lib/llvm-22/bin/wasm-ld"))
    found = component_linker()
    if found:
        link(tools / "wasm-component-ld", found)
    elif not (tools / "wasm-component-ld").exists():
        say("installing wasm-component-ld (2 to 3 minutes)")
        run("cargo", "install", "--root", tools.parent, "wasm-component-ld")
    return tools


def component_linker() -> Path | None:
    """The `wasm-component-ld` of rustup's toolchain, if there is one."""
    sysroot = output("rustc", "--print", "sysroot")
    found = Path(sysroot).glob("lib/rustlib/*/bin/wasm-component-ld") if sysroot else iter(())
    return next(found, None)


def link(name: Path, target: Path) -> None:
    """Make `name` a link to `target`."""
    name.unlink(missing_ok=True)
    name.symlink_to(target)


def wasi_libc() -> Path:
    """The directory of the wasip2 C library: downloaded once, unpacked, not installed."""
    place = cache() / "wasi-libc"
    library = place / f"usr/lib/{TARGET}"
    if library.exists():
        return library
    say(f"downloading wasi-libc of Debian {LIBC_SUITE}")
    apt = place / "apt"
    for name in ("lists/partial", "cache/archives/partial", "download"):
        (apt / name).mkdir(parents=True, exist_ok=True)
    (apt / "sources.list").write_text(f"{debian_source()}\n")
    options = {
        "Dir::Etc::sourcelist": apt / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::lists": apt / "lists",
        "Dir::Cache": apt / "cache",
    }
    flags = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    run("apt-get", *flags, "update", stdout=subprocess.DEVNULL)
    run("apt-get", *flags, "download", "wasi-libc", cwd=apt / "download")
    run("dpkg", "-x", next((apt / "download").glob("wasi-libc_*.deb")), place)
    shutil.rmtree(apt)
    return library


def debian_source() -> str:
    """The machine's own Debian archive as an apt source line, with the suite replaced."""
    etc = Path("/etc/apt")
    for path in sorted(etc.glob("sources.list.d/*.sources")):
        found = re.search(r"^URIs:\s*(\S*debian/?)\s*$", path.read_text(), re.MULTILINE)
        if found:
            keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
            return f"deb [signed-by={keyring}] {found[1]} {LIBC_SUITE} main"
    for path in [etc / "sources.list", *sorted(etc.glob("sources.list.d/*.list"))]:
        text = path.read_text() if path.exists() else ""
        found = re.search(r"^deb (\[[^\]]*\] )?(\S*debian/?) ", text, re.MULTILINE)
        if found:
            return f"deb {found[1] or ''}{found[2]} {LIBC_SUITE} main"
    sys.exit("build.py: this machine has no Debian package source")


# --- the command


def build(out: Path) -> None:
    """Build the component into `out`, with the digest of its sources in it."""
    digest = source_digest()
    target = rustup_build() if has_target() else debian_build()
    built = target / TARGET / "release/object_store_core.wasm"
    component = with_digest(built.read_bytes(), digest)
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_suffix(".partial")
    partial.write_bytes(component)
    partial.replace(out)
    say(f"wrote {out}: {len(component):,} bytes, sources {digest[:16]}")


def check(out: Path) -> None:
    """Exit with 1 if the component was not built from the present sources."""
    embedded = embedded_digest(out.read_bytes()) if out.exists() else None
    if embedded != source_digest():
        sys.exit(f"build.py: {out} was not built from these sources; run core-wasm/build.py")
    say(f"{out} matches its sources")


def main() -> None:
    """Read the arguments and do what they say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=COMPONENT, help="where to write the component")
    parser.add_argument("--check", action="store_true", help="only compare it with its sources")
    arguments = parser.parse_args()
    if arguments.check:
        check(arguments.out)
    else:
        build(arguments.out)


if __name__ == "__main__":
    main()
