"""One port for everything: functions by name, sandboxes, queue, scheduler, storage and a page for people."""
