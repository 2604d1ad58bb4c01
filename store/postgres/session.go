package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// session is what is known about one connection's session at the server.
type session struct {
	committing atomic.Bool // a COMMIT is under way, or broke: it must not be cancelled
	warned     atomic.Bool // the server sent a warning
}

// sessionKey is where a connection keeps its session.
const sessionKey = "farthing.session"

func sessionOf(c *pgx.Conn) *session {
	s, _ := c.PgConn().CustomData()[sessionKey].(*session)
	return s
}

// The bounds that each session gets. None of them can end a COMMIT: lock_timeout counts
// while a lock is waited for, the lease while the session is idle inside a transaction, and
// a server that waits for its standbys neither reads from nor writes to its client.
const (
	lease        = 4 * time.Second // how long a session may hold locks without a word
	lockPatience = 5 * time.Second // how long a statement waits for a lock; longer than the lease
	dialPatience = 10 * time.Second
)

// sqlPin sets what a session must have, whatever the server, the role or the address
// says. statement_timeout and transaction_timeout are the two that would end a COMMIT
// which waits for a standby, and so make it visible without the standby. A setting that the
// server does not know is left out.
var sqlPin = fmt.Sprintf(`SELECT set_config(w.name, w.value, false)
	FROM (VALUES
		('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END),
		('statement_timeout', '0'),
		('transaction_timeout', '0'),
		('lock_timeout', '%d'),
		('idle_in_transaction_session_timeout', '%d'),
		('tcp_user_timeout', '10000'),
		('tcp_keepalives_idle', '5'),
		('tcp_keepalives_interval', '2'),
		('tcp_keepalives_count', '3')
	) AS w(name, value)
	WHERE w.name IN (SELECT name FROM pg_settings)`, lockPatience.Milliseconds(), lease.Milliseconds())

var errNoCancel = errors.New("a commit is never cancelled")

// beforeConnect prepares one connection: its session is pinned, its warnings are noticed,
// and a COMMIT that it has under way is never cancelled. (pgx sends a request to cancel, on a
// connection that it dials for that, when a context ends or the connection breaks. Under
// synchronous replication PostgreSQL then ends a waiting COMMIT by finishing it without the
// standby.)
func beforeConnect(readOnly bool) func(context.Context, *pgx.ConnConfig) error {
	return func(_ context.Context, config *pgx.ConnConfig) error {
		s := &session{}
		dial := dialer(config.ConnectTimeout).DialContext
		config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
			if s.committing.Load() {
				return nil, errNoCancel
			}
			return dial(ctx, network, address)
		}
		config.OnNotice = func(_ *pgconn.PgConn, notice *pgconn.Notice) {
			if notice.SeverityUnlocalized == "WARNING" {
				s.warned.Store(true)
			}
		}
		config.AfterConnect = func(ctx context.Context, c *pgconn.PgConn) error {
			c.CustomData()[sessionKey] = s
			if !readOnly {
				if _, err := c.Exec(ctx, sqlPin).ReadAll(); err != nil {
					return fmt.Errorf("set up a session: %w", err)
				}
			}
			return nil
		}
		return nil
	}
}

// dialer notices a server's machine that is gone within some fifteen seconds.
func dialer(timeout time.Duration) *net.Dialer {
	if timeout == 0 {
		timeout = dialPatience
	}
	return &net.Dialer{
		Timeout:         timeout,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 2 * time.Second, Count: 4},
		Control:         userTimeout,
	}
}
