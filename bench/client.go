package bench

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"farthing.dev/farthing/token"
)

// Job is what the load generator is told, in one JSON value on its standard input.
type Job struct {
	Address     string
	Path        string
	Nonce       string // what idempotency keys begin with
	Connections int
	Batch       int           // purchases in one request, all of one vendor; 0 where each is a request of its own
	Warm        time.Duration // of load before anything is counted
	Lasting     time.Duration // of load that is counted
	Bearers     []string      // keys of vendors
	Targets     []byte        // one target per request; the last one ends the load early
}

// target is who buys what from whom: the vendor by its place in Bearers, in four
// bytes, then the ids of reader and offer. Text would fill the memory of the process
// that is measured.
const target = 4 + 16 + 16

// add appends a target.
func (j *Job) add(vendor int, reader token.ReaderID, offer token.OfferID) {
	j.Targets = binary.BigEndian.AppendUint32(j.Targets, uint32(vendor))
	j.Targets = append(append(j.Targets, reader[:]...), offer[:]...)
}

// Tally is what the load generator found, in one JSON value on its standard output,
// behind a line that says when counting began.
type Tally struct {
	Sample
	First string // the first answer that was neither 200 nor 201
}

// started is that line.
const started = "counting\n"

// Client runs the load generator: as many callers as connections, each of which
// sends the next request as soon as the last answer is there. It understands just
// enough of HTTP to cost little, since it shares the machine with what it measures.
func Client(in io.Reader, out io.Writer) error {
	var job Job
	if err := json.NewDecoder(in).Decode(&job); err != nil {
		return fmt.Errorf("read the job: %w", err)
	}
	tally, err := job.run(func() { _, _ = io.WriteString(out, started) })
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(tally)
}

// caller is one connection's share of the tally.
type caller struct {
	job        *Job
	connection net.Conn
	answers    *bufio.Reader
	request    []byte
	body       []byte
	answer     []byte // to a batch
	delays     Histogram
	other      uint64
	failed     uint64
	first      string
}

func (j *Job) run(begin func()) (Tally, error) {
	callers := make([]*caller, j.Connections)
	for i := range callers {
		connection, err := net.Dial("tcp", j.Address)
		if err != nil {
			return Tally{}, fmt.Errorf("connect: %w", err)
		}
		defer connection.Close()
		callers[i] = &caller{job: j, connection: connection, answers: bufio.NewReaderSize(connection, 8192)}
	}
	var next atomic.Int64
	var counting atomic.Bool
	var begun time.Time
	var cpu time.Duration
	until := time.Now().Add(j.Warm + j.Lasting)
	warm := time.AfterFunc(j.Warm, func() {
		begun, cpu = time.Now(), cpuTime()
		begin()
		counting.Store(true)
	})
	defer warm.Stop()
	failures := make(chan error, len(callers))
	var wait sync.WaitGroup
	for _, c := range callers {
		wait.Go(func() {
			for time.Now().Before(until) {
				each := max(1, j.Batch)
				n := (int(next.Add(1)) - 1) * each
				if n+each > len(j.Targets)/target {
					return
				}
				if err := c.ask(n, &counting); err != nil {
					failures <- err
					return
				}
			}
		})
	}
	wait.Wait()
	if !counting.Load() {
		return Tally{}, errors.New("the requests were used up before counting began")
	}
	tally := Tally{Sample: Sample{Elapsed: time.Since(begun), ClientCPU: cpuTime() - cpu}}
	var all Histogram
	for _, c := range callers {
		all.Merge(&c.delays)
		tally.Other += c.other
		tally.Failed += c.failed
		if tally.First == "" {
			tally.First = c.first
		}
	}
	tally.Count = all.Count
	tally.P50, tally.P99, tally.Max = all.Quantile(0.5), all.Quantile(0.99), all.Quantile(1)
	close(failures)
	return tally, <-failures
}

