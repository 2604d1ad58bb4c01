-- +goose Up

-- Views of orders are found by a term of their own, so that an order that was opened a
-- thousand times is read as quickly as any other. All runs are derived: they are made
-- again from the journal.
DELETE FROM sorted_run;

-- +goose Down
DELETE FROM sorted_run;
