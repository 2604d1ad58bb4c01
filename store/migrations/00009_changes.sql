-- What was changed or revoked, so that replicas which remember it learn of it. Each
-- change has the next number; the row without a thing has the newest one, and is locked
-- until the change commits, so that numbers become visible in their order.

-- +goose Up
CREATE TABLE catalog_changes (
    thing TEXT PRIMARY KEY,
    seq   BIGINT NOT NULL
);
CREATE INDEX catalog_changes_seq ON catalog_changes (seq);
INSERT INTO catalog_changes (thing, seq) VALUES ('', 0);

-- +goose Down
DROP TABLE catalog_changes;
