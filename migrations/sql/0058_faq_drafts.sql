-- Questions that people of the business answered, as drafts of its knowledge: none is used for answers before it is approved.

-- The normalised question that an approved entry answers. One question has one live answer, whoever approves at the same time.
ALTER TABLE platform.knowledge_base
    ADD COLUMN question_key TEXT CHECK (char_length(question_key) BETWEEN 1 AND 500);
CREATE UNIQUE INDEX knowledge_base_question ON platform.knowledge_base (organization_id, question_key)
    WHERE status = 'active' AND question_key IS NOT NULL;

CREATE TABLE platform.faq_drafts (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id UUID NOT NULL REFERENCES platform.organizations (id) ON DELETE CASCADE,

    question_key TEXT NOT NULL CHECK (char_length(question_key) BETWEEN 1 AND 500),
    question TEXT NOT NULL CHECK (char_length(question) BETWEEN 1 AND 500),
    answer TEXT NOT NULL CHECK (char_length(answer) BETWEEN 1 AND 4000),
    embedding public.VECTOR(1536) NOT NULL, -- of the question
    embedding_model TEXT NOT NULL CHECK (char_length(embedding_model) BETWEEN 1 AND 200),

    -- superseded: people answer otherwise now, another draft says how; stale: nobody asks any more, or the knowledge says the same
    state TEXT NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'approved', 'rejected', 'superseded', 'stale')),

    -- The two messages whose words these are. Until a person decides, the draft vanishes with either of them, in its transaction.
    question_message_id UUID,
    answer_message_id UUID,

    conflict_with UUID, -- the live entry that answers the same question otherwise
    decision TEXT CHECK (decision IN ('approve', 'replace', 'keep', 'reject')),
    decided_by UUID, -- NULL: somebody at the command line
    decided_at TIMESTAMP WITH TIME ZONE,
    knowledge_id UUID, -- what the approval made; deleting that entry forgets the draft

    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),

    UNIQUE (organization_id, id),
    FOREIGN KEY (organization_id, question_message_id)
        REFERENCES platform.messages (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, answer_message_id)
        REFERENCES platform.messages (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, conflict_with)
        REFERENCES platform.knowledge_base (organization_id, id) ON DELETE SET NULL (conflict_with),
    FOREIGN KEY (organization_id, knowledge_id)
        REFERENCES platform.knowledge_base (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, decided_by)
        REFERENCES platform.users (organization_id, id) ON DELETE SET NULL (decided_by),
    CHECK ((state IN ('approved', 'rejected')) = (decided_at IS NOT NULL)),
    CHECK ((state IN ('approved', 'rejected')) = (question_message_id IS NULL)),
    CHECK ((question_message_id IS NULL) = (answer_message_id IS NULL)),
    CHECK (state <> 'approved' OR knowledge_id IS NOT NULL),
    CHECK (CASE state WHEN 'approved' THEN coalesce(decision, '') IN ('approve', 'replace')
                      WHEN 'rejected' THEN coalesce(decision, '') IN ('reject', 'keep')
                      ELSE decision IS NULL END)
);
CREATE UNIQUE INDEX faq_drafts_open ON platform.faq_drafts (organization_id, question_key) WHERE state = 'draft';
CREATE INDEX idx_faq_drafts_state ON platform.faq_drafts (organization_id, state);
CREATE INDEX idx_faq_drafts_question_message ON platform.faq_drafts (organization_id, question_message_id)
    WHERE question_message_id IS NOT NULL;
CREATE INDEX idx_faq_drafts_answer_message ON platform.faq_drafts (organization_id, answer_message_id)
    WHERE answer_message_id IS NOT NULL;
CREATE INDEX idx_faq_drafts_conflict ON platform.faq_drafts (organization_id, conflict_with) WHERE conflict_with IS NOT NULL;
CREATE INDEX idx_faq_drafts_knowledge ON platform.faq_drafts (organization_id, knowledge_id) WHERE knowledge_id IS NOT NULL;
CREATE INDEX idx_faq_drafts_decided_by ON platform.faq_drafts (organization_id, decided_by) WHERE decided_by IS NOT NULL;
SELECT platform.track_updates('platform.faq_drafts');
SELECT platform.isolate_tenant('platform.faq_drafts');
SELECT platform.admit_all_tenants('platform.faq_drafts', 'definer_role');
GRANT SELECT, INSERT, UPDATE, DELETE ON platform.faq_drafts TO application_role;
GRANT SELECT, DELETE ON platform.faq_drafts TO definer_role;

-- Each conversation in which a draft's question was asked and answered by a person, and how. They are counted, never their number kept.
CREATE TABLE platform.faq_draft_sources (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id UUID NOT NULL,
    draft_id UUID NOT NULL,
    conversation_id UUID NOT NULL,
    question_message_id UUID NOT NULL, -- by value: messages go with their conversation, or by the trigger below
    answer_message_id UUID NOT NULL,
    question TEXT NOT NULL CHECK (char_length(question) BETWEEN 1 AND 500),
    answer TEXT NOT NULL CHECK (char_length(answer) BETWEEN 1 AND 4000),
    answered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    UNIQUE (organization_id, draft_id, conversation_id),
    FOREIGN KEY (organization_id, draft_id) REFERENCES platform.faq_drafts (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, conversation_id)
        REFERENCES platform.conversations (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX idx_faq_draft_sources_conversation ON platform.faq_draft_sources (organization_id, conversation_id);
CREATE INDEX idx_faq_draft_sources_question ON platform.faq_draft_sources (organization_id, question_message_id);
CREATE INDEX idx_faq_draft_sources_answer ON platform.faq_draft_sources (organization_id, answer_message_id);
SELECT platform.isolate_tenant('platform.faq_draft_sources');
SELECT platform.admit_all_tenants('platform.faq_draft_sources', 'definer_role');
GRANT SELECT, INSERT, UPDATE, DELETE ON platform.faq_draft_sources TO application_role;
GRANT SELECT, DELETE ON platform.faq_draft_sources TO definer_role;

-- How far an organization's answered questions are read: the last answer of a person, in the order of their making.
CREATE TABLE platform.faq_progress (
    organization_id UUID PRIMARY KEY REFERENCES platform.organizations (id) ON DELETE CASCADE,
    answered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    message_id UUID NOT NULL, -- by value: it may be gone
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now()
);
SELECT platform.track_updates('platform.faq_progress');
SELECT platform.isolate_tenant('platform.faq_progress');
GRANT SELECT, INSERT, UPDATE ON platform.faq_progress TO application_role;

-- What people wrote since then is found without reading all messages.
CREATE INDEX idx_messages_human ON platform.messages (organization_id, created_at, id) WHERE sender_type = 'human';

-- A message whose content was taken back leaves no draft behind either; whoever takes it back may not know of drafts.
CREATE FUNCTION platform.forget_drafts_of_message() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM platform.faq_drafts d
    WHERE d.organization_id = NEW.organization_id AND (d.question_message_id = NEW.id OR d.answer_message_id = NEW.id);
    DELETE FROM platform.faq_draft_sources s
    WHERE s.organization_id = NEW.organization_id AND (s.question_message_id = NEW.id OR s.answer_message_id = NEW.id);
    RETURN NULL;
END
$$;
CREATE TRIGGER forget_drafts_of_message AFTER UPDATE OF deleted_at ON platform.messages
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL)
    EXECUTE FUNCTION platform.forget_drafts_of_message();
