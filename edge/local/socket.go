package local

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"farthing.dev/farthing/edge/text"
)

// socketName is the socket's name in the data folder.
const socketName = "commands.sock"

// The longest waits of a command: for somebody who listens, and for the answer.
const (
	dialPatience   = 2 * time.Second
	answerPatience = 60 * time.Second
)

// ErrNobody says that no server listens in the data folder.
var ErrNobody = errors.New("no server listens in the data folder")

// Listen opens the socket in a data folder, for the folder's owner alone. A socket that a
// server left behind when it was killed is replaced. Where another server listens (replicas
// of one machine may share a folder) it returns nil: commands are answered there.
func Listen(ctx context.Context, folder string) (net.Listener, error) {
	path, release, err := short(folder)
	if err != nil {
		return nil, err
	}
	defer release()
	if conn, err := dial(ctx, path); err == nil {
		return nil, conn.Close()
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("remove the socket that an earlier server left behind: %w", err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen for commands: %w", err)
	}
	if unix, ok := listener.(*net.UnixListener); ok {
		unix.SetUnlinkOnClose(false) // it would by the short path, which is gone by then
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("keep others from the socket: %w", err), listener.Close())
	}
	return &socket{Listener: listener, path: filepath.Join(folder, socketName)}, nil
}

// socket removes its file when it is closed.
type socket struct {
	net.Listener
	path string
}

// Close stops listening and removes the file.
func (s *socket) Close() error {
	err := os.Remove(s.path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, net.ErrClosed) {
		err = nil
	}
	return errors.Join(err, s.Listener.Close())
}

// maxPath is how long the name of a socket may be on every system.
const maxPath = 100

// short returns a name of the socket that is not too long for the system: on Linux a long
// folder is named by its number in this process. It is good until release.
func short(folder string) (path string, release func(), err error) {
	path = filepath.Join(folder, socketName)
	if len(path) <= maxPath {
		return path, func() {}, nil
	}
	opened, err := os.Open(folder)
	if err != nil {
		return "", nil, err
	}
	return filepath.Join("/proc/self/fd", strconv.Itoa(int(opened.Fd())), socketName), func() { _ = opened.Close() }, nil
}

func dial(ctx context.Context, path string) (net.Conn, error) {
	return (&net.Dialer{Timeout: dialPatience}).DialContext(ctx, "unix", path)
}

// Ask asks the server that listens in a data folder, or returns ErrNobody. A refusal comes
// back as a *Refusal.
func Ask(ctx context.Context, folder string, r Request) (Answer, error) {
	path, release, err := short(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return Answer{}, ErrNobody
	}
	if err != nil {
		return Answer{}, err
	}
	defer release()
	conn, err := dial(ctx, path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return Answer{}, ErrNobody
	}
	if err != nil {
		return Answer{}, fmt.Errorf("ask the running server: %w", err)
	}
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return conn, nil }}
	defer transport.CloseIdleConnections()
	ctx, stop := context.WithTimeout(ctx, answerPatience)
	defer stop()
	body, err := json.Marshal(r)
	if err != nil {
		return Answer{}, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://commands/", bytes.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	request.Header.Set("Accept-Language", text.Locale())
	response, err := transport.RoundTrip(request)
	if err != nil {
		return Answer{}, fmt.Errorf("the running server gave no answer, so it is not known whether this was done; do it again: %w", err)
	}
	defer response.Body.Close()
	return read(response)
}

// maxAnswer bounds an answer, in bytes.
const maxAnswer = 1 << 20

func read(response *http.Response) (answer Answer, err error) {
	content, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return answer, fmt.Errorf("read the server's answer: %w", err)
	}
	if response.StatusCode == http.StatusOK {
		return answer, json.Unmarshal(content, &answer)
	}
	var refusal Refusal
	if err := json.Unmarshal(content, &refusal); err != nil {
		return answer, fmt.Errorf("the server answered %d", response.StatusCode)
	}
	return answer, &refusal
}
