package mailer_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"farthing.dev/farthing/app/login"
	"farthing.dev/farthing/delivery"
	"farthing.dev/farthing/mailer"
)

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
		case command == "QUIT" && answerTo(command)[0] == '2':
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
	if err := s.Send(t.Context(), login.Mail{ID: "dlv_1", To: "ada@reader.example", Subject: "Your code", Text: "The code is 123456.\n"}); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"MAIL FROM:<no-reply@pay.example>", "RCPT TO:<ada@reader.example>", "Subject: Your code", "Message-ID: <dlv_1@pay.example>", "Auto-Submitted: auto-generated", "The code is 123456."} {
		if !strings.Contains(heard(), part) {
			t.Errorf("the server did not hear %q:\n%s", part, heard())
		}
	}
}

// send sends a message to a server that answers one command otherwise than well, and returns what
// the server heard.
func send(t *testing.T, badly, answer string) (heard string, err error) {
	t.Helper()
	address, all := server(t, func(command string) string {
		if command == badly {
			return answer
		}
		return yes(command)
	})
	s, err := mailer.NewSMTP("smtp://"+address, "no-reply@pay.example")
	if err != nil {
		t.Fatal(err)
	}
	err = s.Send(t.Context(), login.Mail{ID: "dlv_1", To: "ada@reader.example", Subject: "x", Text: "the text"})
	return all(), err
}

// A server that took a message and then ends the conversation, as many do, has it: it is not sent
// again.
func TestWhatTheServerTookIsSent(t *testing.T) {
	for _, over := range []string{"RSET", "QUIT"} {
		heard, err := send(t, over, "421 4.4.2 too many messages, closing")
		if err != nil || !strings.Contains(heard, "the text") {
			t.Errorf("%s: %v\n%s", over, err, heard)
		}
	}
}

func TestSMTPErrorsNameNobody(t *testing.T) {
	for _, test := range []struct {
		answer  string
		forGood bool
	}{{"550 5.1.1 no ada@reader.example here", true}, {"451 4.7.1 try again, ada@reader.example", false}} {
		_, err := send(t, "RCPT", test.answer)
		if err == nil || errors.Is(err, delivery.ErrRefused) != test.forGood || errors.Is(err, delivery.ErrThisOne) == test.forGood || strings.Contains(err.Error(), "ada") {
			t.Errorf("%s: %v", test.answer, err)
		}
	}
}

// What the server says of who sends, it says of every letter: the settings may be wrong, and no
// letter is given up for that.
func TestTheSenderIsRefusedAndNoLetter(t *testing.T) {
	for _, test := range []struct{ command, answer string }{
		{"MAIL", "530 5.7.0 authentication required"},
		{"MAIL", "554 5.7.1 you are blocked"},
		{"MAIL", "553 5.7.1 not your address"},
		{"RCPT", "530 5.7.0 authentication required"},
	} {
		_, err := send(t, test.command, test.answer)
		if err == nil || errors.Is(err, delivery.ErrRefused) || errors.Is(err, delivery.ErrThisOne) || strings.Contains(err.Error(), "ada") || !strings.Contains(err.Error(), test.answer[:3]) {
			t.Errorf("%s answered with %s: %v", test.command, test.answer, err)
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
	err = s.Send(t.Context(), login.Mail{To: "ada@reader.example", Subject: "x", Text: "y"})
	if err == nil || strings.Contains(heard(), "AUTH") || strings.Contains(heard(), "MAIL") {
		t.Errorf("sent without TLS: %v\n%s", err, heard())
	}
}
