package mail

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"farthing.dev/farthing/tests/launch"
)

// taker is a mail server that takes what it is given.
type taker struct {
	mu      sync.Mutex
	letters []string
	came    chan struct{}
	later   atomic.Bool // it does not take the next letter yet
}

// take opens a mail server at an address.
func take(t *testing.T, address string) *taker {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	s := &taker{came: make(chan struct{}, 100)}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go s.serve(conn)
		}
	}()
	return s
}

func (s *taker) serve(conn net.Conn) {
	defer conn.Close()
	lines := bufio.NewScanner(conn)
	fmt.Fprint(conn, "220 taker\r\n")
	var letter strings.Builder
	inText := false
	for lines.Scan() {
		line := lines.Text()
		command, _, _ := strings.Cut(strings.ToUpper(line), " ")
		switch {
		case inText && line == ".":
			inText = false
			s.mu.Lock()
			s.letters = append(s.letters, letter.String())
			s.mu.Unlock()
			letter.Reset()
			if s.later.Swap(false) {
				fmt.Fprint(conn, "451 4.3.0 not now\r\n")
			} else {
				fmt.Fprint(conn, "250 taken\r\n")
			}
			s.came <- struct{}{}
		case inText:
			letter.WriteString(line + "\n")
		case command == "DATA":
			inText = true
			fmt.Fprint(conn, "354 go on\r\n")
		case command == "QUIT":
			fmt.Fprint(conn, "221 bye\r\n")
			return
		default:
			fmt.Fprint(conn, "250 fine\r\n")
		}
	}
}

func (s *taker) taken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.letters...)
}

// A provider dies with its power while mail waits for a server that does not answer. When
// both are back, the mail arrives, once, and what it says opens the wallet.
func TestMailThatWaitsOutlivesTheProcess(t *testing.T) {
	if testing.Short() {
		t.Skip("the quick round leaves out what takes seconds")
	}
	folder, post := t.TempDir(), launch.FreeAddress(t)
	flags := []string{"--data", folder, "--smtp", "smtp://" + post, "--mail-from", "no-reply@pay.example"}
	address := launch.FreeAddress(t)
	provider := launch.Serve(t, address, flags...)
	b := launch.NewBrowser(t)
	b.Get(provider.URL+"/signup").Submit("/signup", "email", "ada@reader.example", "password", "a horse and its battery").Want(http.StatusOK, "Check your e-mail")
	provider.Kill()

	server := take(t, post)
	provider = launch.Serve(t, address, flags...)
	<-server.came
	found := code.FindStringSubmatch(server.taken()[0])
	if found == nil {
		t.Fatalf("the letter has no code:\n%s", server.taken()[0])
	}
	b.Submit("/signup/confirm", "code", found[1]+" "+found[2]).Want(http.StatusOK, "Your wallet is open")
	b.Get(provider.URL+"/reset").Submit("/reset", "email", "ada@reader.example").Want(http.StatusOK)
	<-server.came // at once, and after all that waited before
	provider.Stop(t)
	if n := len(server.taken()); n != 2 {
		t.Errorf("%d letters were sent, want the code and the link, once each:\n%s", n, strings.Join(server.taken(), "\n---\n"))
	}
}

// A letter that a server did not take at first is the same letter when it comes again.
func TestMailTriedAgainKeepsItsName(t *testing.T) {
	if testing.Short() {
		t.Skip("the quick round leaves out what takes seconds")
	}
	post := launch.FreeAddress(t)
	server := take(t, post)
	server.later.Store(true)
	provider := launch.Serve(t, launch.FreeAddress(t), "--data", t.TempDir(), "--smtp", "smtp://"+post, "--mail-from", "no-reply@pay.example")
	launch.NewBrowser(t).Get(provider.URL+"/signup").Submit("/signup", "email", "ada@reader.example", "password", "a horse and its battery").Want(http.StatusOK)
	<-server.came
	<-server.came
	var names []string
	for _, letter := range server.taken() {
		for line := range strings.Lines(letter) {
			if strings.HasPrefix(line, "Message-ID: ") {
				names = append(names, line)
			}
		}
	}
	if len(names) != 2 || names[0] != names[1] {
		t.Errorf("the two tries are named %q", names)
	}
}
