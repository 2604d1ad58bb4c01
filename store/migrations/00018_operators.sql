-- Who runs the provider, what they looked at and did, the keys of their programs; and sums
-- of the journal that are kept by following it.

-- +goose Up
CREATE TABLE staff (
    member   TEXT NOT NULL, -- the user
    role     TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (member, role)
);

-- Rows are only ever added.
CREATE TABLE staff_log (
    id      TEXT PRIMARY KEY,
    at      BIGINT NOT NULL,
    actor   TEXT NOT NULL, -- a user, an operator's key, or 'command' for a command on the provider's own machine
    action  TEXT NOT NULL,
    subject TEXT NOT NULL, -- the id of what was looked at or changed; empty for none
    detail  TEXT NOT NULL
);

CREATE TABLE operator_keys (
    id         TEXT PRIMARY KEY,
    hash       BYTEA NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    hint       TEXT NOT NULL, -- the secret's last characters
    created_at BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL -- 0: good
);

-- Derived: what the journal's legs and sales come to, up to the entry in ledger_sums_head.
CREATE TABLE ledger_sums (
    name     TEXT NOT NULL, -- a row of the chart of accounts, or 'sales'
    owner    TEXT NOT NULL, -- the vendor, for its own sums; empty for the sum of all
    currency TEXT NOT NULL,
    class    TEXT NOT NULL, -- purchased, incentive or test
    amount   BIGINT NOT NULL,
    count    BIGINT NOT NULL, -- of the legs or sales
    PRIMARY KEY (name, owner, currency, class)
);
CREATE TABLE ledger_sums_head (
    one  BIGINT NOT NULL PRIMARY KEY,
    seq  BIGINT NOT NULL,
    hash BYTEA NOT NULL -- of the block that ends with seq
);

-- Derived: the entries by which money came in.
CREATE TABLE deposits (
    seq       BIGINT NOT NULL PRIMARY KEY,
    account   TEXT NOT NULL,
    at        BIGINT NOT NULL,
    amount    BIGINT NOT NULL,
    currency  TEXT NOT NULL,
    method    TEXT NOT NULL,
    reference TEXT NOT NULL
);
CREATE INDEX deposits_account ON deposits (account, seq);

-- +goose Down
DROP TABLE deposits;
DROP TABLE ledger_sums_head;
DROP TABLE ledger_sums;
DROP TABLE operator_keys;
DROP TABLE staff_log;
DROP TABLE staff;
