-- How people show who they are, beside the password. One text for every database.

-- +goose Up
CREATE TABLE passkeys (
    id         BYTEA PRIMARY KEY,
    member     TEXT NOT NULL,
    name       TEXT NOT NULL,
    public_key BYTEA NOT NULL, -- COSE
    sign_count BIGINT NOT NULL,
    transports TEXT NOT NULL,
    eligible   BIGINT NOT NULL, -- it can be backed up
    backed_up  BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL
);
CREATE INDEX passkeys_member ON passkeys (member);

CREATE TABLE authenticators (
    member     TEXT PRIMARY KEY,
    sealed     BYTEA NOT NULL,  -- the shared secret, encrypted under the provider's
    step       BIGINT NOT NULL, -- the last time step used
    created_at BIGINT NOT NULL
);

CREATE TABLE recovery_codes (
    member TEXT NOT NULL,
    hash   BYTEA NOT NULL, -- SHA-256
    PRIMARY KEY (member, hash)
);

-- Logins under way, each in one browser.
CREATE TABLE login_attempts (
    hash       BYTEA PRIMARY KEY, -- SHA-256 of what the browser holds
    kind       TEXT NOT NULL,
    member     TEXT NOT NULL, -- empty where nobody has the address
    email      TEXT NOT NULL,
    methods    TEXT NOT NULL,  -- what has been shown already
    code       BYTEA NOT NULL, -- SHA-256 of what the browser holds and the code in the mail
    state      BYTEA NOT NULL,
    tries      BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX login_attempts_expiry ON login_attempts (expires_at);

-- +goose Down
DROP TABLE login_attempts;
DROP TABLE recovery_codes;
DROP TABLE authenticators;
DROP TABLE passkeys;
