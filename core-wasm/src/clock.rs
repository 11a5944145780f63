//! Virtual time: the crate's sleeps return at once, and say how long the host must wait instead.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

/// A runtime is replaced when its clock has run this long, so that it never overflows.
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// A paused tokio runtime, whose clock jumps to the next timer whenever nothing else can be done.
pub struct Clock {
    runtime: Runtime,
    born: Instant,
}

impl Clock {
    /// A clock at its beginning.
    pub fn new() -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build()?;
        let born = Self::now(&runtime);
        Ok(Self { runtime, born })
    }

    fn now(runtime: &Runtime) -> Instant {
        let _context = runtime.enter();
        Instant::now()
    }

    /// Polls until there is a result, letting virtual time pass. Returns the result and that time;
    /// no result if `guard` passed without one, for then the thing polled waits for no timer.
    ///
    /// No timer outlives a call, so the runtime can be replaced between any two.
    pub fn drive<T>(
        &mut self,
        guard: Duration,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> (Option<T>, Duration) {
        if let Poll::Ready(result) = self.poll_once(&mut poll) {
            return (Some(result), Duration::ZERO);
        }
        let (result, passed) = self.runtime.block_on(async {
            let start = Instant::now();
            let result = tokio::time::timeout(guard, poll_fn(poll)).await.ok();
            (result, start.elapsed())
        });
        self.renew_if_old();
        match result {
            Some(result) => (Some(result), passed),
            None => (None, passed.saturating_sub(guard)),
        }
    }

    fn poll_once<T>(&self, poll: &mut impl FnMut(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
        let _context = self.runtime.enter();
        poll(&mut Context::from_waker(Waker::noop()))
    }

    fn renew_if_old(&mut self) {
        let old = Self::now(&self.runtime).duration_since(self.born) > LIFETIME;
        if let Some(Ok(fresh)) = old.then(Self::new) {
            *self = fresh;
        }
    }
}

/// The waker of one operation: it remembers that it was woken while nobody polled.
#[derive(Default)]
pub struct Bell {
    rung: AtomicBool,
    parent: Mutex<Option<Waker>>,
}

impl Bell {
    /// A waker that rings this bell, and while `parent` polls, wakes it too.
    pub fn waker(self: &Arc<Self>, parent: &Waker) -> Waker {
        self.rung.store(false, Ordering::Relaxed);
        *self.parent.lock().unwrap_or_else(PoisonError::into_inner) = Some(parent.clone());
        Waker::from(self.clone())
    }

    /// Whether it has been rung since the last poll.
    pub fn has_rung(&self) -> bool {
        self.rung.load(Ordering::Relaxed)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.rung.store(true, Ordering::Relaxed);
        let parent = self.parent.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(parent) = parent {
            parent.wake();
        }
    }
}
