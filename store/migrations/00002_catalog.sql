-- Who is who and what is for sale. One text for every database: ids are stored as
-- they are written, times are milliseconds since 1970, lists are JSON.

-- +goose Up
CREATE TABLE users (
    id         TEXT PRIMARY KEY,
    email      TEXT NOT NULL, -- empty for the test readers of sandboxes
    name       TEXT NOT NULL,
    password   TEXT NOT NULL, -- an argon2id hash; empty for those who cannot log in
    account    TEXT NOT NULL, -- the account that a login opens
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX users_email ON users (email) WHERE email <> '';

CREATE TABLE user_accounts (
    id         TEXT PRIMARY KEY,
    referrer   TEXT NOT NULL, -- the vendor that brought it
    sandbox    TEXT NOT NULL, -- the vendor whose test reader owns it
    created_at BIGINT NOT NULL
);

CREATE TABLE account_members (
    account   TEXT NOT NULL,
    member    TEXT NOT NULL,
    joined_at BIGINT NOT NULL,
    PRIMARY KEY (account, member)
);

CREATE TABLE sessions (
    hash       BYTEA PRIMARY KEY, -- SHA-256 of what the browser holds
    id         TEXT NOT NULL,
    member     TEXT NOT NULL,
    account    TEXT NOT NULL,
    login_at   BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_member ON sessions (member);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE vendors (
    id              TEXT PRIMARY KEY,
    name            TEXT NOT NULL,
    fee_ppm         BIGINT NOT NULL,
    fee_fixed       BIGINT NOT NULL,
    sandbox_user    TEXT NOT NULL,
    sandbox_account TEXT NOT NULL,
    created_at      BIGINT NOT NULL
);

CREATE TABLE vendor_members (
    vendor    TEXT NOT NULL,
    member    TEXT NOT NULL,
    joined_at BIGINT NOT NULL,
    PRIMARY KEY (member, vendor)
);

CREATE TABLE sites (
    id         TEXT PRIMARY KEY,
    vendor     TEXT NOT NULL,
    origin     TEXT NOT NULL,
    path       TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX sites_vendor ON sites (vendor, origin, path);

CREATE TABLE api_keys (
    id         TEXT PRIMARY KEY,
    vendor     TEXT NOT NULL,
    hash       BYTEA NOT NULL, -- SHA-256 of what the vendor's server holds
    login      TEXT NOT NULL,
    hint       TEXT NOT NULL,
    test       BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX api_keys_hash ON api_keys (hash);
CREATE INDEX api_keys_vendor ON api_keys (vendor, id);

CREATE TABLE payees (
    id         TEXT PRIMARY KEY,
    vendor     TEXT NOT NULL,
    name       TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX payees_vendor ON payees (vendor, id);

CREATE TABLE splits (
    id         TEXT NOT NULL,
    version    BIGINT NOT NULL,
    vendor     TEXT NOT NULL,
    name       TEXT NOT NULL,
    shares     TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id, version)
);
CREATE INDEX splits_vendor ON splits (vendor, id);

CREATE TABLE offers (
    id         TEXT NOT NULL,
    version    BIGINT NOT NULL,
    vendor     TEXT NOT NULL,
    item       TEXT NOT NULL,
    price      BIGINT NOT NULL,
    currency   TEXT NOT NULL,
    split      TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id, version)
);
CREATE INDEX offers_vendor ON offers (vendor, id);

CREATE TABLE campaigns (
    id         TEXT PRIMARY KEY,
    issuer     TEXT NOT NULL, -- empty for the provider
    name       TEXT NOT NULL,
    currency   TEXT NOT NULL,
    listed     BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX campaigns_issuer ON campaigns (issuer, id);

-- What was made under an idempotency key, for additions to these tables. Keys of
-- orders and money stand in the journal.
CREATE TABLE requests (
    scope      TEXT NOT NULL,
    hash       TEXT NOT NULL,
    digest     TEXT NOT NULL,
    made       TEXT NOT NULL,
    version    BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (scope, hash)
);

-- What each vendor had earned up to a journal entry: derived, and kept so that the
-- journal need not be read from its beginning.
CREATE TABLE vendor_totals (
    vendor TEXT PRIMARY KEY,
    seq    BIGINT NOT NULL,
    lines  TEXT NOT NULL
);

-- +goose Down
DROP TABLE vendor_totals;
DROP TABLE requests;
DROP TABLE campaigns;
DROP TABLE offers;
DROP TABLE splits;
DROP TABLE payees;
DROP TABLE api_keys;
DROP TABLE sites;
DROP TABLE vendor_members;
DROP TABLE vendors;
DROP TABLE sessions;
DROP TABLE account_members;
DROP TABLE user_accounts;
DROP TABLE users;
