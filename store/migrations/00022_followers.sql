-- Work that one server at a time does, and who follows the journal how far.

-- +goose Up
CREATE TABLE leases (
    name  TEXT PRIMARY KEY,
    owner TEXT NOT NULL,   -- the process that has it; empty for none
    fence BIGINT NOT NULL, -- one more each time that it changes hands
    until BIGINT NOT NULL  -- by the database's clock: from then on others may take it
);

CREATE TABLE followers (
    name    TEXT PRIMARY KEY,
    seq     BIGINT NOT NULL, -- the last entry that was handed over
    hash    BYTEA NOT NULL,  -- of the block that ends with it
    fence   BIGINT NOT NULL, -- of the lease under which it was
    state   BYTEA NOT NULL,  -- what the follower keeps of the entries up to there
    stopped TEXT NOT NULL    -- why it does not go on; empty where it does
);

-- The outside events that brought money, as the watchdog saw them: 64 bits of a hash.
CREATE TABLE watched_deposits (
    event BIGINT NOT NULL PRIMARY KEY,
    seq   BIGINT NOT NULL -- the entry
);

-- At most one row, while an invariant is broken and nobody has cleared that: nothing is sold.
CREATE TABLE broken_invariant (
    one       BIGINT NOT NULL PRIMARY KEY,
    invariant BIGINT NOT NULL, -- by its number in docs/invariants.md
    entry     BIGINT NOT NULL,
    detail    TEXT NOT NULL,
    at        BIGINT NOT NULL  -- when it was found
);

-- +goose Down
DROP TABLE broken_invariant;
DROP TABLE watched_deposits;
DROP TABLE followers;
DROP TABLE leases;
