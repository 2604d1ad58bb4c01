-- Logging in at vendors' sites. Secrets, codes and tokens are kept as SHA-256 only.

-- +goose Up
CREATE TABLE openid_clients (
    id           TEXT PRIMARY KEY,
    vendor       TEXT NOT NULL,
    name         TEXT NOT NULL,
    secret       BYTEA NOT NULL, -- 32 zero bytes for a public client
    redirects    TEXT NOT NULL,  -- JSON
    after_logout TEXT NOT NULL,  -- JSON
    backchannel  TEXT NOT NULL,
    created_at   BIGINT NOT NULL
);
CREATE INDEX openid_clients_vendor ON openid_clients (vendor, id);

CREATE TABLE openid_consents (
    member     TEXT NOT NULL,
    vendor     TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (member, vendor)
);

CREATE TABLE openid_grants (
    id         TEXT PRIMARY KEY,
    client     TEXT NOT NULL,
    vendor     TEXT NOT NULL,
    member     TEXT NOT NULL,
    session    TEXT NOT NULL,
    code       BYTEA NOT NULL,
    code_until BIGINT NOT NULL,
    code_used  BIGINT NOT NULL,
    redirect   TEXT NOT NULL,
    challenge  TEXT NOT NULL,
    nonce      TEXT NOT NULL,
    offline    BIGINT NOT NULL,
    auth_at    BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL, -- zero while it lives
    tell_at    BIGINT NOT NULL, -- when the client is to be told of the logout; zero for never, -1 for not before the session ends
    tries      BIGINT NOT NULL
);
CREATE UNIQUE INDEX openid_grants_code ON openid_grants (code);
CREATE INDEX openid_grants_session ON openid_grants (session);
CREATE INDEX openid_grants_client ON openid_grants (client);
CREATE INDEX openid_grants_living ON openid_grants (id) WHERE ended_at = 0 OR tell_at < 0;
CREATE INDEX openid_grants_ended ON openid_grants (ended_at) WHERE ended_at > 0;
CREATE INDEX openid_grants_tell ON openid_grants (tell_at) WHERE tell_at > 0;

CREATE TABLE openid_tokens (
    hash       BYTEA PRIMARY KEY,
    grant_id   TEXT NOT NULL,
    kind       TEXT NOT NULL, -- access or refresh
    until      BIGINT NOT NULL,
    used_at    BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX openid_tokens_grant ON openid_tokens (grant_id);
CREATE INDEX openid_tokens_until ON openid_tokens (until);
CREATE INDEX sessions_id ON sessions (id);

-- +goose Down
DROP INDEX sessions_id;
DROP TABLE openid_tokens;
DROP TABLE openid_grants;
DROP TABLE openid_consents;
DROP TABLE openid_clients;
