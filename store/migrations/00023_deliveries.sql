-- What leaves the house: one queue for all kinds of messages.

-- +goose Up
CREATE TABLE deliveries (
    id         TEXT PRIMARY KEY,
    kind       TEXT NOT NULL,
    receiver   TEXT NOT NULL,
    payload    BYTEA NOT NULL,  -- sealed if it holds secrets or personal data; erased when expires becomes 0
    created_at BIGINT NOT NULL,
    due        BIGINT NOT NULL,
    expires    BIGINT NOT NULL,           -- 0: it is over, and what it said is erased
    attempts   BIGINT NOT NULL,
    claim      BIGINT NOT NULL,           -- the number of its last claim
    dead_at    BIGINT NOT NULL,           -- 0 while it waits
    why        TEXT NOT NULL              -- what was wrong the last time
);
CREATE INDEX deliveries_waiting ON deliveries (kind, receiver, due, id, created_at) WHERE dead_at = 0;
CREATE INDEX deliveries_expire ON deliveries (expires) WHERE expires > 0;
CREATE INDEX deliveries_dead ON deliveries (id, kind, dead_at) WHERE dead_at > 0;

-- One row for each receiver that is to get anything.
CREATE TABLE delivery_receivers (
    kind          TEXT NOT NULL,
    receiver      TEXT NOT NULL,
    next_at       BIGINT NOT NULL, -- when it is next served
    blocked_until BIGINT NOT NULL, -- it is claimed, or does not answer: nothing is sent to it before
    failures      BIGINT NOT NULL, -- in a row
    claim         BIGINT NOT NULL, -- the number of its last claim; the first is random, so that none comes again
    PRIMARY KEY (kind, receiver)
);
CREATE INDEX delivery_receivers_next ON delivery_receivers (kind, next_at, receiver);

-- The logouts that wait to be told move here: each is named after its grant. They are good for
-- a day after they were due.
INSERT INTO deliveries (id, kind, receiver, payload, created_at, due, expires, attempts, claim, dead_at, why)
    SELECT 'dlv_' || substr(g.id, 5), 'logout', c.backchannel, substr(g.code, 1, 0), g.ended_at, g.tell_at, g.tell_at + 86400000, g.tries, 0, 0, ''
    FROM openid_grants g JOIN openid_clients c ON c.id = g.client WHERE g.tell_at > 0;
INSERT INTO delivery_receivers (kind, receiver, next_at, blocked_until, failures, claim)
    SELECT kind, receiver, MIN(due), 0, 0, 0 FROM deliveries GROUP BY kind, receiver;
UPDATE openid_grants SET tell_at = 0 WHERE tell_at > 0;
DROP INDEX openid_grants_tell;

-- +goose Down
CREATE INDEX openid_grants_tell ON openid_grants (tell_at) WHERE tell_at > 0;
DROP TABLE delivery_receivers;
DROP TABLE deliveries;
