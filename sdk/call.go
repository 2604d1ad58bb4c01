package sdk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxAnswer bounds what is read of one answer.
const maxAnswer = 8 << 20

// maxPause bounds the pause before another attempt.
const maxPause = 5 * time.Second

// call is one request, which may be sent more than once.
type call struct {
	method   string
	path     string
	key      string // idempotency key; empty where the call has none
	body     []byte
	oneShot  bool // a repeat could be refused, so try again only where nothing happened
	into     any
	most     int64 // bytes that are read of the answer; maxAnswer where zero
	status   int
	replayed bool
}

func (c *Client) get(ctx context.Context, path string, into any) error {
	return c.do(ctx, &call{method: http.MethodGet, path: path, into: into})
}

// post sends body under an idempotency key and returns the call, which tells the
// status and whether the answer was a replay.
func (c *Client) post(ctx context.Context, path string, body, into any, options []Option) (*call, error) {
	encoded, err := encode(body)
	if err != nil {
		return nil, err
	}
	one := &call{method: http.MethodPost, path: path, body: encoded, into: into}
	for _, option := range options {
		option(one)
	}
	if one.key == "" {
		one.key = c.newKey()
	}
	return one, c.do(ctx, one)
}

func encode(body any) ([]byte, error) {
	encoded, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("farthing: encode request: %w", err)
	}
	return encoded, nil
}

// do sends the call, and sends it again where that is safe and can help.
func (c *Client) do(ctx context.Context, one *call) error {
	for attempt := 1; ; attempt++ {
		err := c.once(ctx, one)
		if err == nil || attempt >= c.attempts() || ctx.Err() != nil || !one.again(err) {
			return err
		}
		if waitErr := c.wait(ctx, pause(err, attempt)); waitErr != nil {
			return err
		}
	}
}

// again reports whether a failed call should be sent once more.
func (one *call) again(err error) bool {
	problem, answered := errors.AsType[*Problem](err)
	if !answered {
		return !one.oneShot
	}
	switch problem.Status {
	case http.StatusServiceUnavailable:
		return !one.oneShot || problem.Code == "unavailable"
	case http.StatusTooManyRequests:
		return true
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		return !one.oneShot
	}
	return false
}

// pause returns how long to wait before the attempt after this one.
func pause(err error, attempt int) time.Duration {
	if problem, ok := errors.AsType[*Problem](err); ok && problem.RetryAfter > 0 {
		return min(problem.RetryAfter, maxPause)
	}
	return min(100*time.Millisecond<<min(attempt-1, 8), maxPause)
}

func (c *Client) once(ctx context.Context, one *call) error {
	request, err := http.NewRequestWithContext(ctx, one.method, strings.TrimSuffix(c.BaseURL, "/")+one.path, bytes.NewReader(one.body))
	if err != nil {
		return fmt.Errorf("farthing: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+c.Key)
	request.Header.Set("Accept", "application/json, application/problem+json")
	if one.method == http.MethodPost {
		request.Header.Set("Content-Type", "application/json")
	}
	if one.key != "" {
		request.Header.Set("Idempotency-Key", one.key)
	}
	response, err := c.httpClient().Do(request)
	if err != nil {
		return fmt.Errorf("farthing: %w", err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, max(maxAnswer, one.most)))
	if err != nil {
		return fmt.Errorf("farthing: read answer: %w", err)
	}
	if response.StatusCode >= 300 {
		return readProblem(response, answer)
	}
	one.status = response.StatusCode
	one.replayed = response.Header.Get("Idempotent-Replayed") == "true"
	if err := json.Unmarshal(answer, one.into); err != nil {
		return fmt.Errorf("farthing: decode answer: %w", err)
	}
	return nil
}

// Page asks for one page of a list. The zero Page is the first one.
type Page struct {
	Limit  int    // zero means the provider's default
	Cursor string // the NextCursor of the page before
}

// List is one page, newest first. NextCursor is empty on the last one.
type List[T any] struct {
	Data       []T    `json:"data"`
	NextCursor string `json:"next_cursor,omitempty"`
}

func (p Page) query() string {
	values := url.Values{}
	if p.Limit > 0 {
		values.Set("limit", strconv.Itoa(p.Limit))
	}
	if p.Cursor != "" {
		values.Set("cursor", p.Cursor)
	}
	if len(values) == 0 {
		return ""
	}
	return "?" + values.Encode()
}
