-- Customers as people: a contact, the names by which providers know it, what became of two that were one, and what was said about
-- messages after they were sent.

CREATE TABLE platform.contacts (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id UUID NOT NULL REFERENCES platform.organizations (id) ON DELETE CASCADE,
    display_name TEXT CHECK (char_length(display_name) <= 1000),
    named_at TIMESTAMP WITH TIME ZONE, -- of the message that brought the name: the newest one counts
    merged_into UUID, -- the contact that this one turned out to be; never one that is itself merged
    marketing_opted_out_at TIMESTAMP WITH TIME ZONE,
    marketing_choice_at TIMESTAMP WITH TIME ZONE, -- of the newest stop or resume, whatever came last
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    UNIQUE (organization_id, id),
    FOREIGN KEY (organization_id, merged_into) REFERENCES platform.contacts (organization_id, id),
    CHECK (merged_into <> id)
) WITH (fillfactor = 80);
CREATE INDEX idx_contacts_merged ON platform.contacts (organization_id, merged_into) WHERE merged_into IS NOT NULL;
SELECT platform.track_updates('platform.contacts');
SELECT platform.isolate_tenant('platform.contacts');
SELECT platform.admit_all_tenants('platform.contacts', 'worker_role');
SELECT platform.admit_all_tenants('platform.contacts', 'definer_role');
GRANT SELECT, INSERT, UPDATE ON platform.contacts TO application_role, definer_role;
GRANT SELECT ON platform.contacts TO worker_role;

-- A name belongs to one contact at a time. `value` is the form that came first and is never rewritten; `match` decides equality (Brazilian
-- mobile numbers without their ninth digit). Scope: '' for a phone, the business portfolio for a user id or username, else the account.
CREATE TABLE platform.contact_identities (
    organization_id UUID NOT NULL,
    contact_id UUID NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('phone', 'user_id', 'username', 'scoped_id')),
    scope TEXT NOT NULL DEFAULT '' CHECK (char_length(scope) <= 500),
    value TEXT NOT NULL CHECK (char_length(value) BETWEEN 1 AND 500),
    match TEXT NOT NULL CHECK (char_length(match) BETWEEN 1 AND 500),
    first_seen TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    last_seen TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(), -- to the day
    retired_at TIMESTAMP WITH TIME ZONE, -- the customer gave it up: whoever has it after this is somebody else
    PRIMARY KEY (organization_id, kind, scope, match),
    FOREIGN KEY (organization_id, contact_id) REFERENCES platform.contacts (organization_id, id) ON DELETE CASCADE
) WITH (fillfactor = 80);
CREATE INDEX idx_contact_identities_contact ON platform.contact_identities (organization_id, contact_id);
SELECT platform.isolate_tenant('platform.contact_identities');
SELECT platform.admit_all_tenants('platform.contact_identities', 'worker_role');
SELECT platform.admit_all_tenants('platform.contact_identities', 'definer_role');
GRANT SELECT, INSERT, UPDATE ON platform.contact_identities TO application_role, definer_role;
GRANT SELECT ON platform.contact_identities TO worker_role;

