"""One store from many threads, tasks, loops and processes."""
