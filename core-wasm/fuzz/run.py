"""Fuzz one target of the engine for some minutes, and print what that was and what it found.

New inputs are kept in the cache directory; a finding is to be minimised (`cargo fuzz tmin`) and put
into core-wasm/fuzz/corpus, where the engine's tests replay it. Needs `cargo install cargo-fuzz` and
a C++ compiler; any toolchain will do, because RUSTC_BOOTSTRAP allows the sanitizer on a stable one.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
FIGURES = HERE / "figures.json"
COMMAND = "just fuzz TARGET MINUTES --write"

LIMITS = [
    "-timeout=10",  # seconds for one input: more is as good as a hang
    "-rss_limit_mb=1024",
    "-malloc_limit_mb=256",  # of one allocation
    "-max_len=65536",
    "-len_control=20",
]


def targets() -> list[str]:
    """The names of the targets."""
    return sorted(path.stem for path in (HERE / "fuzz_targets").glob("*.rs"))


def cache() -> Path:
    """Where build results, new inputs and findings are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "object-store-py-dev" / "fuzz"


def environment() -> dict[str, str]:
    """The environment of cargo."""
    return {"CARGO_TARGET_DIR": str(cache() / "target"), "RUSTC_BOOTSTRAP": "1", **os.environ}


def folder(*names: str) -> Path:
    """A directory in the cache."""
    path = cache().joinpath(*names)
    path.mkdir(parents=True, exist_ok=True)
    return path


def fuzz(target: str, seconds: int) -> tuple[str, list[Path]]:
    """Run the fuzzer; its output, and the inputs that broke a promise."""
    findings = folder("findings", target)
    before = set(findings.iterdir())
    corpora = [str(folder("corpus", target)), str(HERE / "corpus" / target)]
    flags = [f"-max_total_time={seconds}", "-print_final_stats=1", f"-artifact_prefix={findings}/"]
    flags.append(f"-dict={HERE / 'words.dict'}")
    command = ["cargo", "fuzz", "run", target, *corpora, "--", *flags, *LIMITS]
    with subprocess.Popen(
        command, cwd=HERE.parent, env=environment(), stderr=subprocess.PIPE, text=True
    ) as process:
        lines = []
        for line in process.stderr or ():
            lines.append(line)
            sys.stderr.write(line)
    found = sorted(set(findings.iterdir()) - before)
    if process.returncode and not found:
        sys.exit(f"run.py: cargo fuzz failed with exit code {process.returncode}")
    return "".join(lines), found


def last(pattern: str, text: str) -> int:
    """The last number that the fuzzer printed in such a place; 0 if it printed none."""
    numbers = re.findall(pattern, text)
    return int(numbers[-1]) if numbers else 0


def figures(output: str, seconds: int, findings: int) -> dict[str, int | str]:
    """What a run was."""
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "seconds": seconds,
        "executions": last(r"stat::number_of_executed_units: +(\d+)", output)
        or last(r"(?m)^#(\d+)\t", output),
        "edges": last(r" cov: (\d+)", output),
        "features": last(r" ft: (\d+)", output),
        "peak_rss_mb": last(r"stat::peak_rss_mb: +(\d+)", output),
        "findings": findings,
    }


def write(target: str, result: dict[str, int | str]) -> None:
    """Put the figures of a target into the committed file."""
    known = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    all_targets = known.get("targets", {}) | {target: result}
    content = {"command": COMMAND, "targets": dict(sorted(all_targets.items()))}
    FIGURES.write_text(json.dumps(content, indent=2) + "\n")


def main() -> None:
    """Read the arguments and do what they say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=targets())
    parser.add_argument("minutes", type=float, nargs="?", default=10)
    parser.add_argument("--write", action="store_true", help="put the figures into figures.json")
    arguments = parser.parse_args()
    if not shutil.which("cargo-fuzz"):
        sys.exit("run.py: `cargo install cargo-fuzz` first")
    subprocess.run(
        ["cargo", "fuzz", "build", arguments.target], cwd=HERE.parent, env=environment(), check=True
    )
    started = time.monotonic()
    output, found = fuzz(arguments.target, round(arguments.minutes * 60))
    result = figures(output, round(time.monotonic() - started), len(found))
    if arguments.write:
        write(arguments.target, result)
    print(f"{arguments.target}: " + ", ".join(f"{name} {n}" for name, n in result.items()))
    for path in found:
        print(f"finding: {path}")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
