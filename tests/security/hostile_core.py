"""Components that are not ours: they have the core's exports, and do what the core never would.

They are written as WebAssembly text: each exported function runs a body that a test gives, or
returns a constant string. The whole of WASI that a core could hope for is imported.
"""

from __future__ import annotations

from wasmtime import wat2wasm

from object_store_py import _convert

_WIT = {"s": "string", "i": "u32", "L": "u64", "b": "bool", "e": "$transport-error"}
_FLAT = {"s": "i32 i32", "i": "i32", "L": "i64", "b": "i32", "e": "i32"}

OPENED = 'done\n{"digest":false,"delete_batch":1}'
FAILED = 'failed\n{"kind":"generic","message":"as you wish"}'

COUNT_VARIABLES = "(call $environment (i32.const 64)) (call $digit (i32.load (i32.const 68)))"
"""The body of a function that returns how many environment variables it sees, as one digit."""
COUNT_ARGUMENTS = "(call $arguments (i32.const 64)) (call $digit (i32.load (i32.const 68)))"
"""The same for the arguments of the process."""
COUNT_DIRECTORIES = "(call $directories (i32.const 64)) (call $digit (i32.load (i32.const 68)))"
"""The same for the directories that it was given."""


def connect(port: int) -> str:
    """The body of a function that connects to 127.0.0.1: returns a digit, 0 when it may.

    Else it is one more than the number of WASI's error code, be it for the socket or for the
    connection; access-denied is 1, so the digit 2.
    """
    return f"""
    (call $create-socket (i32.const 0) (i32.const 64))
    (if (result i32) (i32.load8_u (i32.const 64))
        (then (call $digit (i32.add (i32.const 1) (i32.load8_u (i32.const 68)))))
        (else
            (call $start-connect (i32.load (i32.const 68)) (call $network) (i32.const 0)
                (i32.const {port}) (i32.const 127) (i32.const 0) (i32.const 0) (i32.const 1)
                (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
                (i32.const 0) (i32.const 80))
            (if (result i32) (i32.load8_u (i32.const 80))
                (then (call $digit (i32.add (i32.const 1) (i32.load8_u (i32.const 81)))))
                (else (call $digit (i32.const 0))))))"""


def build(answers: dict[str, str] | None = None, bodies: dict[str, str] | None = None) -> bytes:
    """A component whose functions return `answers` or run `bodies`; `open` works, the rest fail."""
    texts = {"open": OPENED, "mail": "", "cancel": "", **(answers or {})}
    data: list[str] = []
    functions: list[str] = []
    lifted: list[str] = []
    exported: list[str] = []
    place = 4096
    for interface, signatures in _convert.SIGNATURES.items():
        names: list[str] = []
        for name, signature in signatures.items():
            text = texts.get(name, FAILED).encode()
            area = place.to_bytes(4, "little") + len(text).to_bytes(4, "little")
            data.append(f'(data (i32.const {place}) "{_escape(text)}")')
            place += len(text) + -len(text) % 8
            data.append(f'(data (i32.const {place}) "{_escape(area)}")')
            body = (bodies or {}).get(name, f"(i32.const {place})")
            place += 8
            parameters = " ".join(_FLAT[letter] for letter in signature)
            functions.append(
                f'(func (export "{name}") (param {parameters}) (result i32) {body})'
                if signature
                else f'(func (export "{name}") (result i32) {body})'
            )
            wit = " ".join(
                f'(param "p{index}" {_WIT[letter]})' for index, letter in enumerate(signature)
            )
            lifted.append(
                f'(func ${name} {wit} (result string) (canon lift (core func $main "{name}")'
                ' (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))'
            )
            names.append(f'(export "{name}" (func ${name}))')
        kind = '(export "transport-error" (type $transport-error))' if interface == "http" else ""
        exported.append(
            f"(instance ${interface} {kind} {' '.join(names)})"
            f'(export "object-store:core/{interface}@0.1.0" (instance ${interface}))'
        )
    lines = [_WASI, _LIBC, _LOWERED, "(core module $code", _IMPORTS, *data, *functions, ")", _MAIN]
    component = "(component\n" + "\n".join([*lines, *lifted, *exported]) + "\n)"
    return bytes(wat2wasm(component))


def _escape(data: bytes) -> str:
    return "".join(f"\\{byte:02x}" for byte in data)


_ERROR_CODES = """
    "unknown" "access-denied" "not-supported" "invalid-argument" "out-of-memory" "timeout"
    "concurrency-conflict" "not-in-progress" "would-block" "invalid-state" "new-socket-limit"
    "address-not-bindable" "address-in-use" "remote-unreachable" "connection-refused"
    "connection-reset" "connection-aborted" "datagram-too-large" "name-unresolvable"
    "temporary-resolver-failure" "permanent-resolver-failure"
"""

