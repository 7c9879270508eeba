-- What each key's first item said, so that a repetition which says something else is recorded instead of lost (the key alone cannot tell).
ALTER TABLE integrations.webhook_keys ADD COLUMN item_digest bytea;

COMMENT ON COLUMN integrations.webhook_keys.item_digest IS 'half of the SHA-256 of the item''s canonical JSON';
