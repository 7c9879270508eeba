-- How documents come into an organization's knowledge, change their vectors and leave it, so that a crash at any step is made good once.

-- What holds for all of an organization's knowledge. Whoever writes chunks locks the row for sharing and compares the model,
-- so that a switch to another one meets no chunk of the old.
CREATE TABLE platform.knowledge_settings (
    organization_id UUID PRIMARY KEY REFERENCES platform.organizations (id) ON DELETE CASCADE,
    embedding_model TEXT NOT NULL CHECK (char_length(embedding_model) BETWEEN 1 AND 200), -- of all its chunks
    review_days INTEGER NOT NULL DEFAULT 180 CHECK (review_days BETWEEN 1 AND 3650), -- an entry is looked at again after so long
    usage_due_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(), -- when the use of its entries is derived again
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now()
);
CREATE INDEX idx_knowledge_settings_usage ON platform.knowledge_settings (usage_due_at);
SELECT platform.track_updates('platform.knowledge_settings');
SELECT platform.isolate_tenant('platform.knowledge_settings');
SELECT platform.admit_all_tenants('platform.knowledge_settings', 'worker_role');
GRANT SELECT, INSERT, UPDATE ON platform.knowledge_settings TO application_role;
GRANT SELECT ON platform.knowledge_settings TO worker_role;

-- One piece of work on knowledge: an upload or a URL that becomes an entry, all chunks that get another model's vectors,
-- an object that is deleted. functions/knowledge_ingestion does it.
CREATE TABLE platform.knowledge_ingestions (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id UUID NOT NULL REFERENCES platform.organizations (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('upload', 'url', 'reembedding', 'deletion')),
    source_path TEXT CHECK (char_length(source_path) BETWEEN 1 AND 2000), -- of the entry; a URL is its own
    object_name TEXT CHECK (char_length(object_name) BETWEEN 1 AND 1000), -- in the media bucket
    content_type TEXT CHECK (char_length(content_type) <= 2000), -- as it was declared
    embedding_model TEXT CHECK (char_length(embedding_model) BETWEEN 1 AND 200), -- that a re-embedding goes to

    state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'running', 'done', 'refused', 'failed')),
    attempt INTEGER NOT NULL DEFAULT 0 CHECK (attempt >= 0), -- also the fence: an older attempt writes nothing
    failures INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0), -- attempts that failed since it last got on
    next_attempt_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    lease_until TIMESTAMP WITH TIME ZONE,
    done_count INTEGER NOT NULL DEFAULT 0 CHECK (done_count >= 0), -- chunks
    total_count INTEGER CHECK (total_count >= 0), -- chunks; NULL: not known yet
    error_code TEXT CHECK (char_length(error_code) <= 200),
    error_detail TEXT CHECK (char_length(error_detail) <= 20000),
    knowledge_id UUID, -- the entry that it made, or that had the same bytes already

    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),

    UNIQUE (organization_id, id),
    FOREIGN KEY (organization_id, knowledge_id)
        REFERENCES platform.knowledge_base (organization_id, id) ON DELETE SET NULL (knowledge_id),
    CHECK (CASE kind WHEN 'upload' THEN num_nonnulls(source_path, object_name) = 2 WHEN 'url' THEN source_path IS NOT NULL
           WHEN 'reembedding' THEN embedding_model IS NOT NULL ELSE object_name IS NOT NULL END)
) WITH (fillfactor = 80);
CREATE INDEX idx_knowledge_ingestions_entry ON platform.knowledge_ingestions (organization_id, knowledge_id)
    WHERE knowledge_id IS NOT NULL;
CREATE INDEX idx_knowledge_ingestions_source ON platform.knowledge_ingestions (organization_id, source_path)
    WHERE state IN ('pending', 'running');
CREATE UNIQUE INDEX idx_knowledge_ingestions_reembedding ON platform.knowledge_ingestions (organization_id)
    WHERE kind = 'reembedding' AND state IN ('pending', 'running'); -- one at a time
CREATE INDEX idx_knowledge_ingestions_pending ON platform.knowledge_ingestions (organization_id, next_attempt_at)
    WHERE state = 'pending';
