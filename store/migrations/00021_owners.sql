-- +goose Up
-- The snapshots hold the accounts of vendors, payees, campaigns and the provider, too, and the
-- index finds deposits. What was made without them is forgotten: the next start makes it again
-- from the journal. An earlier version, which would leave both out, does not start; one that is
-- running does not know the format, and cannot add a run.
DROP TABLE run_meta;
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
    checksum  BIGINT NOT NULL, -- CRC-32C of this row, but for the format
    format    BIGINT NOT NULL  -- of what it holds: 2
);
DROP TABLE deposits;
DROP TABLE ledger_sums_head;
DROP TABLE ledger_sums;
DROP TABLE vendor_totals;

-- +goose Down
CREATE TABLE vendor_totals (
    vendor TEXT PRIMARY KEY,
    seq    BIGINT NOT NULL,
    lines  TEXT NOT NULL
);
CREATE TABLE ledger_sums (
    name     TEXT NOT NULL,
    owner    TEXT NOT NULL,
    currency TEXT NOT NULL,
    class    TEXT NOT NULL,
    amount   BIGINT NOT NULL,
    count    BIGINT NOT NULL,
    PRIMARY KEY (name, owner, currency, class)
);
CREATE TABLE ledger_sums_head (
    one  BIGINT NOT NULL PRIMARY KEY,
    seq  BIGINT NOT NULL,
    hash BYTEA NOT NULL
);
CREATE TABLE deposits (
    seq       BIGINT NOT NULL PRIMARY KEY,
    account   TEXT NOT NULL,
    at        BIGINT NOT NULL,
    amount    BIGINT NOT NULL,
    currency  TEXT NOT NULL,
    method    TEXT NOT NULL,
    reference TEXT NOT NULL
);
CREATE INDEX deposits_account ON deposits (account, seq);
DROP TABLE run_meta;
CREATE TABLE run_meta (
    id        BIGINT NOT NULL PRIMARY KEY,
    kind      BIGINT NOT NULL,
    level     BIGINT NOT NULL,
    first_seq BIGINT NOT NULL,
    last_seq  BIGINT NOT NULL,
    count     BIGINT NOT NULL,
    chunks    BIGINT NOT NULL,
    pieces    BIGINT NOT NULL,
    salt      BIGINT NOT NULL,
    checksum  BIGINT NOT NULL
);
