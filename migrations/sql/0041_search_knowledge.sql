-- Hybrid search of the tenant's own knowledge in one call: vectors and words ranked apart, joined by reciprocal rank.

-- They run with the caller's rights, so row security decides what they see. All skip entries that are not active or
-- past their date, and chunks of another embedding model. Plans are cached from the first call (planning costs more
-- than the search) and must stay right when the table has grown, so sequential scans are off.

SELECT public.vector_dims('[1]'::public.vector); -- loads the extension's library: its settings cannot be named before

-- Candidates among the chunks that the shared approximate index holds (those of very large tenants), nearest by bits;
-- the scan goes on until enough are the tenant's own.
CREATE FUNCTION platform.nearest_indexed_chunks(query_bits bit, model text, candidate_limit integer)
RETURNS TABLE (chunk_id uuid)
LANGUAGE plpgsql STABLE ROWS 60
SET hnsw.ef_search = 100
SET hnsw.iterative_scan = 'strict_order'
SET hnsw.max_scan_tuples = 200000
SET enable_seqscan = off
SET enable_sort = off -- the index gives the order
SET enable_material = off -- few entries are looked up, not all of them read
AS $$
BEGIN
    RETURN QUERY
    SELECT chunk.id
    FROM platform.knowledge_chunks AS chunk
    WHERE chunk.embedding_model = model
      AND chunk.ann_indexed
      AND EXISTS (
          SELECT FROM platform.knowledge_base AS entry
          WHERE entry.id = chunk.knowledge_id
            AND entry.status = 'active' AND (entry.valid_until IS NULL OR entry.valid_until > now())
      )
    ORDER BY chunk.embedding_bits OPERATOR(public.<~>) query_bits
    LIMIT candidate_limit;
END
$$;

-- The chunks nearest to a vector with their cosine, best first. Single bits are compared for all of the tenant's chunks,
-- whole vectors for the `candidate_limit` that are best by bits.
CREATE FUNCTION platform.nearest_chunks(query public.vector, model text, candidate_limit integer)
RETURNS TABLE (chunk_id uuid, cosine double precision)
LANGUAGE plpgsql STABLE ROWS 60
SET enable_seqscan = off
SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off -- the few that are left are looked up by id
SET enable_mergejoin = off
AS $$
DECLARE
    query_bits bit(1536) := public.binary_quantize(query)::bit(1536);
BEGIN
    RETURN QUERY
    WITH candidate AS MATERIALIZED (
        (SELECT chunk.id
         FROM platform.knowledge_chunks AS chunk
         WHERE chunk.embedding_model = model
           AND NOT chunk.ann_indexed
           AND (chunk.knowledge_id IN (
               SELECT entry.id FROM platform.knowledge_base AS entry
               WHERE entry.status = 'active' AND (entry.valid_until IS NULL OR entry.valid_until > now())
           )) IS TRUE -- a filter of one scan, not a join: each entry's chunks would be looked up apart
         ORDER BY chunk.embedding_bits OPERATOR(public.<~>) query_bits
         LIMIT candidate_limit)
        UNION ALL
        SELECT indexed.chunk_id FROM platform.nearest_indexed_chunks(query_bits, model, candidate_limit) AS indexed
        WHERE EXISTS (
            SELECT FROM platform.knowledge_chunks AS chunk WHERE chunk.embedding_model = model AND chunk.ann_indexed
        )
    )
    SELECT chunk.id, 1 - (chunk.embedding OPERATOR(public.<=>) query) AS similarity
    FROM candidate JOIN platform.knowledge_chunks AS chunk USING (id)
    ORDER BY similarity DESC, chunk.id;
END
$$;

-- The chunks that hold one of the question's lexemes at least, and how much of the question each covers (0 to 1).
-- A lexeme counts `weight` times its rarity among the tenant's chunks; one that no chunk holds counts most, so that a
-- question about something unknown is covered by nothing; but if its weight is negative it then counts nothing. A lexeme
-- may be several with bars between them, any of which will do.
CREATE FUNCTION platform.covering_chunks(lexemes text[], weights double precision[], model text)
RETURNS TABLE (chunk_id uuid, coverage double precision)
LANGUAGE plpgsql STABLE ROWS 200
SET enable_seqscan = off
SET plan_cache_mode = force_generic_plan
SET enable_material = off -- the tenant's words are read once, not copied
AS $$
DECLARE
    queries tsquery[];
