-- +goose Up

-- The journal: one row is one commit. Rows are only ever inserted, at the end.
CREATE TABLE block (
    first BIGINT NOT NULL PRIMARY KEY,
    count BIGINT NOT NULL,
    at    BIGINT NOT NULL,
    prev  BYTEA  NOT NULL,
    hash  BYTEA  NOT NULL,
    body  BYTEA  NOT NULL
);

-- Rows to lock, never changed: 1 is held while a block is appended, 2 while runs are
-- written and merged, 3 while a run is published.
CREATE TABLE journal_lock (
    id BIGINT NOT NULL PRIMARY KEY
);
INSERT INTO journal_lock (id) VALUES (1), (2), (3);

-- Derived data, sorted: kind 1 is the index, kind 2 the snapshots of accounts.
CREATE TABLE sorted_run (
    id        BIGINT NOT NULL PRIMARY KEY,
    kind      BIGINT NOT NULL,
    level     BIGINT NOT NULL,
    first_seq BIGINT NOT NULL,
    last_seq  BIGINT NOT NULL,
    count     BIGINT NOT NULL
);
-- The records of a run, in pieces. The id is the run's id times 2^24, plus the piece's
-- number.
CREATE TABLE run_chunk (
    id   BIGINT NOT NULL PRIMARY KEY,
    body BYTEA  NOT NULL
);
-- What is kept in memory of a run: its filters and the first keys of its chunks. Ids
-- are made in the same way.
CREATE TABLE run_guide (
    id   BIGINT NOT NULL PRIMARY KEY,
    body BYTEA  NOT NULL
);

-- +goose Down
DROP TABLE run_guide;
DROP TABLE run_chunk;
DROP TABLE sorted_run;
DROP TABLE journal_lock;
DROP TABLE block;
