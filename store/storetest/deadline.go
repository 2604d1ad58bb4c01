package storetest

import (
	"context"
	"database/sql"
	"reflect"
	"strings"
	"testing"
	"time"

	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// gone bounds how long a call may go on after its caller gave up. It is far longer than any
// should, for machines that do much else.
const gone = 20 * time.Second

// RunGivenUp calls everything that the catalogue offers for callers who gave up, while all
// connections are taken and somebody else's write does not end. Each comes back.
func RunGivenUp(t *testing.T, tables store.Tables) {
	catalog := store.NewCatalog(tables)
	all := reflect.ValueOf(catalog)
	for i := range all.NumMethod() { // statements are prepared when they are needed first: that is another wait
		if args := argumentsOf(all.Method(i).Type(), t.Context()); args != nil && !strings.HasPrefix(all.Type().Method(i).Name, "Add") {
			all.Method(i).Call(args)
		}
	}
	taken := make([]*sql.Conn, tables.SQL().Stats().MaxOpenConnections)
	let, inside, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- tables.Write(context.WithoutCancel(t.Context()), func(*sql.Tx) error {
			close(inside)
			<-let
			return nil
		})
	}()
	<-inside
	for i := range taken[:len(taken)-1] { // PostgreSQL's write has one of them
		var err error
		taken[i], err = tables.SQL().Conn(t.Context())
		must(t, err)
	}
	defer func() {
		for _, conn := range taken {
			if conn != nil {
				_ = conn.Close()
			}
		}
		close(let)
		must(t, <-done)
	}()
	last, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
	taken[len(taken)-1], _ = tables.SQL().Conn(last) // SQLite's has not
	stop()

	ctx, giveUp := context.WithCancel(t.Context())
	giveUp()
	calls := 0
	for i := range all.NumMethod() {
		method, name := all.Method(i), all.Type().Method(i).Name
		args := argumentsOf(method.Type(), ctx)
		if args == nil || name == "Scrub" || name == "AddUsers" || name == "AddOffers" { // of nothing: the last two do nothing
			continue
		}
		calls++
		back := make(chan []reflect.Value, 1)
		go func() { back <- method.Call(args) }()
		select {
		case results := <-back:
			err, _ := results[len(results)-1].Interface().(error)
			if token.CodeOf(err) != token.CodeUnavailable {
				t.Errorf("%s for a caller who gave up: %v", name, err)
			}
		case <-time.After(gone):
			t.Errorf("%s goes on after its caller gave up", name)
		}
	}
	if calls < 60 {
		t.Errorf("only %d calls were tried", calls)
	}
}

// argumentsOf are a context and zero values (1 for a limit) for a method that begins with a context and ends with an error,
// or nil for another one.
func argumentsOf(method reflect.Type, ctx context.Context) []reflect.Value {
	contexts, errs := reflect.TypeFor[context.Context](), reflect.TypeFor[error]()
	if method.NumIn() == 0 || method.In(0) != contexts || method.NumOut() == 0 || method.Out(method.NumOut()-1) != errs {
		return nil
	}
	args := []reflect.Value{reflect.ValueOf(ctx)}
	for i := 1; i < method.NumIn() && !(method.IsVariadic() && i == method.NumIn()-1); i++ {
		arg := reflect.New(method.In(i)).Elem()
		if arg.Kind() == reflect.Int {
			arg.SetInt(1)
		}
		args = append(args, arg)
	}
	return args
}
