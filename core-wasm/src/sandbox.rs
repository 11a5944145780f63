//! What the C library would import from the host and the engine does not need: files, sockets,
//! variables, standard streams. Each function here takes the place of such an import at link time,
//! so that the component imports clocks and random numbers alone and the sandbox has nothing else
//! to reach for. This file and the generated glue are the only ones with `unsafe` in them.
//!
//! The names are those of wasi-libc's imports. A C library without one of them leaves it unused.

use std::ffi::c_int;

/// "Function not supported", as WASI numbers it.
const NOT_SUPPORTED: c_int = 52;
/// "Bad file descriptor".
const BAD_DESCRIPTOR: c_int = 8;
const SUCCESS: c_int = 0;

#[repr(C)]
struct WallTime {
    seconds: u64,
    nanoseconds: u32,
}

unsafe extern "C" {
    fn monotonic_clock_now() -> u64;
    fn wall_clock_now(time: *mut WallTime);
}

/// The clocks are real: nothing else here does anything.
#[unsafe(no_mangle)]
extern "C" fn __imported_wasi_snapshot_preview1_clock_time_get(
    id: c_int,
    _precision: i64,
    out: *mut u64,
) -> c_int {
    let now = match id {
        0 => wall_time(),
        // SAFETY: a function of the C library without preconditions.
        1 => unsafe { monotonic_clock_now() },
        _ => return NOT_SUPPORTED,
    };
    // SAFETY: the C library passes the address of a number of its own.
    unsafe { out.write(now) };
    SUCCESS
}

fn wall_time() -> u64 {
    let mut time = WallTime { seconds: 0, nanoseconds: 0 };
    // SAFETY: it writes one such record.
    unsafe { wall_clock_now(&mut time) };
    time.seconds * 1_000_000_000 + u64::from(time.nanoseconds)
}

/// There are no variables.
#[unsafe(no_mangle)]
extern "C" fn __imported_wasi_snapshot_preview1_environ_sizes_get(
    count: *mut usize,
    bytes: *mut usize,
) -> c_int {
    // SAFETY: the C library passes the addresses of two numbers of its own.
    unsafe {
        count.write(0);
        bytes.write(0);
    }
    SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn __imported_wasi_snapshot_preview1_environ_get(_: c_int, _: c_int) -> c_int {
    SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn __imported_wasi_snapshot_preview1_sched_yield() -> c_int {
    SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn __imported_wasi_snapshot_preview1_proc_exit(_: c_int) -> ! {
    std::process::abort()
}

/// Functions that fail: there is nothing that they could work on.
macro_rules! refuse {
    ($($code:expr => $name:ident($($argument:ty),*);)*) => {$(
        #[unsafe(no_mangle)]
        extern "C" fn $name($(_: $argument),*) -> c_int {
            $code
        }
    )*};
}

refuse! {
    BAD_DESCRIPTOR => __imported_wasi_snapshot_preview1_fd_close(c_int);
    BAD_DESCRIPTOR => __imported_wasi_snapshot_preview1_fd_fdstat_get(c_int, c_int);
    BAD_DESCRIPTOR => __imported_wasi_snapshot_preview1_fd_filestat_get(c_int, c_int);
    BAD_DESCRIPTOR => __imported_wasi_snapshot_preview1_fd_prestat_get(c_int, c_int);
    BAD_DESCRIPTOR => __imported_wasi_snapshot_preview1_fd_prestat_dir_name(c_int, c_int, c_int);
    BAD_DESCRIPTOR => __imported_wasi_snapshot_preview1_fd_read(c_int, c_int, c_int, c_int);
    BAD_DESCRIPTOR => __imported_wasi_snapshot_preview1_fd_write(c_int, c_int, c_int, c_int);
    NOT_SUPPORTED => __imported_wasi_snapshot_preview1_path_filestat_get(c_int, c_int, c_int, c_int, c_int);
    NOT_SUPPORTED => __imported_wasi_snapshot_preview1_path_open(c_int, c_int, c_int, c_int, c_int, i64, i64, c_int, c_int);
    NOT_SUPPORTED => __imported_wasi_snapshot_preview1_poll_oneoff(c_int, c_int, c_int, c_int);
}

/// Functions that give back a handle: there is none to give back.
macro_rules! ignore {
    ($($name:ident;)*) => {$(
        #[unsafe(no_mangle)]
        extern "C" fn $name(_: c_int) {}
    )*};
}

ignore! {
    __wasi_preview1_adapter_close_badfd;
    __wasm_import_poll_pollable_drop;
    __wasm_import_streams_input_stream_drop;
    __wasm_import_streams_output_stream_drop;
    __wasm_import_tcp_tcp_socket_drop;
    __wasm_import_udp_udp_socket_drop;
    __wasm_import_udp_incoming_datagram_stream_drop;
    __wasm_import_udp_outgoing_datagram_stream_drop;
}
