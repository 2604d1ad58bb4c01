package storetest

import (
	"testing"

	"farthing.dev/farthing/domain/account"
	"farthing.dev/farthing/domain/catalog"
	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/domain/staff"
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
	acts, err := s.Acts(t.Context(), token.EventID{}, 10)
	same(t, acts, err, []staff.Act{looked, removed, again, added}) // nothing of what was refused
	acts, err = s.Acts(t.Context(), removed.ID, 1)
	same(t, acts, err, []staff.Act{again})
}

func testOperatorKeys(t *testing.T, s *shelf) {
	act := func() staff.Act {
		return staff.Act{ID: token.NewID[token.EventKind](s.ids), Actor: staff.ByCommand, Action: staff.KeyMade}
	}
	older := staff.Key{ID: token.NewID[token.KeyKind](s.ids), Hash: [32]byte{1}, Name: "till", Hint: "abcd", CreatedAt: 5}
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
