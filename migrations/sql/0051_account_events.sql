-- What providers say about an account itself: a restriction or a removal pauses its sends, anything else that needs a person is told.

-- Whether the provider takes no more messages after this event of WhatsApp's account_update.
CREATE FUNCTION integrations.pauses_sending(p_event text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT upper(p_event) IN ('ACCOUNT_DELETED', 'ACCOUNT_RESTRICTION', 'ACCOUNT_OFFBOARDED', 'DISABLED_UPDATE', 'PARTNER_REMOVED',
                              'PARTNER_APP_UNINSTALLED')
$$;

-- p_events: [{provider, account, business, event_type, event, severity, detail}]: the new items of kind `account` of one call of
-- record_deliveries, which calls this last. An event without an account concerns each connection of the business.
-- attention: pauses the connection, or is an alert of its own, one for each field, word and template until it is over.
-- info: ends the alerts about the same field and template ('message_template_status_update' APPROVED after PAUSED, say).
-- Returns how many connections were paused. Connections are taken in the order of their ids.
CREATE FUNCTION integrations.apply_account_events(p_events jsonb) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    told record;
    paused int := 0;
BEGIN
    FOR told IN
        SELECT DISTINCT ON (n.id, i.severity, subject, i.event)
               n.organization_id, n.id, i.event, i.severity, left(i.detail #>> '{}', 2000) AS detail,
               regexp_replace(i.event_type, '^account\.', '') || coalesce(':' || (i.detail ->> 'message_template_name'), '') AS subject
        FROM jsonb_to_recordset(p_events) AS i (
            provider text, account text, business text, event_type text, event text, severity text, detail jsonb)
        JOIN integrations.connections n ON n.provider = i.provider AND n.status <> 'revoked'
            AND (n.account_identifier = i.account OR coalesce(i.account, '') = '' AND n.business_account_id = i.business)
        ORDER BY n.id, i.severity, subject, i.event
    LOOP
        IF told.severity <> 'attention' THEN
            UPDATE integrations.connection_alerts a SET cleared_at = clock_timestamp()
            WHERE a.organization_id = told.organization_id AND a.connection_id = told.id AND a.kind = 'provider_warning'
              AND a.cleared_at IS NULL AND starts_with(a.reason, left(told.subject, 150) || ' ')
              -- other events of these say nothing about an earlier one
              AND told.subject NOT IN ('account_update', 'account_alerts', 'errors');
        ELSIF integrations.pauses_sending(told.event) THEN
            UPDATE integrations.connections n SET status = 'error', attention_reason = lower(told.event), last_error = told.detail
            WHERE n.organization_id = told.organization_id AND n.id = told.id AND n.status = 'active';
            CONTINUE WHEN NOT FOUND;
            paused := paused + 1;
            INSERT INTO audit.activity_logs (organization_id, action, resource_type, resource_id, success, error_message, metadata)
            VALUES (told.organization_id, 'connection.needs_attention', 'integration', told.id, false, told.detail,
                    jsonb_build_object('status', 'error', 'reason', lower(told.event)));
        ELSE
            PERFORM integrations.raise_alert(told.organization_id, told.id, 'provider_warning',
                left(told.subject, 150) || ' ' || left(lower(told.event), 49), told.detail);
        END IF;
    END LOOP;
    RETURN paused;
END
$$;
GRANT EXECUTE ON FUNCTION integrations.pauses_sending(text), integrations.apply_account_events(jsonb) TO definer_role;
