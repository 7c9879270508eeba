"""The same system on one machine: real PostgreSQL, queue, storage, scheduler, provider sandboxes, one gateway port."""
