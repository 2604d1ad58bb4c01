// Package mail has a provider send e-mail through a mail server that nobody here wrote,
// and opens a wallet by what arrives there.
package mail

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"farthing.dev/farthing/tests/launch"
)

// patience bounds every wait.
const patience = 30 * time.Second

// peer is a running Mailpit.
type peer struct {
	t    *testing.T
	smtp string // host and port
	page string // the address of its API
}

// startPeer starts Mailpit at a host of this machine. The test is left out where there is
// none.
func startPeer(t *testing.T, host string, arguments ...string) *peer {
	t.Helper()
	path, err := exec.LookPath("mailpit")
	if err != nil {
		t.Skip("SKIPPED: e-mail is not tested with a real mail server; go install github.com/axllent/mailpit@v1.31.2")
	}
	passwords := write(t, "passwords", "farthing:sesame")
	p := &peer{t: t, smtp: free(t, host)}
	page := free(t, "127.0.0.1")
	p.page = "http://" + page
	command := exec.CommandContext(t.Context(), path, append([]string{
		"--smtp", p.smtp, "--listen", page, "--smtp-auth-file", passwords, "--disable-version-check", "--quiet",
		"--database", filepath.Join(t.TempDir(), "mail.db"),
	}, arguments...)...)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Process.Kill(); _ = command.Wait() })
	p.until("Mailpit answers", func() bool {
		response, err := http.Get(p.page + "/readyz")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	return p
}

func (p *peer) until(what string, done func() bool) {
	p.t.Helper()
	deadline, pause := time.After(patience), time.NewTicker(20*time.Millisecond)
	defer pause.Stop()
	for !done() {
		select {
		case <-pause.C:
		case <-deadline:
			p.t.Fatalf("waited in vain until %s", what)
		}
	}
}

func free(t *testing.T, host string) string {
	t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// letter is a message as Mailpit read it.
type letter struct {
	From, ReturnPath any
	To               []struct{ Address string }
	Subject, Text    string
	HTML             string
	MessageID        string
}

// newest waits for so many letters and returns the newest, and its source.
func (p *peer) newest(count int) (l letter, source string) {
	p.t.Helper()
	p.until("the letter is there", func() bool {
		var list struct{ Total int }
		return json.Unmarshal([]byte(p.read("/api/v1/messages")), &list) == nil && list.Total >= count
	})
	if err := json.Unmarshal([]byte(p.read("/api/v1/message/latest")), &l); err != nil {
		p.t.Fatal(err)
	}
	return l, p.read("/api/v1/message/latest/raw")
}

func (p *peer) read(path string) string {
	p.t.Helper()
	response, err := http.Get(p.page + path)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(body)
}

var (
	code = regexp.MustCompile(`Your code is (\d{4}) (\d{4})`)
	link = regexp.MustCompile(`http://\S+/reset/new\?token=\S+`)
)

// openWallet opens a wallet with a code, and sets a new password, by e-mail.
func openWallet(t *testing.T, p *peer, server string) {
	t.Helper()
	provider := launch.Serve(t, launch.FreeAddress(t), "--data", t.TempDir(), "--smtp", server, "--mail-from", "Farthing <no-reply@pay.example>")
	const ada, password = "ada@reader.example", "a horse and its battery"
	b := launch.NewBrowser(t)
	b.Get(provider.URL+"/signup").Submit("/signup", "email", " Ada@Reader.example ", "password", password).Want(http.StatusOK, "Check your e-mail")
	got, source := p.newest(1)
	if len(got.To) != 1 || got.To[0].Address != ada || got.MessageID == "" || got.HTML != "" {
		t.Errorf("the letter is %+v", got)
	}
	for _, part := range []string{"From: \"Farthing\" <no-reply@pay.example>", "Auto-Submitted: auto-generated", "Content-Type: text/plain; charset=UTF-8"} {
		if !strings.Contains(source, part) {
			t.Errorf("the letter does not say %q:\n%s", part, source)
		}
	}
	found := code.FindStringSubmatch(got.Text)
	if found == nil {
		t.Fatalf("the letter has no code:\n%s", got.Text)
	}
	b.Submit("/signup/confirm", "code", found[1]+" "+found[2]).Want(http.StatusOK, "Your wallet is open")

	b = launch.NewBrowser(t)
	b.Get(provider.URL+"/reset").Submit("/reset", "email", ada).Want(http.StatusOK)
	got, _ = p.newest(2)
	address := link.FindString(got.Text) // one line, however long
	if address == "" {
		t.Fatalf("the letter has no link:\n%s", got.Text)
	}
	b.Get(address).Submit("/reset/new", "password", "another horse and battery").Want(http.StatusOK, "Your new password is set")
	if got, _ = p.newest(3); !strings.Contains(got.Text, "a new password was set") {
		t.Errorf("the owner was not told of the new password: %+v", got)
	}
	b.Submit("/login", "email", ada, "password", "another horse and battery").Want(http.StatusOK)
}

func TestMailThroughAServerOnThisMachine(t *testing.T) {
	p := startPeer(t, "127.0.0.1", "--smtp-auth-allow-insecure")
	openWallet(t, p, "smtp://farthing:sesame@"+p.smtp)
}

// Elsewhere messages and password travel under TLS, to a server that shows who it is.
func TestMailThroughAServerElsewhere(t *testing.T) {
	host := elsewhere(t)
	certificate, key := certify(t, host)
	for _, test := range []struct{ scheme, demand string }{{"smtp", "--smtp-require-starttls"}, {"smtps", "--smtp-require-tls"}} {
		t.Run(test.scheme, func(t *testing.T) {
			t.Setenv("SSL_CERT_FILE", certificate)
			p := startPeer(t, host, "--smtp-tls-cert", certificate, "--smtp-tls-key", key, test.demand)
			openWallet(t, p, test.scheme+"://farthing:sesame@"+p.smtp)
		})
	}
}

// elsewhere returns an address of this machine under which it is not known as this
// machine.
func elsewhere(t *testing.T) string {
	t.Helper()
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		if network, ok := a.(*net.IPNet); ok && network.IP.To4() != nil && !network.IP.IsLoopback() {
			return network.IP.String()
		}
	}
	t.Skip("SKIPPED: this machine has no address but its own")
	return ""
}

// certify makes a certificate for a host that vouches for itself.
func certify(t *testing.T, host string) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.ParseIP(host)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	public, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	written, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	encode := func(kind string, bytes []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}))
	}
	return write(t, "certificate.pem", encode("CERTIFICATE", public)), write(t, "key.pem", encode("PRIVATE KEY", written))
}
