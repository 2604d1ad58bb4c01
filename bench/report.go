package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Report is what was measured.
type Report struct {
	Store     string
	Machine   string
	Accounts  int
	Preloaded int
	Entries   uint64 // in the journal at the end

	Decide      Sample
	Applied     Sample // decided, and the state brought up to date
	Burst       Sample
	Sustained   Sample
	Few         Sample // as Burst, with only ten thousand purchases loaded
	HTTP        Sample
	Empty       Sample
	Batch       Sample // over HTTP, in batches
	Beside      Sample // in process, in turns with Batch
	Transaction Sample // one database transaction per purchase; PostgreSQL only

	BytesPerPurchase int64
	AccountBytes     int64
	Memory           int64
	Ready            time.Duration
	ReadyAfterCrash  time.Duration
}

// ratio returns a/b, or zero where b was not measured.
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// figures are a Report as programs read it.
type figures struct {
	Store     string `json:"store"`
	Machine   string `json:"machine"`
	Accounts  int    `json:"accounts"`
	Preloaded int    `json:"preloaded"`
	Entries   uint64 `json:"entries"`

	DecidePerCore  float64 `json:"decide_per_s"`
	AppliedPerCore float64 `json:"decide_and_apply_per_s"`

	InProcess       float64 `json:"inprocess_per_s"`
	P50             float64 `json:"p50_ms"`
	P99             float64 `json:"p99_ms"`
	CPUMicros       float64 `json:"cpu_us_per_purchase"`
	Sustained       float64 `json:"sustained_per_s"`
	SustainedP99    float64 `json:"sustained_p99_ms"`
	SustainedMicros float64 `json:"sustained_cpu_us_per_purchase"`
	GrowthCPU       float64 `json:"growth_cpu_ratio"`
	GrowthTime      float64 `json:"growth_time_ratio"`

	HTTP             float64 `json:"http_per_s"`
	HTTPP50          float64 `json:"http_p50_ms"`
	HTTPP99          float64 `json:"http_p99_ms"`
	HTTPMicros       float64 `json:"http_cpu_us_per_purchase"`
	Empty            float64 `json:"http_empty_per_s"`
	EmptyMicros      float64 `json:"http_empty_cpu_us"`
	HTTPRatio        float64 `json:"http_ratio"`
	Batch            float64 `json:"batch_per_s"`
	BatchP99         float64 `json:"batch_p99_ms"` // of a whole batch
	BatchMicros      float64 `json:"batch_cpu_us_per_purchase"`
	BatchRatio       float64 `json:"batch_ratio"`
	Transaction      float64 `json:"one_transaction_per_s,omitempty"`
	TransactionRatio float64 `json:"http_to_one_transaction_ratio,omitempty"`

	BytesPerPurchase int64   `json:"bytes_per_purchase"`
	AccountBytes     int64   `json:"account_bytes"`
	RSS              float64 `json:"rss_mb"`
	Ready            float64 `json:"ready_s"`
	ReadyAfterCrash  float64 `json:"ready_after_crash_s"`
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

func (r *Report) figures() figures {
	// Where the median burst made fewer purchases for the processor's time than with few
	// loaded, that is what growth costs.
	return figures{
		Store: r.Store, Machine: r.Machine, Accounts: r.Accounts, Preloaded: r.Preloaded, Entries: r.Entries,
		DecidePerCore: ratio(1, r.Decide.CPUEach().Seconds()), AppliedPerCore: ratio(1, r.Applied.CPUEach().Seconds()),
		InProcess: r.Burst.PerSecond(), P50: millis(r.Burst.P50), P99: millis(r.Burst.P99), CPUMicros: micros(r.Burst.CPUEach()),
		Sustained: r.Sustained.PerSecond(), SustainedP99: millis(r.Sustained.P99), SustainedMicros: micros(r.Sustained.CPUEach()),
		GrowthCPU:  ratio(micros(r.Burst.CPUEach()), micros(r.Few.CPUEach())),
		GrowthTime: ratio(r.Few.PerSecond(), r.Burst.PerSecond()),
		HTTP:       r.HTTP.PerSecond(), HTTPP50: millis(r.HTTP.P50), HTTPP99: millis(r.HTTP.P99), HTTPMicros: micros(r.HTTP.CPUEach()),
		Empty: r.Empty.PerSecond(), EmptyMicros: micros(r.Empty.CPUEach()), HTTPRatio: ratio(r.HTTP.PerSecond(), r.Empty.PerSecond()),
		Batch: r.Batch.PerSecond(), BatchP99: millis(r.Batch.P99), BatchMicros: micros(r.Batch.CPUEach()), BatchRatio: ratio(r.Batch.PerSecond(), r.Beside.PerSecond()),
		Transaction: r.Transaction.PerSecond(), TransactionRatio: ratio(r.HTTP.PerSecond(), r.Transaction.PerSecond()),
		BytesPerPurchase: r.BytesPerPurchase, AccountBytes: r.AccountBytes, RSS: float64(r.Memory) / 1e6,
		Ready: r.Ready.Seconds(), ReadyAfterCrash: r.ReadyAfterCrash.Seconds(),
	}
}

// WriteJSON writes the report for programs.
func (r *Report) WriteJSON(out io.Writer) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r.figures())
}

