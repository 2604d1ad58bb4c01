//go:build linux

package operations

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"farthing.dev/farthing/tests/pgserver"
)

// cluster is PostgreSQL under Patroni on three machines, as docs/operations recommends it,
// with HAProxy in front.
type cluster struct {
	*testing.T
	members []*member
	address string // HAProxy's
}

// member is one of the machines: a Patroni agent and the PostgreSQL server that it runs.
type member struct {
	name     string
	folder   string
	account  *syscall.SysProcAttr
	config   string // patroni.yml
	database string // the address of its server
	agent    string // the address of its agent
	patroni  string // the program
	running  *program
}

// databasePassword stands wherever patroni.yml says change-me.
const databasePassword = "a-password"

// patience bounds every wait for a cluster.
const patience = 2 * time.Minute

func newCluster(t *testing.T) *cluster {
	t.Helper()
	etcd, patroni, haproxy := tool(t, "etcd", "etcd-server"), tool(t, "patroni", "patroni"), tool(t, "haproxy", "haproxy")
	bin, err := pgserver.Find()
	if err != nil {
		t.Skip(err)
	}
	keys, peers := free(t), free(t)
	with := &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // a test process that is killed takes it all with it
	begin(t, with, keys, etcd, "--data-dir", t.TempDir(), "--log-level", "error",
		"--listen-client-urls", "http://"+keys, "--advertise-client-urls", "http://"+keys, "--listen-peer-urls", "http://"+peers,
		"--initial-advertise-peer-urls", "http://"+peers, "--initial-cluster", "default=http://"+peers)
	c := &cluster{T: t, address: free(t)}
	for _, name := range []string{"one", "two", "three"} {
		c.members = append(c.members, newMember(t, name, patroni, bin, keys))
	}
	pairs := []string{"127.0.0.1:5000", c.address}
	for i, m := range c.members {
		_, port, _ := net.SplitHostPort(m.agent)
		pairs = append(pairs, fmt.Sprintf("127.0.0.1:%d check port %d", 5432+i, 8008+i), m.database+" check port "+port)
	}
	begin(t, with, c.address, haproxy, "-db", "-f", settings(t, t.TempDir(), "haproxy-postgresql.cfg", pairs...))
	for _, m := range c.members {
		m.start(t)
	}
	return c
}

// newMember writes patroni.yml for one machine. Apart from names, addresses, paths and
// passwords one line is exchanged: there is no watchdog's device here.
func newMember(t *testing.T, name, patroni, bin, keys string) *member {
	t.Helper()
	folder, err := os.MkdirTemp("/tmp", "patroni") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	m := &member{name: name, folder: folder, database: free(t), agent: free(t), patroni: patroni}
	if m.account, err = pgserver.Account(folder); err != nil {
		t.Fatal(err)
	}
	m.account.Pdeathsig = syscall.SIGTERM // at which an agent stops its server
	m.config = settings(t, folder, "patroni.yml", "name: one", "name: "+name, "127.0.0.1:8008", m.agent, "127.0.0.1:5432", m.database,
		"127.0.0.1:2379", keys, "/var/lib/postgresql/15/farthing", m.data()+"\n  parameters: {unix_socket_directories: "+folder+"}",
		"/usr/lib/postgresql/15/bin", bin, "change-me", databasePassword, "mode: required", "mode: off")
	return m
}

func (m *member) data() string { return filepath.Join(m.folder, "data") }

// start starts the agent, which starts the server.
func (m *member) start(t *testing.T) {
	t.Helper()
	m.running = start(t, m.account, "/usr/bin/env", "HOME="+m.folder, m.patroni, m.config)
	t.Cleanup(m.kill)
}

// postmaster is the server's first process, or 0.
func (m *member) postmaster() int {
	content, err := os.ReadFile(filepath.Join(m.data(), "postmaster.pid"))
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(content), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil || !bytes.Contains(commandLine(pid), []byte(m.data())) {
		return 0 // it has ended, and the number is another's
	}
	return pid
}

// commandLine is what a process was started as, or calls itself.
func commandLine(pid int) []byte {
	content, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return content
}

