"""The only code that knows Google and connections: database, queue, storage, keys, boundary, settings, logs."""
