-- +goose Up
-- Entries of kind 13, wallet.transferred: an earlier version would not give the receiver what
-- came, so it refuses this database.
SELECT 1;

-- +goose Down
SELECT 1;