CREATE INDEX idx_knowledge_ingestions_leased ON platform.knowledge_ingestions (lease_until) WHERE state = 'running';
SELECT platform.track_updates('platform.knowledge_ingestions');
SELECT platform.isolate_tenant('platform.knowledge_ingestions');
SELECT platform.admit_all_tenants('platform.knowledge_ingestions', 'worker_role');
GRANT SELECT, INSERT, UPDATE ON platform.knowledge_ingestions TO application_role;
GRANT SELECT, UPDATE ON platform.knowledge_ingestions TO worker_role;

-- Vectors of the next model, chunk by chunk. No search sees them; the switch moves all of them at once.
CREATE TABLE platform.knowledge_staged_vectors (
    organization_id UUID NOT NULL,
    knowledge_id UUID NOT NULL,
    ordinal INTEGER NOT NULL,
    embedding_model TEXT NOT NULL CHECK (char_length(embedding_model) BETWEEN 1 AND 200),
    embedding public.VECTOR(1536) NOT NULL,
    PRIMARY KEY (organization_id, knowledge_id, ordinal),
    FOREIGN KEY (organization_id, knowledge_id, ordinal)
        REFERENCES platform.knowledge_chunks (organization_id, knowledge_id, ordinal) ON DELETE CASCADE
);
SELECT platform.isolate_tenant('platform.knowledge_staged_vectors');
GRANT SELECT, INSERT, UPDATE, DELETE ON platform.knowledge_staged_vectors TO application_role;

-- Work whose worker never came back is pending again; whether it is tried once more is decided when it is claimed.
CREATE FUNCTION agents.expire_ingestions(p_batch int)
RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    moved int;
BEGIN
    UPDATE platform.knowledge_ingestions i
    SET state = 'pending', next_attempt_at = clock_timestamp(), lease_until = NULL, error_code = 'worker_lost',
        failures = failures + 1
    FROM (
        SELECT x.organization_id, x.id FROM platform.knowledge_ingestions x
        WHERE x.state = 'running' AND x.lease_until <= clock_timestamp()
        ORDER BY x.lease_until LIMIT p_batch
        FOR NO KEY UPDATE SKIP LOCKED
    ) stale
    WHERE i.organization_id = stale.organization_id AND i.id = stale.id;
    GET DIAGNOSTICS moved = ROW_COUNT;
    RETURN moved;
END
$$;

-- The work that should be moving and is not, fairly: each organization's oldest come first in turns.
CREATE FUNCTION agents.ingestions_to_wake(p_grace_seconds double precision, p_per_organization int, p_limit int)
RETURNS TABLE (organization_id uuid, ingestion_id uuid) LANGUAGE sql STABLE AS $$
    WITH RECURSIVE waiting AS (
        -- a loose index scan: one look-up for each organization that has anything pending
        (SELECT i.organization_id FROM platform.knowledge_ingestions i WHERE i.state = 'pending' ORDER BY i.organization_id LIMIT 1)
        UNION ALL
        SELECT (SELECT i.organization_id FROM platform.knowledge_ingestions i
                WHERE i.state = 'pending' AND i.organization_id > waiting.organization_id ORDER BY i.organization_id LIMIT 1)
        FROM waiting WHERE waiting.organization_id IS NOT NULL
    )
    SELECT waiting.organization_id, d.id
    FROM waiting, LATERAL (
        SELECT i.id, i.next_attempt_at, row_number() OVER (ORDER BY i.next_attempt_at) AS rank
        FROM platform.knowledge_ingestions i
        WHERE i.organization_id = waiting.organization_id AND i.state = 'pending'
          AND i.next_attempt_at <= clock_timestamp() - make_interval(secs => p_grace_seconds)
        ORDER BY i.next_attempt_at LIMIT p_per_organization
    ) d
    ORDER BY d.rank, d.next_attempt_at LIMIT p_limit
$$;

-- The organizations whose entries' use is to be derived again, the longest due first.
CREATE FUNCTION agents.knowledge_to_derive(p_limit int)
RETURNS TABLE (organization_id uuid) LANGUAGE sql STABLE AS $$
    SELECT s.organization_id FROM platform.knowledge_settings s
    WHERE s.usage_due_at <= clock_timestamp() ORDER BY s.usage_due_at LIMIT p_limit
$$;

GRANT EXECUTE ON FUNCTION
    agents.expire_ingestions(int),
    agents.ingestions_to_wake(double precision, int, int),
    agents.knowledge_to_derive(int)
TO worker_role;
