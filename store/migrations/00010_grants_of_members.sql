-- A reader ends her logins at one vendor.

-- +goose Up
CREATE INDEX openid_grants_member ON openid_grants (member, vendor);

-- +goose Down
DROP INDEX openid_grants_member;
