package rehearse

import (
	"bufio"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// gauges are what a trace shows of the gateway, by the name of the column.
var gauges = []struct{ column, metric, label string }{
	{"limit", "daero_backend_limit", ""},
	{"in_flight", "daero_backend_in_flight", ""},
	{"pressure", "daero_backend_pressure", ""},
	{"login_limit", "daero_lane_limit", `lane="login"`},
	{"login_in_flight", "daero_lane_in_flight", `lane="login"`},
	{"message_waiting", "daero_lane_waiting", `lane="message"`},
	{"message_base_s", "daero_lane_base_seconds", `lane="message"`},
}

// Gauged is a Set whose gateway tells what it does, as Prometheus text.
type Gauged interface {
	Metrics(ctx context.Context) (io.ReadCloser, error)
}

// Sample is what the gateway did at one moment.
type Sample struct {
	At     time.Duration
	Values []float64 // in the order of gauges; NaN where it did not say
}

// trace samples until ctx ends.
func trace(ctx context.Context, set Set, start time.Time) (out []Sample) {
	g, ok := set.(Gauged)
	if !ok {
		return nil
	}
	tick := time.NewTicker(binWidth)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return out
		case <-tick.C:
		}
		at := time.Since(start)
		if text, err := g.Metrics(ctx); err == nil {
			out = append(out, Sample{At: at, Values: readGauges(text)})
			_ = text.Close()
		}
	}
}

// readGauges finds the gauges in Prometheus text.
func readGauges(r io.Reader) []float64 {
	values := make([]float64, len(gauges))
	for i := range values {
		values[i] = math.NaN()
	}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		name, value, ok := strings.Cut(lines.Text(), "} ")
		if !ok {
			continue
		}
		name, labels, _ := strings.Cut(name, "{")
		for i, g := range gauges {
			if name == g.metric && strings.Contains(labels, g.label) {
				if v, err := strconv.ParseFloat(value, 64); err == nil {
					values[i] = v
				}
			}
		}
	}
	return values
}

// WriteTrace writes what the gateway did, and what messages felt meanwhile, as
// comma-separated values.
func WriteTrace(w io.Writer, arms []ArmLog) error {
	out := csv.NewWriter(w)
	head := []string{"arm", "phase", "t_s", "message_p90_ms", "login_attempts"}
	for _, g := range gauges {
		head = append(head, g.column)
	}
	_ = out.Write(head) // the writer keeps its error for the end
	for _, a := range arms {
		messages, logins, starts := a.Log.Lane(laneMessage), a.Log.Lane(laneLogin), a.Log.Plan.Starts()
		for _, s := range a.Trace {
			bin := int(s.At / binWidth)
			if bin >= len(messages.Bins) {
				continue
			}
			phase := 0
			for i, from := range starts {
				if s.At >= from {
					phase = i
				}
			}
			row := []string{
				a.Name, a.Log.Plan.Phases[phase].Name, fmt.Sprintf("%.2f", s.At.Seconds()),
				fmt.Sprintf("%.1f", messages.Bins[bin].Quantile(0.9)), strconv.Itoa(logins.Bins[bin].Len()),
			}
			for _, v := range s.Values {
				row = append(row, strconv.FormatFloat(v, 'g', 6, 64))
			}
			_ = out.Write(row)
		}
	}
	out.Flush()
	return out.Error()
}