BEGIN
    -- quoted, so that no lexeme is read as an operator; what lies between bars will do as well
    SELECT array_agg(('''' || replace(replace(replace(lexeme, '\', '\\'), '''', ''''''), '|', '''|''') || '''')::tsquery
                     ORDER BY place)
    INTO queries
    FROM unnest(lexemes) WITH ORDINALITY AS given (lexeme, place);
    RETURN QUERY
    WITH live AS MATERIALIZED (
        SELECT entry.id FROM platform.knowledge_base AS entry
        WHERE entry.status = 'active' AND (entry.valid_until IS NULL OR entry.valid_until > now())
    ), total AS (
        SELECT greatest(count(*), 1)::double precision AS chunks
        FROM platform.knowledge_chunks AS chunk
        WHERE chunk.embedding_model = model AND (chunk.knowledge_id IN (SELECT live.id FROM live)) IS TRUE
    ), term AS MATERIALIZED (
        SELECT place, one_query, weight FROM unnest(queries, weights) WITH ORDINALITY AS given (one_query, weight, place)
    ), hit AS MATERIALIZED (
        SELECT chunk.id, term.place
        FROM platform.knowledge_chunks AS chunk JOIN term ON chunk.search_vector @@ term.one_query
        WHERE chunk.embedding_model = model AND (chunk.knowledge_id IN (SELECT live.id FROM live)) IS TRUE
    ), loudness AS MATERIALIZED (
        -- rarity is a share of the chunks, not a number, so that one threshold fits small and large tenants
        SELECT term.place,
               CASE WHEN term.weight < 0 AND found.chunks IS NULL THEN 0
                    ELSE abs(term.weight) * ln(1 + 1 / (coalesce(found.chunks, 0) / total.chunks + 0.02)) END AS value
        FROM term CROSS JOIN total
        LEFT JOIN (SELECT hit.place, count(*) AS chunks FROM hit GROUP BY hit.place) AS found USING (place)
    )
    SELECT hit.id, sum(loudness.value) / (SELECT sum(loudness.value) FROM loudness)
    FROM hit JOIN loudness USING (place)
    GROUP BY hit.id;
END
$$;

-- The best passages for a question: the two rankings joined by the sum of 1 / (60 + rank), best `result_limit`, with what
-- a threshold needs, since ranks alone say nothing about how good the best is. A rank is NULL where a list lacks the chunk.
CREATE FUNCTION platform.search_knowledge(
    query public.vector, model text, lexemes text[], weights double precision[],
    candidate_limit integer, result_limit integer
)
RETURNS TABLE (
    chunk_id uuid, knowledge_id uuid, heading text, content text,
    cosine double precision, coverage double precision, vector_rank integer, text_rank integer
)
LANGUAGE plpgsql STABLE ROWS 20
SET enable_seqscan = off
SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off -- the few that are left are looked up by id
SET enable_mergejoin = off
AS $$
BEGIN
    RETURN QUERY
    WITH near AS MATERIALIZED (
        SELECT found.chunk_id AS id, found.cosine,
               (row_number() OVER (ORDER BY found.cosine DESC, found.chunk_id))::integer AS place
        FROM platform.nearest_chunks(query, model, candidate_limit) AS found
        ORDER BY place LIMIT candidate_limit
    ), covering AS MATERIALIZED (
        SELECT found.chunk_id AS id, found.coverage,
               (row_number() OVER (ORDER BY found.coverage DESC, near.cosine DESC NULLS LAST, found.chunk_id))::integer
                   AS place
        FROM platform.covering_chunks(lexemes, weights, model) AS found
        LEFT JOIN near ON near.id = found.chunk_id
    ), fused AS MATERIALIZED (
        SELECT id, near.cosine, covering.coverage, near.place AS near_place, covering.place AS covering_place,
               coalesce(1.0 / (60 + near.place), 0) + coalesce(1.0 / (60 + covering.place), 0) AS value
        FROM near FULL JOIN covering USING (id)
        ORDER BY value DESC, id LIMIT result_limit
    )
    SELECT chunk.id, chunk.knowledge_id, chunk.heading, chunk.content,
           coalesce(fused.cosine, 1 - (chunk.embedding OPERATOR(public.<=>) query)),
           coalesce(fused.coverage, 0), fused.near_place, fused.covering_place
    FROM fused JOIN platform.knowledge_chunks AS chunk USING (id)
    ORDER BY fused.value DESC, chunk.id;
END
$$;

GRANT EXECUTE ON FUNCTION
    platform.nearest_indexed_chunks(bit, text, integer),
    platform.nearest_chunks(public.vector, text, integer),
    platform.covering_chunks(text[], double precision[], text),
    platform.search_knowledge(public.vector, text, text[], double precision[], integer, integer)
TO application_role;
