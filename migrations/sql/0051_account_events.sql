-- What providers say about an account itself: a restriction or a removal pauses its sends, anything else that needs a person is told.

-- Whether the provider takes no more messages after this event of WhatsApp's account_update (names in lower case).
CREATE FUNCTION integrations.pauses_sending(p_event text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT p_event IN ('account_deleted', 'account_restriction', 'account_offboarded', 'disabled_update', 'partner_removed',
                       'partner_app_uninstalled')
$$;

-- p_events: [{provider, account, business, event, severity, detail}], the winners of kind `account` of one call of record_deliveries,
-- which calls this last. An event without an account concerns each connection of the business. Events of severity `info` change
-- nothing. Returns how many connections were paused. Connections are locked in the order of their ids.
CREATE FUNCTION integrations.apply_account_events(p_events jsonb) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    found record;
    paused int := 0;
BEGIN
    FOR found IN
        SELECT DISTINCT ON (n.id, e.word) n.organization_id, n.id, e.word, left(e.detail, 2000) AS detail
        FROM (SELECT i.*, left(regexp_replace(lower(i.event), '^.*[.:]', ''), 200) AS word
              FROM jsonb_to_recordset(p_events)
                   AS i (provider text, account text, business text, event text, severity text, detail text)) e
        JOIN integrations.connections n ON n.provider = e.provider AND n.status <> 'revoked'
            AND (n.account_identifier = e.account OR coalesce(e.account, '') = '' AND n.business_account_id = e.business)
        WHERE e.severity = 'attention' AND e.word <> ''
        ORDER BY n.id, e.word
    LOOP
        IF NOT integrations.pauses_sending(found.word) THEN
            PERFORM integrations.raise_alert(found.organization_id, found.id, 'provider_warning', found.word, found.detail);
            CONTINUE;
        END IF;
        UPDATE integrations.connections n SET status = 'error', attention_reason = found.word, last_error = found.detail
        WHERE n.organization_id = found.organization_id AND n.id = found.id AND n.status = 'active';
        IF FOUND THEN
            paused := paused + 1;
            INSERT INTO audit.activity_logs (organization_id, action, resource_type, resource_id, success, error_message, metadata)
            VALUES (found.organization_id, 'connection.needs_attention', 'integration', found.id, false, found.detail,
                    jsonb_build_object('status', 'error', 'reason', found.word));
        END IF;
    END LOOP;
    RETURN paused;
END
$$;
GRANT EXECUTE ON FUNCTION integrations.pauses_sending(text), integrations.apply_account_events(jsonb) TO definer_role;
