CREATE TABLE balances (
	account     TEXT NOT NULL,
	owner_id    TEXT,
	currency    TEXT NOT NULL,
	class       TEXT NOT NULL,
	campaign_id TEXT,
	amount      {{number}} NOT NULL,
	postings    {{number}} NOT NULL,
	last_entry  {{number}} NOT NULL
);

CREATE UNIQUE INDEX balances_key ON balances (account, COALESCE(owner_id, ''), currency, class, COALESCE(campaign_id, ''));

CREATE TABLE chart_of_accounts (
	code    {{number}} NOT NULL PRIMARY KEY,
	account TEXT NOT NULL UNIQUE,
	kind    TEXT NOT NULL,
	owner   TEXT NOT NULL
);

CREATE TABLE projection (
	format      {{number}} NOT NULL,
	entry       {{number}} NOT NULL,
	hash        TEXT NOT NULL,
	occurred_at {{time}}
);

CREATE INDEX entries_by_time ON entries (occurred_at);

CREATE INDEX postings_by_account ON postings (account, owner_id);

CREATE INDEX orders_by_vendor ON orders (vendor_id, paid_at);
