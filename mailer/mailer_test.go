package mailer_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/mailer"
	"farthing.dev/farthing/tests/provider"
	"farthing.dev/farthing/token"
)

func TestTheQueueTriesAgainAndGivesUp(t *testing.T) {
	now := &provider.Clock{}
	var answers []error
	tries := 0
	var logs strings.Builder
	q := mailer.NewQueue(func(context.Context, app.Mail) error {
		tries++
		if tries > len(answers) {
			return nil
		}
		return answers[tries-1]
	}, now, slog.New(slog.NewTextHandler(&logs, nil)))
	away := errors.New("no connection")
	for _, test := range []struct {
		name    string
		answers []error
		want    int
	}{
		{"sent at once", nil, 1},
		{"sent at the third try", []error{away, away}, 3},
		{"given up after the fifth", []error{away, away, away, away, away, away, away}, 5},
		{"refused for good", []error{fmt.Errorf("%w: code 550", mailer.ErrRefused)}, 1},
	} {
		answers, tries = test.answers, 0
		if err := q.Send(t.Context(), app.Mail{To: "canary@reader.example", Subject: "canary subject", Text: "canary text"}); err != nil {
			t.Fatal(err)
		}
		for range 10 {
			q.Deliver(t.Context())
			q.Deliver(t.Context()) // what is not due is not tried
			now.Move(15 * time.Minute)
		}
		if tries != test.want {
			t.Errorf("%s: %d tries, want %d", test.name, tries, test.want)
		}
	}
	if strings.Contains(logs.String(), "canary") {
		t.Errorf("the log tells who was written to, or what:\n%s", logs.String())
	}
}

func TestAFullQueueSaysSoAtOnce(t *testing.T) {
	now := &provider.Clock{}
	q := mailer.NewQueue(func(context.Context, app.Mail) error { return nil }, now, slog.New(slog.DiscardHandler))
	var err error
	sent := 0
	for ; err == nil && sent < 100_000; sent++ {
		err = q.Send(t.Context(), app.Mail{To: "ada@reader.example"})
	}
	if token.CodeOf(err) != token.CodeUnavailable {
		t.Errorf("after %d messages: %v", sent, err)
	}
	q.Deliver(t.Context())
	if err := q.Send(t.Context(), app.Mail{To: "ada@reader.example"}); err != nil {
		t.Error(err)
	}
}

func TestWhatWaitsIsSentAtTheEnd(t *testing.T) {
	now := &provider.Clock{}
	sent := 0
	q := mailer.NewQueue(func(context.Context, app.Mail) error { sent++; return nil }, now, slog.New(slog.DiscardHandler))
	if err := q.Send(t.Context(), app.Mail{To: "ada@reader.example"}); err != nil {
		t.Fatal(err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	q.Run(ended, nil, time.Second)
	if sent != 1 {
		t.Errorf("%d sent", sent)
	}
}

// Neither what failed and waits to be tried again is left behind, nor what is under way
// when the end comes.
func TestWhatFailedIsTriedAtTheEnd(t *testing.T) {
	now := &provider.Clock{}
	ended, end := context.WithCancel(t.Context())
	var sent []string
	failed := map[string]bool{}
	q := mailer.NewQueue(func(ctx context.Context, m app.Mail) error {
		if !failed[m.Subject] {
			failed[m.Subject] = true
			if m.Subject == "under way" {
				end()
			}
			return errors.New("no connection")
		}
		sent = append(sent, m.Subject)
		return ctx.Err()
	}, now, slog.New(slog.DiscardHandler))
	for _, subject := range []string{"failed", "under way"} {
		if err := q.Send(t.Context(), app.Mail{To: "ada@reader.example", Subject: subject}); err != nil {
			t.Fatal(err)
		}
	}
	q.Run(ended, nil, time.Second)
	if strings.Join(sent, ", ") != "failed, under way" {
		t.Errorf("sent at the end: %v", sent)
	}
}

// server is a mail server that says what its script says.
func server(t *testing.T, answerTo func(command string) string) (address string, heard func() string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var all strings.Builder
	var open []net.Conn
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, connection)
			mu.Unlock()
			go serve(connection, answerTo, func(line string) {
				mu.Lock()
				defer mu.Unlock()
				all.WriteString(line)
			})
		}
	}()
	t.Cleanup(func() {
		listener.Close()
		mu.Lock()
		defer mu.Unlock()
		for _, connection := range open {
			connection.Close()
		}
	})
	return listener.Addr().String(), func() string { mu.Lock(); defer mu.Unlock(); return all.String() }
}

