-- Keys that are made, used and destroyed by time.

-- +goose Up
CREATE TABLE signing_keys (
    purpose    TEXT NOT NULL,   -- what it signs
    slot       BIGINT NOT NULL, -- the number of the period that it was made for
    id         TEXT NOT NULL,   -- the kid
    public     BYTEA NOT NULL,  -- SubjectPublicKeyInfo, DER
    sealed     BYTEA NOT NULL,  -- the private part, encrypted under the provider's secret; empty once destroyed
    created_at BIGINT NOT NULL,
    PRIMARY KEY (purpose, slot)
);

-- What tickets are sealed under. Only the newest few epochs are ever here. Not written to
-- PostgreSQL's log, nor into its backups and replicas: what is deleted here is to be
-- gone for good, and what a crash takes is replaced at once.
CREATE UNLOGGED TABLE ticket_keys (
    epoch      BIGINT NOT NULL PRIMARY KEY,
    sealed     BYTEA NOT NULL, -- the root key, encrypted under the provider's secret
    created_at BIGINT NOT NULL
);

-- +goose Down
DROP TABLE ticket_keys;
DROP TABLE signing_keys;