// ask sends the n-th request and reads its answer.
func (c *caller) ask(n int, counting *atomic.Bool) error {
	t := c.job.Targets[n*target:]
	body := c.purchases(n)
	b := append(c.request[:0], "POST "...)
	b = append(append(b, c.job.Path...), " HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nAuthorization: Bearer "...)
	b = append(append(b, c.job.Bearers[binary.BigEndian.Uint32(t)]...), "\r\nIdempotency-Key: "...)
	b = strconv.AppendInt(append(append(b, c.job.Nonce...), '-'), int64(n), 36)
	b = strconv.AppendInt(append(b, "\r\nContent-Length: "...), int64(len(body)), 10)
	b = append(append(b, "\r\n\r\n"...), body...)
	c.request = b
	asked := time.Now()
	if _, err := c.connection.Write(b); err != nil {
		return fmt.Errorf("send request: %w", err)
	}
	status, answer, err := readAnswer(c.answers, c.room())
	if err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	if !counting.Load() {
		return nil
	}
	if c.job.Batch > 0 && status == 200 {
		c.count(time.Since(asked))
		return nil
	}
	switch status {
	case 201:
		c.delays.Add(time.Since(asked))
	case 200:
		c.other++
	default:
		c.failed++
		if c.first == "" {
			c.first = fmt.Sprintf("%d %s", status, answer)
		}
	}
	return nil
}

// room is where the answer to a batch is kept.
func (c *caller) room() *[]byte {
	if c.job.Batch == 0 {
		return nil
	}
	return &c.answer
}

// purchases writes the body of the request that begins with the n-th target.
func (c *caller) purchases(n int) []byte {
	body := c.body[:0]
	if c.job.Batch == 0 {
		body = appendPurchase(append(body, '{'), c.job.Targets[n*target:])
	} else {
		body = append(body, `{"purchases":[`...)
		for i := range c.job.Batch {
			body = append(append(append(body, `{"idempotency_key":"`...), c.job.Nonce...), '-')
			body = append(strconv.AppendInt(body, int64(n+i), 36), `",`...)
			body = append(appendPurchase(body, c.job.Targets[(n+i)*target:]), ',')
		}
		body = append(body[:len(body)-1], `]}`...)
	}
	c.body = body
	return body
}

// appendPurchase writes the fields of a purchase, and the end of its object.
func appendPurchase(body, t []byte) []byte {
	body = append(append(body, `"reader":"`...), token.ReaderID(t[4:20]).String()...)
	return append(append(append(body, `","offer":"`...), token.OfferID(t[20:36]).String()...), `"}`...)
}

// count counts the results in the answer to a batch: each took as long as all.
func (c *caller) count(took time.Duration) {
	sold, owned := bytes.Count(c.answer, []byte(`{"status":201,`)), bytes.Count(c.answer, []byte(`{"status":200,`))
	for range sold {
		c.delays.Add(took)
	}
	c.other += uint64(owned)
	if failed := c.job.Batch - sold - owned; failed > 0 {
		c.failed += uint64(failed)
		if c.first == "" {
			c.first = fmt.Sprintf("%d of a batch refused: %.400s", failed, c.answer)
		}
	}
}

// readAnswer reads an answer with a Content-Length, and its beginning where it is a refusal. Where
// body is not nil, it is the room for the whole of it.
func readAnswer(r *bufio.Reader, body *[]byte) (status int, refusal []byte, err error) {
	length := -1
	for line := 0; ; line++ {
		text, err := r.ReadSlice('\n')
		if err != nil {
			return 0, nil, err
		}
		text = bytes.TrimRight(text, "\r\n")
		switch {
		case line == 0:
			if len(text) < 12 {
				return 0, nil, errors.New("this is no answer in HTTP")
			}
			if status, err = strconv.Atoi(string(text[9:12])); err != nil {
				return 0, nil, err
			}
		case len(text) == 0:
			if length < 0 {
				return 0, nil, errors.New("the answer has no Content-Length")
			}
			if status >= 400 {
				peeked, _ := r.Peek(min(length, 400))
				refusal = bytes.Clone(peeked)
			}
			if body == nil {
				_, err = r.Discard(length)
			} else {
				*body = slices.Grow((*body)[:0], length)[:length]
				_, err = io.ReadFull(r, *body)
			}
			return status, refusal, err
		case len(text) > 15 && bytes.EqualFold(text[:15], []byte("Content-Length:")):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(text[15:]))); err != nil {
				return 0, nil, err
			}
		}
	}
}
