-- What a turn's replies must remember to be cancelled and answered anew, and the index that finds due conversations fairly.
-- from_seq: the turn's first message, so that a reply that was not sent can be taken back (done_seq returns to from_seq - 1).
-- known_seq: the newest message when the reply was decided. Only a message after it makes the reply stale at the moment of sending;
-- comparing with the turn's own last message would starve a customer who keeps writing beyond the ceiling.
ALTER TABLE platform.outbox
    ADD COLUMN from_seq bigint,
    ADD COLUMN known_seq bigint,
    ADD CONSTRAINT outbox_turn_range_check CHECK (from_seq <= turn_seq AND turn_seq <= known_seq);

-- A provider that says the 24-hour window is closed is believed until the customer writes again, whatever our own clock says.
ALTER TABLE platform.conversations ADD COLUMN window_closed_at timestamptz;

COMMENT ON COLUMN platform.outbox.from_seq IS 'first inbound message of the turn; NULL for what no turn wrote';
COMMENT ON COLUMN platform.outbox.known_seq IS 'newest inbound message when the reply was decided';

-- The sweep walks organizations one by one, so that a noisy one cannot hide the others behind its own backlog.
DROP INDEX platform.idx_conversations_due;
CREATE INDEX idx_conversations_due ON platform.conversations (organization_id, run_at) WHERE run_at IS NOT NULL;
-- Whatever still has to move, by conversation: the claim and the order of sends ask this on each turn.
CREATE INDEX idx_outbox_open ON platform.outbox (organization_id, conversation_id, turn_seq, part)
    WHERE state IN ('ready', 'sending', 'uncertain');
-- Statuses are looked up by the provider's id alone (the connection is not asked for): with the connection between, PostgreSQL
-- before 18 would read all statuses of the organization for each message that is sent.
DROP INDEX platform.idx_message_statuses_provider_message;
CREATE INDEX idx_message_statuses_provider_message ON platform.message_statuses (organization_id, provider_message_id);
-- The sweep looks each minute for messages that the provider took and could not deliver.
CREATE INDEX idx_message_statuses_failed ON platform.message_statuses (received_at) WHERE status = 'failed' AND outbox_id IS NOT NULL;
-- An execution that was begun and never ended is looked for each minute, over all organizations.
CREATE INDEX idx_executions_unfinished ON departments.agent_executions (created_at) WHERE status IN ('pending', 'running');
