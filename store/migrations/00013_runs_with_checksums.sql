-- What is derived from the journal carries checksums. Runs without them are dropped: the
-- next start makes them again. A program from before this one finds no sorted_run and does
-- not start; one that is running finds no run_chunk, and takes nothing newer for its own.

-- +goose Up
DROP TABLE run_guide;
DROP TABLE run_chunk;
DROP TABLE sorted_run;

-- Kind 1 is the index, kind 2 the snapshots of accounts. The runs of a kind stand for the
-- entries from the first one on, without a gap.
CREATE TABLE run_meta (
    id        BIGINT NOT NULL PRIMARY KEY,
    kind      BIGINT NOT NULL,
    level     BIGINT NOT NULL,
    first_seq BIGINT NOT NULL,
    last_seq  BIGINT NOT NULL,
    count     BIGINT NOT NULL,
    chunks    BIGINT NOT NULL, -- so many rows of run_data it has
    pieces    BIGINT NOT NULL, -- so many of run_guide
    salt      BIGINT NOT NULL, -- goes into the checksum of each of them
    checksum  BIGINT NOT NULL  -- CRC-32C of this row
);
-- The records of a run, in chunks, and what is kept in memory of it: its filters and the
-- first keys of its chunks. The id is the run's id times 2^24, plus the row's number; the
-- last four bytes of a body are a CRC-32C.
CREATE TABLE run_data (
    id   BIGINT NOT NULL PRIMARY KEY,
    body BYTEA  NOT NULL
);
CREATE TABLE run_guide (
    id   BIGINT NOT NULL PRIMARY KEY,
    body BYTEA  NOT NULL
);

-- +goose Down
DROP TABLE run_guide;
DROP TABLE run_data;
DROP TABLE run_meta;
CREATE TABLE sorted_run (
    id        BIGINT NOT NULL PRIMARY KEY,
    kind      BIGINT NOT NULL,
    level     BIGINT NOT NULL,
    first_seq BIGINT NOT NULL,
    last_seq  BIGINT NOT NULL,
    count     BIGINT NOT NULL
);
CREATE TABLE run_chunk (
    id   BIGINT NOT NULL PRIMARY KEY,
    body BYTEA  NOT NULL
);
CREATE TABLE run_guide (
    id   BIGINT NOT NULL PRIMARY KEY,
    body BYTEA  NOT NULL
);
