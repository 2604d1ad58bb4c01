package storetest

import (
	"database/sql"
	"fmt"
	"sync"
	"testing"

	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/staff"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

func testStaff(t *testing.T, s *shelf) {
	act := func(at int64, action string) staff.Act {
		return staff.Act{ID: token.NewID[token.EventKind](s.ids), At: at, Actor: staff.ByCommand, Action: action, Subject: "usr_1", Detail: "Früh, \"twice\""}
	}
	first, second := token.NewID[token.UserKind](s.ids), token.NewID[token.UserKind](s.ids)
	user, owned := account.User{ID: first, Email: "op@example.org", Account: token.NewID[token.AccountKind](s.ids)}, account.Account{}
	owned.ID = user.Account
	must(t, s.AddUser(t.Context(), user, owned))
	session := account.Session{ID: token.NewID[token.SessionKind](s.ids), Hash: account.SessionHash{1}, User: first, ExpiresAt: 1 << 60}
	must(t, s.AddSession(t.Context(), session, ""))

	one, two := staff.Member{User: first, Role: staff.Operator, AddedAt: 10}, staff.Member{User: second, Role: staff.Operator, AddedAt: 20}
	added := act(10, staff.OperatorAdded)
	must(t, s.AddStaff(t.Context(), one, added))
	wantCode(t, s.AddStaff(t.Context(), one, act(11, staff.OperatorAdded)), token.CodeTaken)
	again := act(20, staff.OperatorAdded)
	must(t, s.AddStaff(t.Context(), two, again))
	roles, err := s.Roles(t.Context(), first)
	same(t, roles, err, []staff.Role{staff.Operator})
	members, err := s.Staff(t.Context())
	same(t, members, err, []staff.Member{one, two})

	removed := act(30, staff.OperatorRemoved)
	must(t, s.RemoveStaff(t.Context(), first, staff.Operator, removed))
	wantCode(t, s.RemoveStaff(t.Context(), first, staff.Operator, act(31, staff.OperatorRemoved)), token.CodeNotFound)
	if _, err := s.Session(t.Context(), session.Hash); token.CodeOf(err) != token.CodeNotFound {
		t.Errorf("the session of somebody whose role was taken away is still there: %v", err)
	}
	roles, err = s.Roles(t.Context(), first)
	same(t, roles, err, []staff.Role(nil))

	looked := act(40, staff.ReaderLooked)
	must(t, s.AddAct(t.Context(), looked))
	want := []staff.Act{looked, removed, again, added} // nothing of what was refused
	lines, err := s.Acts(t.Context(), staff.Search{}, 10)
	must(t, err)
	if len(lines) != len(want) {
		t.Fatalf("the log is %+v", lines)
	}
	for i, line := range lines {
		prev := [32]byte{}
		if i+1 < len(lines) {
			prev = lines[i+1].Hash
		}
		if line.Act != want[i] || line.Number != uint64(len(want)-i) || line.Prev != prev || line.Hash != line.Sum() {
			t.Errorf("line %d is %+v, want %+v", i, line, want[i])
		}
	}
	for _, of := range []struct {
		search staff.Search
		want   []staff.Line
	}{
		{staff.Search{Before: 3}, lines[2:]},
		{staff.Search{Action: staff.OperatorAdded}, lines[2:]},
		{staff.Search{Action: staff.OperatorAdded, Before: 2}, lines[3:]},
		{staff.Search{Actor: "nobody"}, nil},
		{staff.Search{Actor: staff.ByCommand, Subject: "usr_1", From: 20, To: 40}, lines[1:3]},
	} {
		found, err := s.Acts(t.Context(), of.search, 10)
		same(t, found, err, of.want)
	}
}

// testStaffLogChain: many at once write one chain.
func testStaffLogChain(t *testing.T, s *shelf) {
	const writers, each = 4, 15
	var wait sync.WaitGroup
	var mu sync.Mutex
	written := map[token.EventID]bool{}
	for n := range writers {
		wait.Go(func() {
			for range each {
				act := staff.Act{ID: token.NewID[token.EventKind](s.ids), At: 5, Actor: fmt.Sprint("usr_", n), Action: staff.ReaderLooked}
				err := s.AddAct(t.Context(), act)
				mu.Lock()
				switch token.CodeOf(err) {
				case "":
					written[act.ID] = true
				case token.CodeCommitUnknown, token.CodeUnavailable:
				default:
					t.Error(err)
				}
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	lines, err := s.Acts(t.Context(), staff.Search{}, 1000)
	must(t, err)
	for i, line := range lines {
		if line.Number != uint64(len(lines)-i) || i > 0 && lines[i-1].Prev != line.Hash {
			t.Fatalf("the chain forks at line %d", line.Number)
		}
		delete(written, line.ID)
	}
	if len(written) > 0 {
		t.Errorf("%d lines were acknowledged, and are not there", len(written))
	}
}

// testOldStaffLog: the lines that there were before the log was chained are chained, in their order.
func testOldStaffLog(t *testing.T, w *world) {
	const lines = 1203
	ids := make([]token.EventID, lines)
	w.must(w.db.Write(t.Context(), func(tx *sql.Tx) error {
		for _, statement := range []string{`DROP TABLE staff_log`, `DROP TABLE staff_log_head`, `ALTER TABLE operator_keys DROP COLUMN made_by`,
			`CREATE TABLE staff_log (id TEXT PRIMARY KEY, at BIGINT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL)`} {
			if _, err := tx.ExecContext(t.Context(), statement); err != nil {
				return err
			}
		}
		for i := range ids {
			ids[i] = token.NewID[token.EventKind](w.maker)
			if _, err := tx.ExecContext(t.Context(), `INSERT INTO staff_log (id, at, actor, action, subject, detail) VALUES ($1, $2, 'command', 'deposit_made', '', 'old')`, ids[i].String(), i); err != nil {
				return err
			}
		}
		return store.ChainStaffLog(t.Context(), tx)
	}))
	n, last := 0, staff.Line{}
	w.must(store.Snapshot(t.Context(), w.db, func(tx *sql.Tx) error {
		return store.WalkStaffLog(t.Context(), tx, func(line *staff.Line) {
			if n < lines && (line.ID != ids[n] || line.Number != uint64(n+1) || line.Prev != last.Hash || line.Hash != line.Sum()) {
				t.Fatalf("line %d is %+v", n, line)
			}
			n, last = n+1, *line
		})
	}))
	if n != lines {
		t.Errorf("%d lines of %d", n, lines)
	}
}

func testOperatorKeys(t *testing.T, s *shelf) {
	act := func() staff.Act {
		return staff.Act{ID: token.NewID[token.EventKind](s.ids), Actor: staff.ByCommand, Action: staff.KeyMade}
	}
	older := staff.Key{ID: token.NewID[token.KeyKind](s.ids), Hash: [32]byte{1}, Name: "till", Hint: "abcd", MadeBy: token.NewID[token.UserKind](s.ids), CreatedAt: 5}
	newer := staff.Key{ID: token.NewID[token.KeyKind](s.ids), Hash: [32]byte{2}, Name: "desk", Hint: "efgh", CreatedAt: 6}
	must(t, s.AddOperatorKey(t.Context(), older, act()))
	must(t, s.AddOperatorKey(t.Context(), newer, act()))
	wantCode(t, s.AddOperatorKey(t.Context(), newer, act()), token.CodeTaken)
	found, err := s.OperatorKeyByHash(t.Context(), older.Hash)
	same(t, found, err, older)
	_, err = s.OperatorKeyByHash(t.Context(), [32]byte{3})
	wantCode(t, err, token.CodeNotFound)
	must(t, s.RevokeOperatorKey(t.Context(), older.ID, 9, act()))
	must(t, s.RevokeOperatorKey(t.Context(), older.ID, 12, act()))
	wantCode(t, s.RevokeOperatorKey(t.Context(), token.NewID[token.KeyKind](s.ids), 9, act()), token.CodeNotFound)
	older.RevokedAt = 9
	keys, err := s.OperatorKeys(t.Context())
	same(t, keys, err, []staff.Key{newer, older})
}

func testClaims(t *testing.T, s *shelf) {
	request := func(text, body string) catalog.Request {
		return catalog.Request{Key: journal.NewKey([16]byte{7}, "operator", text, []byte(body)), At: 5}
	}
	must(t, s.Claim(t.Context(), request("one", "a")))
	must(t, s.Claim(t.Context(), request("one", "a")))
	wantCode(t, s.Claim(t.Context(), request("one", "b")), token.CodeKeyReused)
	must(t, s.Unclaim(t.Context(), request("one", "b"))) // another request's: it stays
	wantCode(t, s.Claim(t.Context(), request("one", "b")), token.CodeKeyReused)
	must(t, s.Unclaim(t.Context(), request("one", "a")))
	must(t, s.Claim(t.Context(), request("one", "b")))
}

// A login of staff has its line in the same transaction: no login without one, and none for a login
// that was refused.
func testStaffLogin(t *testing.T, s *shelf) {
	user := account.User{ID: token.NewID[token.UserKind](s.ids), Email: "op@example.org", Password: "hash", Account: token.NewID[token.AccountKind](s.ids)}
	must(t, s.AddUser(t.Context(), user, account.Account{ID: user.Account}))
	session := account.Session{ID: token.NewID[token.SessionKind](s.ids), Hash: account.SessionHash{1}, User: user.ID, ExpiresAt: 1 << 60}
	act := staff.Act{ID: token.NewID[token.EventKind](s.ids), At: 1, Actor: user.ID.String(), Action: staff.LoggedIn, Subject: session.ID.String(), Detail: "logged in"}
	wantCode(t, s.AddStaffSession(t.Context(), session, "before", act), token.CodeStale)
	lines, err := s.Acts(t.Context(), staff.Search{}, 5)
	if err != nil || len(lines) != 0 {
		t.Errorf("after a refused login: %v, %v", lines, err)
	}
	must(t, s.AddStaffSession(t.Context(), session, user.Password, act))
	lines, err = s.Acts(t.Context(), staff.Search{}, 5)
	if err != nil || len(lines) != 1 || lines[0].Act != act {
		t.Errorf("after a login: %v, %v", lines, err)
	}
	if _, err := s.Session(t.Context(), session.Hash); err != nil {
		t.Error(err)
	}
}
