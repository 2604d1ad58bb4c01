-- Several replicas may each have made a key for tickets of one epoch, after a crash of the
-- database took what they shared: all of them are kept, so that each opens what another
-- sealed. And what tells a transaction that was committed from one that was not, where the
-- answer was lost.

-- +goose Up

-- Left out of PostgreSQL's log, as ticket_keys was, and for the same reason. That table
-- stays until its last keys are deleted, row by row, which overwrites them; nothing is added
-- to it any more.
CREATE UNLOGGED TABLE ticket_roots (
    epoch      BIGINT NOT NULL,
    id         TEXT NOT NULL,  -- of this key, among those of the epoch
    sealed     BYTEA NOT NULL, -- the root key, encrypted under the provider's secret
    created_at BIGINT NOT NULL,
    PRIMARY KEY (epoch, id)
);
INSERT INTO ticket_roots (epoch, id, sealed, created_at) SELECT epoch, 'first', sealed, created_at FROM ticket_keys;

-- One row for each transaction that a server has under way at a time, used again by its next.
CREATE TABLE catalog_writes (
    writer TEXT PRIMARY KEY,
    number BIGINT NOT NULL -- of the last of its transactions that was committed
);

-- +goose Down
DROP TABLE catalog_writes;
DROP TABLE ticket_roots;
