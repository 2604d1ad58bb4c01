-- What the database knows of the provider's secret: enough to tell the right one from
-- another, and nothing to find it by. One row, once a server has started.

-- +goose Up
CREATE TABLE provider_secret (
    id          BIGINT NOT NULL PRIMARY KEY, -- 1
    fingerprint BYTEA NOT NULL,  -- derived from the secret
    lasting     BYTEA NOT NULL,  -- the first secret, from which pseudonyms derive, encrypted under the present one; empty while they are the same
    set_at      BIGINT NOT NULL
);

-- +goose Down
DROP TABLE provider_secret;
