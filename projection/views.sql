CREATE VIEW entries_decimal AS
SELECT entry, occurred_at, kind, order_id, account_id, vendor_id, currency,
	CASE WHEN amount IS NULL THEN NULL ELSE {{major "amount"}} END AS amount,
	CASE WHEN net IS NULL THEN NULL ELSE {{major "net"}} END AS net,
	CASE WHEN fee IS NULL THEN NULL ELSE {{major "fee"}} END AS fee,
	CASE WHEN royalties IS NULL THEN NULL ELSE {{major "royalties"}} END AS royalties,
	campaign_id, method, test
FROM entries;

CREATE VIEW postings_decimal AS
SELECT entry, leg, occurred_at, p.kind, order_id, p.account, c.kind AS kind_of_account, owner_id, currency, class, campaign_id,
	{{major "CASE WHEN amount < 0 THEN -amount ELSE 0 END"}} AS debit,
	{{major "CASE WHEN amount > 0 THEN amount ELSE 0 END"}} AS credit,
	{{major "amount"}} AS amount
FROM postings p JOIN chart_of_accounts c ON c.account = p.account;

CREATE VIEW orders_decimal AS
SELECT order_id, vendor_id, account_id, status, first_entry, opened_at, paid_at, changed_at, sku, title, currency,
	CASE WHEN price IS NULL THEN NULL ELSE {{major "price"}} END AS price,
	{{major "charged"}} AS charged, {{major "refunded"}} AS refunded,
	{{major "net"}} AS net, {{major "fee"}} AS fee, {{major "royalties"}} AS royalties, covered_by, test
FROM orders;

CREATE VIEW balances_decimal AS
SELECT b.account, c.kind AS kind_of_account, owner_id, currency, class, campaign_id, {{major "amount"}} AS amount, postings, last_entry
FROM balances b JOIN chart_of_accounts c ON c.account = b.account;

CREATE VIEW trial_balance AS
SELECT code, account, kind, currency, class,
	{{major "CASE WHEN amount < 0 THEN -amount ELSE 0 END"}} AS debit,
	{{major "CASE WHEN amount > 0 THEN amount ELSE 0 END"}} AS credit
FROM (
	SELECT c.code, c.account, c.kind, b.currency, b.class, SUM(b.amount) AS amount
	FROM balances b JOIN chart_of_accounts c ON c.account = b.account
	GROUP BY c.code, c.account, c.kind, b.currency, b.class
) t;

CREATE VIEW liabilities_to_readers AS
SELECT account_id, currency, class, {{major "spendable"}} AS spendable, {{major "held"}} AS held, {{major "spendable + held"}} AS total
FROM (
	SELECT owner_id AS account_id, currency, class,
		SUM(CASE WHEN account = 'wallet' THEN amount ELSE 0 END) AS spendable,
		SUM(CASE WHEN account = 'held' THEN amount ELSE 0 END) AS held
	FROM balances WHERE account IN ('wallet', 'held')
	GROUP BY owner_id, currency, class
) t WHERE spendable <> 0 OR held <> 0;

CREATE VIEW payables_by_vendor AS
SELECT owner_id AS vendor_id, currency, class, {{major "amount"}} AS amount
FROM (SELECT owner_id, currency, class, SUM(amount) AS amount FROM balances WHERE account = 'vendor_payable' GROUP BY owner_id, currency, class) t;

CREATE VIEW payables_by_payee AS
SELECT owner_id AS payee_id, currency, class, {{major "amount"}} AS amount
FROM (SELECT owner_id, currency, class, SUM(amount) AS amount FROM balances WHERE account = 'payee_payable' GROUP BY owner_id, currency, class) t;

CREATE VIEW royalties_by_day AS
SELECT day, payee_id, currency, class, {{major "amount"}} AS amount
FROM (
	SELECT {{day "occurred_at"}} AS day, owner_id AS payee_id, currency, class, SUM(amount) AS amount
	FROM postings WHERE account = 'payee_payable'
	GROUP BY {{day "occurred_at"}}, owner_id, currency, class
) t;

CREATE VIEW fee_income AS
SELECT day, currency, class, {{major "amount"}} AS amount
FROM (
	SELECT {{day "occurred_at"}} AS day, currency, class, SUM(amount) AS amount
	FROM postings WHERE account = 'fee'
	GROUP BY {{day "occurred_at"}}, currency, class
) t;

CREATE VIEW breakage_income AS
SELECT day, currency, class, {{major "amount"}} AS amount
FROM (
	SELECT {{day "occurred_at"}} AS day, currency, class, SUM(amount) AS amount
	FROM postings WHERE account = 'breakage'
	GROUP BY {{day "occurred_at"}}, currency, class
) t;

CREATE VIEW incentive_expense AS
SELECT day, currency, {{major "amount"}} AS amount
FROM (
	SELECT {{day "occurred_at"}} AS day, currency, -SUM(amount) AS amount
	FROM postings WHERE account = 'promotion'
	GROUP BY {{day "occurred_at"}}, currency
) t;

CREATE VIEW incentives_outstanding AS
SELECT campaign_id, currency, {{major "amount"}} AS amount
FROM (
	SELECT owner_id AS campaign_id, currency, -SUM(amount) AS amount
	FROM balances WHERE account = 'incentive_issued'
	GROUP BY owner_id, currency
) t;

CREATE VIEW deposits_by_method AS
SELECT day, method, currency, deposits, {{major "amount"}} AS amount
FROM (
	SELECT {{day "occurred_at"}} AS day, method, currency, COUNT(*) AS deposits, SUM(amount) AS amount
	FROM entries WHERE kind = 'wallet.funded' AND NOT test
	GROUP BY {{day "occurred_at"}}, method, currency
) t;

CREATE VIEW sales_by_day AS
SELECT day, vendor_id, currency, test, sales, {{major "amount"}} AS amount, {{major "net"}} AS net, {{major "fee"}} AS fee, {{major "royalties"}} AS royalties
FROM (
	SELECT {{day "occurred_at"}} AS day, vendor_id, currency, test, COUNT(*) AS sales, SUM(amount) AS amount, SUM(net) AS net, SUM(fee) AS fee, SUM(royalties) AS royalties
	FROM entries WHERE kind IN ('order.paid', 'hold.captured')
	GROUP BY {{day "occurred_at"}}, vendor_id, currency, test
) t;

CREATE VIEW refunds_by_day AS
SELECT day, vendor_id, currency, test, refunds, {{major "amount"}} AS amount, {{major "net"}} AS net, {{major "fee"}} AS fee, {{major "royalties"}} AS royalties
FROM (
	SELECT {{day "occurred_at"}} AS day, vendor_id, currency, test, COUNT(*) AS refunds, SUM(amount) AS amount, SUM(net) AS net, SUM(fee) AS fee, SUM(royalties) AS royalties
	FROM entries WHERE kind = 'order.refunded'
	GROUP BY {{day "occurred_at"}}, vendor_id, currency, test
) t;

CREATE VIEW orders_open AS
SELECT order_id, vendor_id, account_id, status, opened_at, changed_at, sku, title, currency, price, test
FROM orders_decimal WHERE status IN ('open', 'held');
