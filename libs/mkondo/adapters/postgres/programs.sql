-- What runs inside Postgres, so that a whole batch is one statement: one round trip, one transaction, one flush.
-- Replaced at every initialise. Error MK001 is "fenced". Read next: commit.py, which makes the arrays.

CREATE OR REPLACE FUNCTION mkondo_commit(
    p_name text[], p_epoch bigint[], p_before bigint[], p_last bigint[], p_time bigint[], p_head bytea[],
    p_positions text[], p_sent text[],
    j_source text, j_sequence text, j_time text, j_type text, j_version text, j_key text[],
    j_data bytea[], j_routes text, j_seal text,
    r_key text[], r_partition text, r_data bytea[], r_due text,
    d_key text[], d_partition text[],
    f_application text[], f_third_party text[], f_transaction text[], f_payment text[], f_data bytea[],
    o_name text[], o_data bytea[]
) RETURNS void LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    -- The caller sorts by name: rows are locked in one order everywhere, so owners never wait in a circle.
    FOR i IN 1 .. cardinality(p_name) LOOP
        UPDATE partition
           SET last_sequence = p_last[i], time = p_time[i], head = p_head[i], positions = p_positions[i], sent = p_sent[i]
         WHERE name = p_name[i] AND epoch = p_epoch[i] AND last_sequence = p_before[i];
        IF NOT FOUND THEN
            RAISE EXCEPTION 'partition % is not at epoch %, sequence %', p_name[i], p_epoch[i], p_before[i]
                USING ERRCODE = 'MK001';
        END IF;
    END LOOP;
    -- Columns of our own making come as one text each: commit.py says why. Nothing between two blanks is null.
    IF cardinality(j_key) > 0 THEN
        INSERT INTO journal (source, sequence, time, type, version, key, data, routes, seal)
        SELECT source, sequence::bigint, time::bigint, type, version::integer, key, data,
               coalesce(routes, ''), decode(seal, 'hex')
          FROM unnest(string_to_array(j_source, ' '), string_to_array(j_sequence, ' '), string_to_array(j_time, ' '),
                      string_to_array(j_type, ' '), string_to_array(j_version, ' '), j_key, j_data,
                      string_to_array(j_routes, E'\n'), string_to_array(j_seal, ' ', ''))
            AS j (source, sequence, time, type, version, key, data, routes, seal);
    END IF;
    IF cardinality(r_key) > 0 THEN
        INSERT INTO record (key, partition, data, due)
        SELECT key, partition, data, due::bigint
          FROM unnest(r_key, string_to_array(r_partition, ' '), r_data, string_to_array(r_due, ' ', ''))
            AS r (key, partition, data, due)
        ON CONFLICT (key, partition) DO UPDATE SET data = excluded.data, due = excluded.due;
    END IF;
    IF cardinality(d_key) > 0 THEN
        DELETE FROM record r USING unnest(d_key, d_partition) AS d (key, partition)
         WHERE r.key = d.key AND r.partition = d.partition;
    END IF;
    IF cardinality(f_application) > 0 THEN
        INSERT INTO reference (application, third_party_conversation_id, transaction_id, payment_id, data)
        SELECT * FROM unnest(f_application, f_third_party, f_transaction, f_payment, f_data)
        ON CONFLICT DO NOTHING;
    END IF;
    IF cardinality(o_name) > 0 THEN
        INSERT INTO outcome (name, data) SELECT * FROM unnest(o_name, o_data) ON CONFLICT DO NOTHING;
    END IF;
END $$;


-- One member's fair share of each decider it hosts (architecture rule 5). Returns what it now holds.
CREATE OR REPLACE FUNCTION mkondo_claim(me text, hosted text[], lease interval) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    present timestamptz;
    decider text;
    share   integer;
    taken   text[];
    held    text[] := '{}';
BEGIN
    -- A lease that a crash forgets is only claimed again: not worth a flush.
    PERFORM set_config('synchronous_commit', 'off', true);
    PERFORM pg_advisory_xact_lock(hashtext('mkondo_claim'));
    present := clock_timestamp();
    DELETE FROM member WHERE lives_until < present - interval '1 hour';
    INSERT INTO member VALUES (me, hosted, present + lease)
    ON CONFLICT (name) DO UPDATE SET deciders = excluded.deciders, lives_until = excluded.lives_until;
    FOREACH decider IN ARRAY hosted LOOP
        -- Partitions divided by the living hosts; the first in order take the remainder.
        SELECT partitions / hosts + (place < partitions % hosts)::integer INTO share
          FROM meta, (SELECT count(*)::integer AS hosts, (count(*) FILTER (WHERE name < me))::integer AS place
                        FROM member WHERE lives_until > present AND decider = ANY (deciders)) AS living;
        SELECT array_agg(name) INTO taken FROM (
            SELECT name FROM (SELECT decider || '/' || number AS name, number
                                FROM meta, generate_series(0, partitions - 1) AS number) AS everyone
              LEFT JOIN lease ON partition = name AND until > present
             WHERE owner IS NULL OR owner = me
             ORDER BY (owner IS NULL), number LIMIT share) AS chosen;
        held := held || coalesce(taken, '{}');
    END LOOP;
    DELETE FROM lease WHERE owner = me AND partition <> ALL (held);
    INSERT INTO lease SELECT name, me, present + lease FROM unnest(held) AS name
    ON CONFLICT (partition) DO UPDATE SET owner = excluded.owner, until = excluded.until;
    RETURN held;
END $$;


CREATE OR REPLACE FUNCTION mkondo_apply_view(
    p_source text[], p_expected bigint[], p_next bigint[], v_view text[], v_key text[], v_data bytea[]
) RETURNS void LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    INSERT INTO view_position SELECT source, 0 FROM unnest(p_source) AS source ON CONFLICT DO NOTHING;
    FOR i IN 1 .. cardinality(p_source) LOOP
        UPDATE view_position SET position = p_next[i] WHERE source = p_source[i] AND position = p_expected[i];
        IF NOT FOUND THEN
            RAISE EXCEPTION 'views: % is not at %', p_source[i], p_expected[i] USING ERRCODE = 'MK001';
        END IF;
    END LOOP;
    IF cardinality(v_view) > 0 THEN
        INSERT INTO view_row (view, key, data) SELECT * FROM unnest(v_view, v_key, v_data)
        ON CONFLICT (view, key) DO UPDATE SET data = excluded.data;
    END IF;
END $$;
