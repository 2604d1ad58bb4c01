-- The security log, and which sites have been shown to be their vendor's.

-- +goose Up
CREATE TABLE security_events (
    id      TEXT PRIMARY KEY,
    at      BIGINT NOT NULL,
    code    TEXT NOT NULL,
    vendor  TEXT NOT NULL, -- empty for none
    member  TEXT NOT NULL, -- the user; empty for none
    ordered TEXT NOT NULL, -- the order; empty for none
    detail  TEXT NOT NULL,
    times   BIGINT NOT NULL
);
CREATE INDEX security_events_vendor ON security_events (vendor, id);
CREATE INDEX security_events_member ON security_events (member, id);
CREATE INDEX security_events_at ON security_events (at);

ALTER TABLE sites ADD COLUMN proved_at BIGINT NOT NULL DEFAULT 0; -- 0: not yet

-- +goose Down
ALTER TABLE sites DROP COLUMN proved_at;
DROP TABLE security_events;
