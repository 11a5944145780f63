//! Log records of the crate, kept until the host takes them.

use std::cell::RefCell;
use std::fmt::{Debug, Write};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// The most records that are kept; a host that never takes them loses the later ones.
const MOST: usize = 1000;

thread_local! {
    static RECORDS: RefCell<Vec<(String, String)>> = const { RefCell::new(Vec::new()) };
}

/// Starts to keep the records of this process. Only the first call does anything.
pub fn start() {
    let _ = tracing::subscriber::set_global_default(Keeper);
}

/// Takes the records of this thread: level and text.
pub fn take() -> Vec<(String, String)> {
    RECORDS.with_borrow_mut(std::mem::take)
}

struct Keeper;

impl Subscriber for Keeper {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::DEBUG && metadata.target().starts_with("object_store")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        let level = event.metadata().level().as_str().to_ascii_lowercase();
        RECORDS.with_borrow_mut(|records| {
            if records.len() < MOST {
                records.push((level, text.0));
            }
        });
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The message of a record; its other fields are left out.
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            let _ = write!(self.0, "{value:?}");
        }
    }
}
