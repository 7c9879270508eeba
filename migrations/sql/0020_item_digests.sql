-- What each key's first item said, so that a repetition which says something else is recorded instead of lost (the key alone cannot tell).
ALTER TABLE integrations.webhook_keys ADD COLUMN item_digest bytea;

COMMENT ON COLUMN integrations.webhook_keys.item_digest IS 'half of the SHA-256 of the item''s canonical JSON';

-- An item that was seen for the first time, as the functions that record it hand it on. What only few kinds have is not in it: they read
-- that from p_items, where the item is at `place`.
CREATE TYPE integrations.new_item AS (
    place INT, delivery INT, ordinal INT, id UUID, kind TEXT, provider TEXT, organization_id UUID, connection_id UUID, happened_at TIMESTAMPTZ,
    event_id TEXT, customer TEXT, customer_phone TEXT, customer_name TEXT, message_type TEXT, text TEXT, metadata JSONB, reply_to TEXT,
    answerable BOOLEAN
);

-- One name of the customer of an item. previous: the customer had it until the item.
CREATE TYPE integrations.customer_name AS (
    place INT, organization_id UUID, item_id UUID, kind TEXT, scope TEXT, value TEXT, match TEXT, previous BOOLEAN, happened_at TIMESTAMPTZ
);

-- The items with their contacts (NULL where they have none), by position. The estimate makes the planner join many with many by hashing.
CREATE FUNCTION integrations.items_of(p_items integrations.new_item[], p_contacts uuid[] DEFAULT '{}')
RETURNS TABLE (
    place INT, delivery INT, ordinal INT, id UUID, kind TEXT, provider TEXT, organization_id UUID, connection_id UUID, happened_at TIMESTAMPTZ,
    event_id TEXT, customer TEXT, customer_phone TEXT, customer_name TEXT, message_type TEXT, text TEXT, metadata JSONB, reply_to TEXT,
    answerable BOOLEAN, contact_id UUID)
LANGUAGE plpgsql ROWS 200
AS $$
BEGIN
    RETURN QUERY SELECT * FROM unnest(p_items, p_contacts);
END
$$;
