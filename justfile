# Recipes for everything that one does twice; `just` alone lists them. They use the active Python.

set positional-arguments

pytest := "python -m pytest -c tests/pytest.ini"

# List the recipes
default:
    @just --list --unsorted

# Install the library in place, its tests, linters and tools into the active environment
setup:
    python -m pip install -e "host-py[dev]" -r tests/requirements.txt

# Run the quick start: memory, local files, and S3 on a server that it starts
quickstart:
    python tests/quickstart.py

# Run all tests but the soak; starts every server that it needs
test *args:
    python -m tests "$@"

# Run what takes about a minute: nothing slow, sync calls, three backends (or --ways, --backends)
test-fast *args:
    python -m tests fast "$@"

# Run tests with CPython for Windows under Wine, as far as they need no server
wine *args:
    python -m tests.wine "$@"

# Run the engine's own tests: native Rust, scripted server, simulated clock
test-core *args:
    cargo test --manifest-path core-wasm/Cargo.toml "$@"

# Fuzz one target of the engine (core-wasm/fuzz/fuzz_targets); --write keeps the figures
fuzz target minutes="10" *args:
    python core-wasm/fuzz/run.py "$@"

# Build core.wasm from source and put it into the package (picks the toolchain by itself)
core *args:
    python core-wasm/build.py "$@"

# Prove that wit/ parses and that core.wasm has exactly its imports and exports, from these sources
wit-check:
    python core-wasm/build.py --check
    cargo test --manifest-path core-wasm/Cargo.toml --test wit
    {{ pytest }} tests/core -m "not slow"

# Check everything that a machine can check without running the tests
check: lint types rust-check

# Lint and check the format of all Python
lint:
    ruff check host-py tests
    ruff check --config tests/ruff.toml core-wasm
    ruff format --check host-py tests
    ruff format --check --config tests/ruff.toml core-wasm

# Check the types with pyright and mypy, both strict
types:
    pyright -p host-py
    cd host-py && python -m mypy src
    python -m mypy --config-file tests/mypy.ini

# Check the Rust: format, and clippy with warnings as errors
rust-check:
    cargo fmt --manifest-path core-wasm/Cargo.toml --check
    cargo fmt --manifest-path core-wasm/fuzz/Cargo.toml --check
    cargo clippy --manifest-path core-wasm/Cargo.toml --all-targets -- -D warnings
    cargo clippy --manifest-path core-wasm/fuzz/Cargo.toml --locked \
        --target-dir "${CARGO_TARGET_DIR:-core-wasm/target}" -- -D warnings

# Look for known vulnerabilities of what ships (needs `cargo install cargo-audit`, `pip install pip-audit`)
audit:
    cargo audit --file core-wasm/Cargo.lock
    python -m pip_audit --strict ./host-py

# Write the listing of the public API anew, after a change of it (CI compares)
api:
    python -m tests.api.listing

# Format all Python and Rust
format:
    ruff check --fix --quiet --exit-zero host-py tests
    ruff check --fix --quiet --exit-zero --config tests/ruff.toml core-wasm
    ruff format host-py tests
    ruff format --config tests/ruff.toml core-wasm
    cargo fmt --manifest-path core-wasm/Cargo.toml
    cargo fmt --manifest-path core-wasm/fuzz/Cargo.toml

# Run a benchmark (tests/benchmarks/bench_NAME.py), or `all`; --write makes the page of figures; alone, list them
bench name="" *args:
    python -m tests.bench "$@"

# Build the wheel into dist/
wheel:
    python -m pip wheel --no-deps --wheel-dir dist ./host-py

# Build the test servers into the cache, then start them and print where they are, until Ctrl-C
servers:
    python -m tests.servers

# Load a store for minutes under 1 % faults, and print errors, leaks and lost bytes (--json FILE)
soak minutes="10" *args:
    shift; python -m tests.soak --minutes {{ minutes }} "$@"

# Run scripts that end with something open, and count those that do not end clean (--json FILE)
exits runs="200" *args:
    shift; python -m tests.soak.exits --runs {{ runs }} "$@"

# Write host-py/docs/reliability.md out of the figures that tests, soak, exits and fuzzing have left
reliability *args:
    python -m tests.reliability "$@"
