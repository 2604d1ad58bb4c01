-- +goose Up

-- Two more rows to lock. 4 is locked, never changed, by a transaction whose commit must
-- wait for the standbys although it wrote nothing else; 5 is updated to find out whether
-- the database can be written to again.
INSERT INTO journal_lock (id) VALUES (4), (5);

-- +goose Down
DELETE FROM journal_lock WHERE id IN (4, 5);
