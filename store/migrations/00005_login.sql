-- How people get in: what a session knows of its login, and what waits for an
-- answer by e-mail. One text for every database.

-- +goose Up
ALTER TABLE sessions ADD COLUMN auth_at BIGINT NOT NULL DEFAULT 0; -- the last full authentication
ALTER TABLE sessions ADD COLUMN methods TEXT NOT NULL DEFAULT ''; -- how, as written in amr
ALTER TABLE sessions ADD COLUMN device TEXT NOT NULL DEFAULT ''; -- in words, never the header itself
ALTER TABLE sessions ADD COLUMN seen_at BIGINT NOT NULL DEFAULT 0; -- coarse
UPDATE sessions SET auth_at = login_at, seen_at = login_at, methods = 'pwd';

ALTER TABLE users ADD COLUMN buy_window BIGINT NOT NULL DEFAULT 0; -- milliseconds; 0 for the provider's

-- People who have asked for a wallet and have not yet shown that the address is theirs.
CREATE TABLE signups (
    hash       BYTEA PRIMARY KEY, -- SHA-256 of what the browser holds
    code       BYTEA NOT NULL,    -- SHA-256 of that and the code in the mail; empty where there is a login already
    email      TEXT NOT NULL,
    name       TEXT NOT NULL,
    password   TEXT NOT NULL, -- an argon2id hash
    referrer   TEXT NOT NULL, -- the vendor that brought them
    next       TEXT NOT NULL, -- where they were going
    tries      BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX signups_expiry ON signups (expires_at);

-- People who have asked for a new password.
CREATE TABLE resets (
    hash       BYTEA PRIMARY KEY, -- SHA-256 of what the mail says
    member     TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX resets_member ON resets (member);
CREATE INDEX resets_expiry ON resets (expires_at);

-- +goose Down
DROP TABLE resets;
DROP TABLE signups;
ALTER TABLE users DROP COLUMN buy_window;
ALTER TABLE sessions DROP COLUMN seen_at;
ALTER TABLE sessions DROP COLUMN device;
ALTER TABLE sessions DROP COLUMN methods;
ALTER TABLE sessions DROP COLUMN auth_at;