_WASI = f"""
(type $transport-error
    (enum "connect" "request" "timeout" "interrupted" "decode" "unknown"))
(import "wasi:cli/environment@0.2.0" (instance $environment
    (export "get-environment" (func (result (list (tuple string string)))))
    (export "get-arguments" (func (result (list string))))))
(import "wasi:filesystem/types@0.2.0" (instance $files (export "descriptor" (type (sub resource)))))
(alias export $files "descriptor" (type $descriptor))
(import "wasi:filesystem/preopens@0.2.0" (instance $preopens
    (alias outer 1 $descriptor (type $outer))
    (export "descriptor" (type $d (eq $outer)))
    (export "get-directories" (func (result (list (tuple (own $d) string)))))))
(import "wasi:sockets/network@0.2.0" (instance $sockets
    (export "network" (type (sub resource)))
    (type $error (enum {_ERROR_CODES}))
    (export "error-code" (type (eq $error)))
    (type $family (enum "ipv4" "ipv6"))
    (export "ip-address-family" (type (eq $family)))
    (type $v4 (tuple u8 u8 u8 u8))
    (export "ipv4-address" (type $v4e (eq $v4)))
    (type $v6 (tuple u16 u16 u16 u16 u16 u16 u16 u16))
    (export "ipv6-address" (type $v6e (eq $v6)))
    (type $s4 (record (field "port" u16) (field "address" $v4e)))
    (export "ipv4-socket-address" (type $s4e (eq $s4)))
    (type $s6 (record (field "port" u16) (field "flow-info" u32) (field "address" $v6e)
        (field "scope-id" u32)))
    (export "ipv6-socket-address" (type $s6e (eq $s6)))
    (type $address (variant (case "ipv4" $s4e) (case "ipv6" $s6e)))
    (export "ip-socket-address" (type (eq $address)))))
(alias export $sockets "network" (type $network-type))
(alias export $sockets "error-code" (type $error-type))
(alias export $sockets "ip-address-family" (type $family-type))
(alias export $sockets "ip-socket-address" (type $address-type))
(import "wasi:sockets/instance-network@0.2.0" (instance $instance-network
    (alias outer 1 $network-type (type $outer))
    (export "network" (type $n (eq $outer)))
    (export "instance-network" (func (result (own $n))))))
(import "wasi:sockets/tcp@0.2.0" (instance $tcp
    (alias outer 1 $network-type (type $outer-network))
    (export "network" (type $n (eq $outer-network)))
    (alias outer 1 $error-type (type $outer-error))
    (export "error-code" (type $e (eq $outer-error)))
    (alias outer 1 $address-type (type $outer-address))
    (export "ip-socket-address" (type $a (eq $outer-address)))
    (export "tcp-socket" (type $t (sub resource)))
    (export "[method]tcp-socket.start-connect" (func (param "self" (borrow $t))
        (param "network" (borrow $n)) (param "remote-address" $a) (result (result (error $e)))))))
(alias export $tcp "tcp-socket" (type $socket-type))
(import "wasi:sockets/tcp-create-socket@0.2.0" (instance $create
    (alias outer 1 $error-type (type $outer-error))
    (export "error-code" (type $e (eq $outer-error)))
    (alias outer 1 $family-type (type $outer-family))
    (export "ip-address-family" (type $f (eq $outer-family)))
    (alias outer 1 $socket-type (type $outer-socket))
    (export "tcp-socket" (type $t (eq $outer-socket)))
    (export "create-tcp-socket" (func (param "address-family" $f)
        (result (result (own $t) (error $e)))))))
"""

_LIBC = """
(core module $libc-module
    (memory (export "memory") 4)
    (global $top (mut i32) (i32.const 131072))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
        (local $at i32)
        (local.set $at (global.get $top))
        (global.set $top (i32.and (i32.const -8)
            (i32.add (i32.add (global.get $top) (local.get 3)) (i32.const 7))))
        (local.get $at)))
(core instance $libc (instantiate $libc-module))
"""

_MEMORY = '(memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))'

_LOWERED = f"""
(core func $get-environment
    (canon lower (func $environment "get-environment") {_MEMORY}))
(core func $get-arguments
    (canon lower (func $environment "get-arguments") {_MEMORY}))
(core func $get-directories
    (canon lower (func $preopens "get-directories") {_MEMORY}))
(core func $instance-network
    (canon lower (func $instance-network "instance-network")))
(core func $create-tcp-socket
    (canon lower (func $create "create-tcp-socket") {_MEMORY}))
(core func $connect
    (canon lower (func $tcp "[method]tcp-socket.start-connect") {_MEMORY}))
"""

_IMPORTS = """
    (import "libc" "memory" (memory 4))
    (import "wasi" "environment" (func $environment (param i32)))
    (import "wasi" "arguments" (func $arguments (param i32)))
    (import "wasi" "directories" (func $directories (param i32)))
    (import "wasi" "network" (func $network (result i32)))
    (import "wasi" "create-socket" (func $create-socket (param i32 i32)))
    (import "wasi" "start-connect" (func $start-connect (param i32 i32 i32 i32 i32 i32 i32 i32 i32
        i32 i32 i32 i32 i32 i32)))
    (func $digit (param i32) (result i32)
        (i32.store8 (i32.const 128) (i32.add (i32.const 48) (local.get 0)))
        (i32.store (i32.const 136) (i32.const 128))
        (i32.store (i32.const 140) (i32.const 1))
        (i32.const 136))
"""

_MAIN = """
(core instance $main (instantiate $code
    (with "libc" (instance $libc))
    (with "wasi" (instance
        (export "environment" (func $get-environment))
        (export "arguments" (func $get-arguments))
        (export "directories" (func $get-directories))
        (export "network" (func $instance-network))
        (export "create-socket" (func $create-tcp-socket))
        (export "start-connect" (func $connect))))))
"""
