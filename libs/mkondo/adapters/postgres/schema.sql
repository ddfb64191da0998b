-- One environment's store, version 3 (architecture rules 3 to 8). Read next: programs.sql, schema.py.
-- Names are compared byte by byte (COLLATE "C"): the same order everywhere, and the cheapest.
-- No hot column is in any index: every update of a row stays in its page.

CREATE TABLE meta (
    only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version     integer NOT NULL,
    environment text NOT NULL,
    partitions  integer NOT NULL,
    identity    uuid NOT NULL DEFAULT gen_random_uuid(),
    made_at     timestamptz NOT NULL DEFAULT now()
);

-- The row that fences everything. One row to a page, so that its many versions are pruned where they are.
CREATE TABLE partition (
    name          text COLLATE "C" PRIMARY KEY,
    epoch         bigint NOT NULL,
    last_sequence bigint NOT NULL DEFAULT 0,
    time          bigint NOT NULL DEFAULT 0,
    head          bytea NOT NULL DEFAULT '',
    positions     text NOT NULL DEFAULT '{}',
    sent          text NOT NULL DEFAULT '{}'
) WITH (fillfactor = 10);

-- The sandbox's clock: how far it is ahead of the machines', and with which offset each process works.
CREATE TABLE clock (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    ahead_ms bigint NOT NULL
);

CREATE TABLE clock_follower (
    name        text COLLATE "C" PRIMARY KEY,
    ahead_ms    bigint NOT NULL,
    lives_until timestamptz NOT NULL
) WITH (fillfactor = 50);

-- Ownership is apart from that row: renewing a lease never waits for a commit, nor a commit for it.
CREATE TABLE member (
    name        text COLLATE "C" PRIMARY KEY,
    deciders    text[] NOT NULL,
    lives_until timestamptz NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE lease (
    partition text COLLATE "C" PRIMARY KEY,
    owner     text COLLATE "C" NOT NULL,
    until     timestamptz NOT NULL
) WITH (fillfactor = 50);

-- Append only. routes: 'destination:previous destination:previous'.
CREATE TABLE journal (
    source   text COLLATE "C" NOT NULL,
    sequence bigint NOT NULL,
    time     bigint NOT NULL,
    type     text NOT NULL,
    version  integer NOT NULL,
    key      text NOT NULL,
    data     bytea NOT NULL,
    routes   text NOT NULL,
    seal     bytea,
    PRIMARY KEY (source, sequence)
);
ALTER TABLE journal ALTER data SET STORAGE EXTERNAL;

-- One signed digest a day. Only ever inserted into.
CREATE TABLE digest (
    number     bigint PRIMARY KEY,
    body       bytea NOT NULL,
    signature  bytea NOT NULL,
    public_key bytea NOT NULL,
    roots      bytea NOT NULL
);

CREATE TABLE record (
    key       text COLLATE "C" NOT NULL,
    partition text COLLATE "C" NOT NULL,
    data      bytea NOT NULL,
    due       bigint,
    PRIMARY KEY (key, partition)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE record ALTER data SET STORAGE EXTERNAL;
CREATE INDEX record_due ON record (partition) WHERE due IS NOT NULL;

-- Immutable facts: written once by their owner, read by anyone.
CREATE TABLE reference (
    application                 text COLLATE "C" NOT NULL,
    third_party_conversation_id text COLLATE "C" NOT NULL,
    transaction_id              text COLLATE "C" NOT NULL UNIQUE,
    payment_id                  text COLLATE "C" NOT NULL UNIQUE,
    data                        bytea NOT NULL,
    PRIMARY KEY (application, third_party_conversation_id)
);

CREATE TABLE outcome (
    name text COLLATE "C" PRIMARY KEY,
    data bytea NOT NULL
);

CREATE TABLE watermark (
    source   text COLLATE "C" PRIMARY KEY,
    sequence bigint NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE view_row (
    view text COLLATE "C" NOT NULL,
    key  text COLLATE "C" NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (view, key)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

CREATE TABLE view_position (
    source   text COLLATE "C" PRIMARY KEY,
    position bigint NOT NULL
) WITH (fillfactor = 50);