// children are the processes that a process started.
func children(pid int) (found []int) {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, task := range tasks {
		content, _ := os.ReadFile(task)
		for field := range strings.FieldsSeq(string(content)) {
			if child, err := strconv.Atoi(field); err == nil {
				found = append(found, child)
			}
		}
	}
	return found
}

// kill ends everything on the machine at once, as the loss of its power would.
func (m *member) kill() {
	pids := []int{m.running.process.Pid}
	if pid := m.postmaster(); pid > 0 {
		pids = append(append(pids, pid), children(pid)...)
	}
	select {
	case <-m.running.ended:
		pids = pids[1:] // its number may be another's
	default:
	}
	for _, pid := range pids {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	<-m.running.ended
}

// receiver is the process by which a standby receives the log, or 0.
func (m *member) receiver() int {
	for _, pid := range children(m.postmaster()) {
		if bytes.Contains(commandLine(pid), []byte("walreceiver")) {
			return pid
		}
	}
	return 0
}

// ask runs a query on the member's server, and returns its first column.
func (m *member) ask(t *testing.T, query string) (rows []string, err error) {
	conn, err := pgx.Connect(t.Context(), "postgres://postgres:"+databasePassword+"@"+m.database+"/postgres?sslmode=disable&connect_timeout=3")
	if err != nil {
		return nil, err
	}
	defer conn.Close(t.Context())
	found, err := conn.Query(t.Context(), query)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowTo[string])
}

// state is what the agents know of their cluster.
type state struct {
	Members []struct {
		Name, Role, State string
		Timeline          int
	}
}

// state asks the first agent that answers.
func (c *cluster) state() (s state) {
	client := &http.Client{Timeout: 2 * time.Second}
	for _, m := range c.members {
		response, err := client.Get("http://" + m.agent + "/cluster")
		if err != nil {
			continue
		}
		err = json.NewDecoder(response.Body).Decode(&s)
		response.Body.Close()
		if err == nil {
			return s
		}
	}
	return state{}
}

// named returns the members in a role.
func (c *cluster) named(s state, role string) (found []*member) {
	for _, known := range s.Members {
		if known.Role == role {
			found = append(found, c.members[slices.IndexFunc(c.members, func(m *member) bool { return m.name == known.Name })])
		}
	}
	return found
}

// standbysQuery lists who receives the log and whether commits wait for them, each with the
// standby that they are told to wait for.
const standbysQuery = `SELECT application_name || ' ' || sync_state || ' ' || current_setting('synchronous_standby_names') FROM pg_stat_replication WHERE state = 'streaming'`

// whole waits until there is a primary, a standby without which it acknowledges nothing and
// that may take over, and another standby.
func (c *cluster) whole() (primary, standby *member) {
	c.Helper()
	for deadline := time.Now().Add(patience); ; <-time.After(100 * time.Millisecond) {
		s := c.state()
		primaries, standbys := c.named(s, "leader"), c.named(s, "sync_standby")
		what := ""
		if len(s.Members) != len(c.members) || len(primaries) != 1 || len(standbys) != 1 || !s.running() {
			what = fmt.Sprintf("%+v", s)
		} else if rows, err := primaries[0].ask(c.T, standbysQuery); err != nil {
			what = err.Error()
		} else if len(rows) == len(c.members)-1 && slices.Contains(rows, standbys[0].name+" sync "+standbys[0].name) {
			return primaries[0], standbys[0]
		} else {
			what = fmt.Sprintf("%+v, and the primary has the standbys %v", s, rows)
		}
		if time.Now().After(deadline) {
			c.Fatalf("the cluster does not become whole: %s", what)
		}
	}
}

// running reports whether every server runs, and on the same timeline.
func (s state) running() bool {
	for _, m := range s.Members {
		if (m.State != "running" && m.State != "streaming") || m.Timeline != s.Members[0].Timeline {
			return false
		}
	}
	return true
}

// another waits until another member than the given one is primary.
func (c *cluster) another(than *member) {
	c.Helper()
	for deadline := time.Now().Add(patience); ; <-time.After(100 * time.Millisecond) {
		if primaries := c.named(c.state(), "leader"); len(primaries) == 1 && primaries[0] != than {
			return
		}
		if time.Now().After(deadline) {
			c.Fatalf("nobody takes over: %+v", c.state())
		}
	}
}