// line is one of the report for people. It is left out where nothing was measured.
type line struct {
	measured          uint64
	what, found, note string
}

// WriteText writes the report for people: what was measured.
func (r *Report) WriteText(out io.Writer) error {
	f := r.figures()
	lines := []line{
		{r.Decide.Count, "decide alone", fmt.Sprintf("%.0f/s", f.DecidePerCore), fmt.Sprintf("per core, no disk; %.0f/s with the state brought up to date", f.AppliedPerCore)},
		{r.Burst.Count, "in process, burst", fmt.Sprintf("%.0f/s", f.InProcess), fmt.Sprintf("p50 %.1f ms, p99 %.1f ms, %.1f us of processor each", f.P50, f.P99, f.CPUMicros)},
		{r.Sustained.Count, "in process, kept up", fmt.Sprintf("%.0f/s", f.Sustained), fmt.Sprintf("p99 %.1f ms, %.1f us of processor each", f.SustainedP99, f.SustainedMicros)},
		{r.Burst.Count, "growth", fmt.Sprintf("%.2f x", f.GrowthCPU), fmt.Sprintf("of the processor's time with 10,000 purchases loaded; %.2f x of the time", f.GrowthTime)},
		{r.HTTP.Count, "over HTTP", fmt.Sprintf("%.0f/s", f.HTTP), fmt.Sprintf("p50 %.1f ms, p99 %.1f ms, %.1f us of processor each", f.HTTPP50, f.HTTPP99, f.HTTPMicros)},
		{r.Empty.Count, "empty handler", fmt.Sprintf("%.0f/s", f.Empty), fmt.Sprintf("%.1f us of processor each; a purchase is %.2f x as fast", f.EmptyMicros, f.HTTPRatio)},
		{r.Batch.Count, "in batches over HTTP", fmt.Sprintf("%.0f/s", f.Batch), fmt.Sprintf("of 1,000; p99 %.0f ms of a batch, %.1f us of processor each; %.2f x in process (%.0f/s, %.1f us)", f.BatchP99, f.BatchMicros, f.BatchRatio, r.Beside.PerSecond(), micros(r.Beside.CPUEach()))},
		{r.Transaction.Count, "one transaction each", fmt.Sprintf("%.0f/s", f.Transaction), fmt.Sprintf("over HTTP on the same server; ours is %.1f x as fast", f.TransactionRatio)},
		{uint64(f.BytesPerPurchase), "disk", fmt.Sprintf("%d bytes", f.BytesPerPurchase), "per purchase, with all that is derived"},
		{uint64(r.Memory), "memory", fmt.Sprintf("%.0f MB", f.RSS), "at its highest while selling in process"},
		{r.Entries, "ready", fmt.Sprintf("%.2f s", f.Ready), fmt.Sprintf("after a clean stop, with %d entries; %.2f s after a crash", f.Entries, f.ReadyAfterCrash)},
	}
	if _, err := fmt.Fprintf(out, "%s on %s: %d accounts, %d purchases loaded first\n\n", f.Store, f.Machine, f.Accounts, f.Preloaded); err != nil {
		return err
	}
	for _, line := range lines {
		if line.measured == 0 {
			continue
		}
		if _, err := fmt.Fprintf(out, "%-22s %14s   %s\n", line.what, line.found, line.note); err != nil {
			return err
		}
	}
	return nil
}
