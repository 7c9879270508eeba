-- Which organizations' objects need work: media that are to be deleted, and objects that are to be compared with their rows.

-- A message that its sender deleted loses its media too; once it has none it is not in this index.
CREATE INDEX idx_messages_deleted_media ON platform.messages (organization_id)
    WHERE deleted_at IS NOT NULL AND media_urls <> '[]'::jsonb;

CREATE FUNCTION agents.media_to_clean(p_grace_seconds double precision, p_limit int)
RETURNS TABLE (organization_id uuid) LANGUAGE sql STABLE AS $$
    SELECT found.organization_id FROM (
        SELECT a.organization_id FROM platform.media_assets a
        WHERE a.state = 'deleting' AND a.deleting_at <= clock_timestamp() - make_interval(secs => p_grace_seconds)
        UNION
        SELECT m.organization_id FROM platform.messages m WHERE m.deleted_at IS NOT NULL AND m.media_urls <> '[]'::jsonb
        UNION
        SELECT u.organization_id FROM platform.media_audits u WHERE u.due_at <= clock_timestamp()
    ) found
    LIMIT p_limit
$$;
GRANT EXECUTE ON FUNCTION agents.media_to_clean(double precision, int) TO worker_role;