func serve(connection net.Conn, answerTo func(string) string, hear func(string)) {
	defer connection.Close()
	lines := bufio.NewReader(connection)
	fmt.Fprint(connection, "220 test\r\n")
	inText := false
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		hear(line)
		command, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(line)), " ")
		switch {
		case inText && strings.TrimSpace(line) == ".":
			inText = false
			fmt.Fprint(connection, "250 taken\r\n")
		case inText:
		case command == "EHLO":
			fmt.Fprint(connection, "250 8BITMIME\r\n")
		case command == "QUIT":
			fmt.Fprint(connection, "221 bye\r\n")
			return
		default:
			answer := answerTo(command)
			inText = command == "DATA" && strings.HasPrefix(answer, "354")
			fmt.Fprint(connection, answer+"\r\n")
		}
	}
}

func yes(command string) string {
	if command == "DATA" {
		return "354 go on"
	}
	return "250 fine"
}

func TestSMTPDelivers(t *testing.T) {
	address, heard := server(t, yes)
	s, err := mailer.NewSMTP("smtp://"+address, "Farthing <no-reply@pay.example>")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Deliver(t.Context(), app.Mail{To: "ada@reader.example", Subject: "Your code", Text: "The code is 123456.\n"}); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"MAIL FROM:<no-reply@pay.example>", "RCPT TO:<ada@reader.example>", "Subject: Your code", "Auto-Submitted: auto-generated", "The code is 123456."} {
		if !strings.Contains(heard(), part) {
			t.Errorf("the server did not hear %q:\n%s", part, heard())
		}
	}
}

func TestSMTPErrorsNameNobody(t *testing.T) {
	for _, test := range []struct {
		answer  string
		forGood bool
	}{{"550 5.1.1 no ada@reader.example here", true}, {"451 4.7.1 try again, ada@reader.example", false}} {
		address, _ := server(t, func(command string) string {
			if command == "RCPT" {
				return test.answer
			}
			return yes(command)
		})
		s, err := mailer.NewSMTP("smtp://"+address, "no-reply@pay.example")
		if err != nil {
			t.Fatal(err)
		}
		err = s.Deliver(t.Context(), app.Mail{To: "ada@reader.example", Subject: "x", Text: "y"})
		if err == nil || errors.Is(err, mailer.ErrRefused) != test.forGood || strings.Contains(err.Error(), "ada") {
			t.Errorf("%s: %v", test.answer, err)
		}
	}
}

func TestMailServersThatAreRefused(t *testing.T) {
	for _, test := range []struct{ address, from string }{
		{"mail.example.org:587", "a@b.example"},
		{"http://mail.example.org", "a@b.example"},
		{"smtp://", "a@b.example"},
		{"smtp://mail.example.org:0", "a@b.example"},
		{"smtp://mail.example.org:70000", "a@b.example"},
		{"smtp://mail.example.org/path", "a@b.example"},
		{"smtp://user:sec ret@mail.example.org:x", "a@b.example"},
		{"smtp://mail.example.org", ""},
		{"smtp://mail.example.org", "nobody"},
		{"smtp://mail.example.org", "a@b.example\r\nBcc: c@d.example"},
	} {
		if _, err := mailer.NewSMTP(test.address, test.from); err == nil || strings.Contains(err.Error(), "sec ret") {
			t.Errorf("%+v: %v", test, err)
		}
	}
}

func TestElsewhereTLSIsRequired(t *testing.T) {
	address, heard := server(t, yes)
	s, err := mailer.NewSMTP("smtp://ada:password@mail.example.org", "no-reply@pay.example")
	if err != nil {
		t.Fatal(err)
	}
	s.DialTo(address)
	err = s.Deliver(t.Context(), app.Mail{To: "ada@reader.example", Subject: "x", Text: "y"})
	if err == nil || strings.Contains(heard(), "AUTH") || strings.Contains(heard(), "MAIL") {
		t.Errorf("sent without TLS: %v\n%s", err, heard())
	}
}
