package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Load is a load generator: it does a job and tells when counting begins.
type Load func(ctx context.Context, job Job, begin func()) (Tally, error)

// Apart returns the Load that runs a command, in a process of its own, which hands
// its standard input and output to Client.
func Apart(command ...string) Load {
	return func(ctx context.Context, job Job, begin func()) (Tally, error) {
		var tally Tally
		text, err := json.Marshal(job)
		if err != nil {
			return tally, err
		}
		process := exec.CommandContext(ctx, command[0], command[1:]...)
		var complaints strings.Builder
		process.Stdin, process.Stderr = bytes.NewReader(text), &complaints
		pipe, err := process.StdoutPipe()
		if err != nil {
			return tally, err
		}
		if err := process.Start(); err != nil {
			return tally, fmt.Errorf("start the load generator: %w", err)
		}
		out := bufio.NewReader(pipe)
		if line, err := out.ReadString('\n'); err == nil && line == started {
			begin()
		}
		report, err := io.ReadAll(out)
		if err := errors.Join(err, process.Wait()); err != nil {
			return tally, fmt.Errorf("the load generator: %w: %s", err, complaints.String())
		}
		return tally, json.Unmarshal(report, &tally)
	}
}

// Inside is the Load that runs in this process: for tests.
func Inside(_ context.Context, job Job, begin func()) (Tally, error) { return job.run(begin) }

// job prepares requests for more purchases than can be made in the time.
func (w *Workload) job(s *System, round uint64, connections int, warm, lasting time.Duration) (Job, error) {
	const most = 40_000 // purchases a second that no server here reaches
	j := Job{
		Path: "/v1/purchases", Nonce: "h" + strconv.FormatUint(round, 36), Connections: connections, Warm: warm, Lasting: lasting,
		Bearers: make([]string, w.Vendors),
	}
	for vendor := range j.Bearers {
		j.Bearers[vendor] = w.Bearer(vendor)
	}
	shopper := w.Shopper(round, 0)
	n := int((warm + lasting).Seconds() * most)
	j.Targets = make([]byte, 0, n*target)
	for range n {
		p := shopper.Next()
		reader, err := s.Reader(w.Vendor(p.Vendor), w.User(p.Reader))
		if err != nil {
			return j, err
		}
		j.add(p.Vendor, reader, w.Offer(p.Vendor, p.Offer))
	}
	return j, nil
}

// The batches that are measured.
const (
	batchSize        = 1000 // purchases in one request
	batchConnections = 4    // requests at the same time: half of each block is for batches, and two fill that
)

// batches makes a job of batches, each of which is one vendor's.
func (w *Workload) batches(s *System, round uint64, size int, warm, lasting time.Duration) (Job, error) {
	j, err := w.job(s, round, batchConnections, warm, lasting)
	if err != nil {
		return j, err
	}
	j.Path, j.Batch = "/v1/purchases/batch", size
	waiting := make([][]byte, w.Vendors)
	grouped := make([]byte, 0, len(j.Targets))
	for t := range slices.Chunk(j.Targets, target) {
		vendor := binary.BigEndian.Uint32(t)
		if waiting[vendor] = append(waiting[vendor], t...); len(waiting[vendor]) == size*target {
			grouped, waiting[vendor] = append(grouped, waiting[vendor]...), waiting[vendor][:0]
		}
	}
	j.Targets = grouped
	return j, nil
}

// buyOverHTTP lets the load generator buy from a handler.
func buyOverHTTP(ctx context.Context, handler http.Handler, load Load, job Job, watch *progress, what string) (Sample, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return Sample{}, fmt.Errorf("listen: %w", err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	// In profiles, the label tells the turns apart.
	go pprof.Do(ctx, pprof.Labels("turn", what), func(context.Context) { served <- server.Serve(listener) })
	defer func() {
		_ = server.Close()
		<-served
	}()
	job.Address = listener.Addr().String()
	var cpu time.Duration
	tally, err := load(ctx, job, func() { cpu = cpuTime() })
	if err != nil {
		return Sample{}, err
	}
	tally.CPU = cpuTime() - cpu
	watch.say("%-20s %9.0f/s  p50 %s  p99 %s  (%d owned already, %d refused)", what, tally.PerSecond(),
		tally.P50.Round(10*time.Microsecond), tally.P99.Round(10*time.Microsecond), tally.Other, tally.Failed)
	if tally.Failed*100 > tally.Count {
		return tally.Sample, fmt.Errorf("%d of %d requests were refused; the first with %s", tally.Failed, tally.Count+tally.Failed, tally.First)
	}
	return tally.Sample, nil
}
