-- Whether a session has a newer grant at a client is asked for each grant that ends.

-- +goose Up
CREATE INDEX openid_grants_of_session ON openid_grants (session, client, id);
DROP INDEX openid_grants_session;

-- +goose Down
CREATE INDEX openid_grants_session ON openid_grants (session);
DROP INDEX openid_grants_of_session;
