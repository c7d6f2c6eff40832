package peers

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// Results is all that RESULTS.md is made of; it is kept beside it as
// results.json.
type Results struct {
	Date     string            `json:"date"`
	Commit   string            `json:"commit"` // with "+" where the work tree had changes
	Machine  string            `json:"machine"`
	Cores    int               `json:"cores"`
	Go       string            `json:"go"`
	Versions map[string]string `json:"versions"` // by module, and "haproxy"
	Seeds    uint64            `json:"seeds"`
	Took     Took              `json:"took_s"`
	Cells    []Cell            `json:"cells"`
	Live     []LiveCell        `json:"live"`
	LiveLoad LiveLoad          `json:"live_load"`
}

// Took is how long the arms took, in seconds.
type Took struct {
	Virtual float64 `json:"virtual"`
	Live    float64 `json:"live"`
}

// LiveLoad sizes the live arm.
type LiveLoad struct {
	Seed     uint64  `json:"seed"`
	Workers  int     `json:"workers"`
	Seconds  float64 `json:"seconds"`
	Messages float64 `json:"messages_per_s"`
	Storm    float64 `json:"storm_logins_per_s"`
	Left     float64 `json:"logins_left_per_s"`
}

// here fills in where and with what the results are made.
func here(haproxy string) Results {
	r := Results{
		Date: time.Now().UTC().Format(time.DateOnly), Commit: commit(), Machine: cpuModel(), Cores: runtime.NumCPU(),
		Go: runtime.Version(), Versions: map[string]string{"haproxy": haproxy},
	}
	for _, p := range Peers() {
		if p.Module != "" && p.Name != daeroName {
			r.Versions[p.Module] = required(p.Module)
		}
	}
	return r
}

// required is the version of a module in go.mod; a test's binary does not know.
func required(module string) string {
	text, err := os.ReadFile("go.mod")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) >= 2 && f[0] == module {
			return f[1]
		}
	}
	return ""
}

func commit() string {
	out, err := exec.Command("git", "rev-parse", "--short", "HEAD").Output()
	if err != nil {
		return "unknown"
	}
	hash := strings.TrimSpace(string(out))
	// What the bench itself writes is no change of what it measures.
	dirty, _ := exec.Command("git", "status", "--porcelain", "--untracked-files=no", "--", ":/", ":!/bench/peers").Output()
	if len(dirty) > 0 {
		hash += "+"
	}
	return hash
}

func cpuModel() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(text)) {
		if name, model, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(model)
		}
	}
	return runtime.GOARCH
}