-- Which contact became part of which other, and by what evidence. Rows are never changed.
CREATE TABLE platform.contact_merges (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id UUID NOT NULL,
    contact_id UUID NOT NULL,
    merged_contact_id UUID NOT NULL,
    reason TEXT NOT NULL CHECK (char_length(reason) BETWEEN 1 AND 200), -- 'same_item' | 'identity_changed'
    evidence JSONB NOT NULL DEFAULT '{}'::JSONB CHECK (jsonb_typeof(evidence) = 'object'), -- webhook event, moved names and conversations
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    FOREIGN KEY (organization_id, contact_id) REFERENCES platform.contacts (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, merged_contact_id) REFERENCES platform.contacts (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX idx_contact_merges_contact ON platform.contact_merges (organization_id, contact_id);
CREATE INDEX idx_contact_merges_merged ON platform.contact_merges (organization_id, merged_contact_id);
SELECT platform.isolate_tenant('platform.contact_merges');
SELECT platform.admit_all_tenants('platform.contact_merges', 'definer_role');
GRANT SELECT, INSERT ON platform.contact_merges TO application_role, definer_role;

-- One open conversation per contact and connection. When two contacts turn out to be one, the open conversation that takes no new
-- messages any more points at the one that does, and ends by itself: its own turns answer what it has.
ALTER TABLE platform.conversations
    ADD COLUMN contact_id UUID,
    ADD COLUMN continued_in UUID,
    ADD FOREIGN KEY (organization_id, contact_id) REFERENCES platform.contacts (organization_id, id),
    ADD FOREIGN KEY (organization_id, continued_in) REFERENCES platform.conversations (organization_id, id),
    ADD CHECK (continued_in <> id);
COMMENT ON COLUMN platform.conversations.customer_external_id IS 'the address that the provider used last: replies go there';
DROP INDEX platform.conversations_open;
CREATE UNIQUE INDEX conversations_open ON platform.conversations (organization_id, connection_id, contact_id)
    WHERE status IN ('active', 'escalated') AND continued_in IS NULL;
CREATE INDEX idx_conversations_contact ON platform.conversations (organization_id, contact_id) WHERE contact_id IS NOT NULL;
CREATE INDEX idx_conversations_continued ON platform.conversations (organization_id, continued_in) WHERE continued_in IS NOT NULL;

ALTER TABLE platform.messages
    ADD COLUMN reply_to_external_id TEXT CHECK (char_length(reply_to_external_id) BETWEEN 1 AND 1000),
    ADD COLUMN edited_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN deleted_at TIMESTAMP WITH TIME ZONE, -- the content is gone; the row says that there was some
    ADD COLUMN reactions JSONB NOT NULL DEFAULT '[]'::JSONB CHECK (jsonb_typeof(reactions) = 'array'); -- [{by, emoji, at}]

-- Edits, deletions and reactions, in whatever order they come; `message_id` is NULL until their message exists.
CREATE TABLE platform.message_amendments (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(), -- of the webhook event
    organization_id UUID NOT NULL,
    connection_id UUID NOT NULL,
    target TEXT NOT NULL CHECK (char_length(target) BETWEEN 1 AND 1000), -- the provider's id of the message
    kind TEXT NOT NULL CHECK (kind IN ('edit', 'deletion', 'reaction')),
    actor TEXT NOT NULL DEFAULT '' CHECK (char_length(actor) <= 500), -- who reacted: one reaction each
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    event_key TEXT NOT NULL CHECK (char_length(event_key) BETWEEN 1 AND 512), -- decides between two of the same second
    text_content TEXT CHECK (octet_length(text_content) <= 1000000), -- erased when the message is deleted
    emoji TEXT CHECK (char_length(emoji) <= 100),
    message_id UUID,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    FOREIGN KEY (organization_id, connection_id) REFERENCES integrations.connections (organization_id, id),
    FOREIGN KEY (organization_id, message_id)
        REFERENCES platform.messages (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX idx_message_amendments_target ON platform.message_amendments (organization_id, connection_id, target);
CREATE INDEX idx_message_amendments_message ON platform.message_amendments (organization_id, message_id) WHERE message_id IS NOT NULL;
SELECT platform.isolate_tenant('platform.message_amendments');
SELECT platform.admit_all_tenants('platform.message_amendments', 'definer_role');
GRANT SELECT, UPDATE ON platform.message_amendments TO application_role;
GRANT SELECT, INSERT, UPDATE ON platform.message_amendments TO definer_role;

-- "Everything that this customer was sent until then was delivered (or read)": Messenger reports no single messages.
CREATE TABLE platform.message_watermarks (
    id UUID NOT NULL DEFAULT gen_random_uuid(), -- of the webhook event
    organization_id UUID NOT NULL,
    connection_id UUID NOT NULL,
    contact_id UUID NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('delivered', 'read')),
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, received_at, id)
) PARTITION BY RANGE (received_at);
INSERT INTO platform.partitioned_tables (table_name) VALUES ('platform.message_watermarks');
CREATE INDEX idx_message_watermarks_contact ON platform.message_watermarks (organization_id, contact_id, connection_id, occurred_at);
SELECT platform.isolate_tenant('platform.message_watermarks');
SELECT platform.admit_all_tenants('platform.message_watermarks', 'definer_role');
GRANT SELECT ON platform.message_watermarks TO application_role;
GRANT SELECT, INSERT, UPDATE ON platform.message_watermarks TO definer_role;
