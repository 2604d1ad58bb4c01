-- Tries to guess, and to have e-mail sent, that replicas count together. What is counted stands here as
-- the number of a bucket, of which there are 2^20: neither an address nor a network can be
-- read from it, and no flood makes more rows.

-- +goose Up
CREATE TABLE tries (
  bucket  INTEGER PRIMARY KEY,
  free_at BIGINT NOT NULL -- when all of the bucket's tries have been earned back, in milliseconds since 1970
);

-- +goose Down
DROP TABLE tries;
