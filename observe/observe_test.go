// Package observe_test holds what the dashboard and the alerting rules promise:
// that the gateway has the metrics and labels they ask for, that Prometheus
// understands them, and that each alert fires, does not fire without a cause, and
// has a section in the documentation.
package observe_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// alert is a rule as it is written.
type alert struct {
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

func alerts(t *testing.T) []alert {
	t.Helper()
	b, err := os.ReadFile("alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Name  string  `yaml:"name"`
			Rules []alert `yaml:"rules"`
		} `yaml:"groups"`
	}
	dec := yaml.NewDecoder(strings.NewReader(string(b)))
	dec.KnownFields(true)
	if err := dec.Decode(&file); err != nil {
		t.Fatal(err)
	}
	var all []alert
	for _, g := range file.Groups {
		all = append(all, g.Rules...)
	}
	if len(all) < 10 {
		t.Fatalf("%d rules", len(all))
	}
	return all
}

// panel is one of a dashboard, with what the checks need.
type panel struct {
	ID          int    `json:"id"`
	Type        string `json:"type"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Datasource  *struct {
		UID string `json:"uid"`
	} `json:"datasource"`
	GridPos struct{ H, W, X, Y int } `json:"gridPos"`
	Targets []struct {
		Expr   string `json:"expr"`
		Legend string `json:"legendFormat"`
	} `json:"targets"`
}

type variable struct {
	Name  string          `json:"name"`
	Query json.RawMessage `json:"query"`
}

func dashboard(t *testing.T) (panels []panel, variables []variable) {
	t.Helper()
	b, err := os.ReadFile("dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		UID        string  `json:"uid"`
		Title      string  `json:"title"`
		Panels     []panel `json:"panels"`
		Templating struct {
			List []variable `json:"list"`
		} `json:"templating"`
	}
	if err := json.Unmarshal(b, &d); err != nil {
		t.Fatal(err)
	}
	if d.UID == "" || d.Title == "" || len(d.Panels) < 20 {
		t.Fatalf("%q, %q, %d panels", d.UID, d.Title, len(d.Panels))
	}
	return d.Panels, d.Templating.List
}

// always are labels that Prometheus adds when it asks a gateway.
var always = []string{"job", "instance"}

// plain is an expression without Grafana's variables.
func plain(expr string) string {
	return regexp.MustCompile(`\$\{?__\w+\}?`).ReplaceAllString(expr, "5m")
}

// check holds an expression, and the labels that a text beside it names, against
// what the gateway has.
func check(t *testing.T, have map[string][]string, where, expr string, named []string) {
	t.Helper()
	e, err := read(plain(expr))
	if err != nil || len(e.selectors) == 0 {
		t.Errorf("%s: %v: no metric in %s", where, err, expr)
		return
	}
	labels := slices.Clone(always)
	for _, s := range e.selectors {
		of, ok := have[s.metric]
		if !ok {
			t.Errorf("%s: the gateway has no metric %s", where, s.metric)
			continue
		}
		labels = append(labels, of...)
		for _, l := range s.labels {
			if !slices.Contains(of, l) && !slices.Contains(always, l) {
				t.Errorf("%s: %s has no label %s: it has %v", where, s.metric, l, of)
			}
		}
		if counted := strings.HasSuffix(s.metric, "_total"); counted != slices.ContainsFunc(s.inside, func(f string) bool { return f == "rate" || f == "increase" }) {
			t.Errorf("%s: %s: a counter is read through rate or increase, and nothing else is", where, s.metric)
		}
	}
	for _, l := range slices.Concat(e.grouped, named) {
		if !slices.Contains(labels, l) {
			t.Errorf("%s: none of %v has a label %s", where, e.metrics(), l)
		}
	}
	// What is aggregated away cannot be named beside it.
	if len(e.grouped) > 0 {
		for _, l := range named {
			if !slices.Contains(e.grouped, l) {
				t.Errorf("%s: names %s, which is not in its result: %v", where, l, e.grouped)
			}
		}
	}
}

var (
	legendLabel = regexp.MustCompile(`\{\{\s*(\w+)\s*\}\}`)
	alertLabel  = regexp.MustCompile(`\$labels\.(\w+)`)
)

func groups(re *regexp.Regexp, s string) (all []string) {
	for _, m := range re.FindAllStringSubmatch(s, -1) {
		all = append(all, m[1])
	}
	return all
}

func TestDashboardAsksForWhatThereIs(t *testing.T) {
	have := metrics(t)
	panels, variables := dashboard(t)
	for _, p := range panels {
		if p.Type == "row" {
			continue
		}
		if p.Description == "" || len(p.Targets) == 0 {
			t.Errorf("%s: a panel says what it shows, and shows something", p.Title)
		}
		if p.Datasource == nil || p.Datasource.UID != "${datasource}" {
			t.Errorf("%s: the data source is the variable's", p.Title)
		}
		for _, target := range p.Targets {
			check(t, have, p.Title, target.Expr, groups(legendLabel, target.Legend))
		}
	}
	for _, v := range variables {
		for _, m := range regexp.MustCompile(`label_values\((\w+), (\w+)\)`).FindAllStringSubmatch(string(v.Query), -1) {
			if of, ok := have[m[1]]; !ok || !slices.Contains(slices.Concat(of, always), m[2]) {
				t.Errorf("variable %s: the gateway has no metric %s with a label %s", v.Name, m[1], m[2])
			}
		}
	}
}

// TestDashboardIsLaidOut: nothing lies on anything, and nothing has another's
// number.
func TestDashboardIsLaidOut(t *testing.T) {
	panels, _ := dashboard(t)
	taken, ids := map[[2]int]string{}, map[int]bool{}
	for _, p := range panels {
		if ids[p.ID] {
			t.Errorf("%s: number %d is taken", p.Title, p.ID)
		}
		ids[p.ID] = true
		if g := p.GridPos; g.X+g.W > 24 || g.W == 0 || g.H == 0 {
			t.Errorf("%s: %+v", p.Title, g)
		}
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if on := taken[[2]int{x, y}]; on != "" {
					t.Fatalf("%s lies on %s", p.Title, on)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
	}
}

func TestAlertsAskForWhatThereIs(t *testing.T) {
	have := metrics(t)
	for _, a := range alerts(t) {
		named := groups(alertLabel, a.Annotations["summary"]+a.Annotations["description"])
		check(t, have, a.Alert, a.Expr, named)
	}
}

// runbooks are where alerts are explained.
var runbooks = []string{"docs/relay/operate.md", "docs/captcha/operate.md"}

// runbookOf is the page of an alert: the captcha's have one of their own.
func runbookOf(alert string) string {
	if strings.HasPrefix(alert, "DaeroCaptcha") {
		return runbooks[1]
	}
	return runbooks[0]
}

// TestAlertsHaveTheirShape: a name, a severity, texts, and a section in the
// documentation that says what to do.
func TestAlertsHaveTheirShape(t *testing.T) {
	pages := map[string][]byte{}
	for _, name := range runbooks {
		page, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		pages[name] = page
	}
	seen := map[string]bool{}
	for _, a := range alerts(t) {
		if !regexp.MustCompile(`^Daero[A-Z][A-Za-z]+$`).MatchString(a.Alert) || seen[a.Alert] {
			t.Errorf("%q: a name of its own, beginning with Daero", a.Alert)
		}
		seen[a.Alert] = true
		if _, err := time.ParseDuration(a.For); a.For != "" && err != nil {
			t.Errorf("%s: for %s: %v", a.Alert, a.For, err)
		}
		if !reflect.DeepEqual(a.Labels, map[string]string{"severity": "critical"}) && !reflect.DeepEqual(a.Labels, map[string]string{"severity": "warning"}) {
			t.Errorf("%s: labels %v: severity is critical or warning", a.Alert, a.Labels)
		}
		if a.Annotations["summary"] == "" || a.Annotations["description"] == "" {
			t.Errorf("%s: has no summary or no description", a.Alert)
		}
		runbook := runbookOf(a.Alert)
		if want := "https://github.com/daero/daero/blob/main/" + runbook + "#" + strings.ToLower(a.Alert); a.Annotations["runbook_url"] != want {
			t.Errorf("%s: runbook %s, want %s", a.Alert, a.Annotations["runbook_url"], want)
		}
		if !regexp.MustCompile(`(?m)^#+ ` + a.Alert + `$`).Match(pages[runbook]) {
			t.Errorf("%s has no section of its name: say what it means, what to look at, what to do", runbook)
		}
	}
	for runbook, page := range pages {
		for _, name := range groups(regexp.MustCompile(`(?m)^#+ (Daero\w+)$`), string(page)) {
			if !seen[name] || runbookOf(name) != runbook {
				t.Errorf("%s has a section for %s, which there is not", runbook, name)
			}
		}
	}
}

// TestPrometheusUnderstands: promtool reads the rules and what the dashboard
// asks for, and runs the tests that say when each alert fires and when not.
func TestPrometheusUnderstands(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not here: scripts/install-test-deps.sh installs Debian's package prometheus, which has it")
	}
	// The dashboard's expressions as rules, so that promtool reads them.
	type rule struct {
		Record string `yaml:"record"`
		Expr   string `yaml:"expr"`
	}
	var rules []rule
	panels, _ := dashboard(t)
	for _, p := range panels {
		for _, target := range p.Targets {
			rules = append(rules, rule{"panel", plain(target.Expr)})
		}
	}
	b, err := yaml.Marshal(map[string]any{"groups": []any{map[string]any{"name": "dashboard", "rules": rules}}})
	if err != nil {
		t.Fatal(err)
	}
	drawn := filepath.Join(t.TempDir(), "dashboard.yml")
	if err := os.WriteFile(drawn, b, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"check", "rules", "--lint=none", drawn},
		{"check", "rules", "--lint=all", "--lint-fatal", "alerts.yml"},
		{"test", "rules", "alerts_test.yml"},
	} {
		if out, err := exec.CommandContext(t.Context(), promtool, args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

// TestEveryAlertIsTried: alerts_test.yml says of each when it fires and when
// not.
func TestEveryAlertIsTried(t *testing.T) {
	b, err := os.ReadFile("alerts_test.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Tests []struct {
			Name  string `yaml:"name"`
			Tries []struct {
				Name string `yaml:"alertname"`
				Want []any  `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		} `yaml:"tests"`
	}
	if err := yaml.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	fires, not := map[string]bool{}, map[string]bool{}
	for _, test := range file.Tests {
		for _, try := range test.Tries {
			if len(try.Want) > 0 {
				fires[try.Name] = true
			} else {
				not[try.Name] = true
			}
		}
	}
	for _, a := range alerts(t) {
		if !fires[a.Alert] || !not[a.Alert] {
			t.Errorf("%s: alerts_test.yml says when it fires: %t, and when not: %t", a.Alert, fires[a.Alert], not[a.Alert])
		}
	}
}

// TestRead: the checks above see what an expression asks for.
func TestRead(t *testing.T) {
	for expr, want := range map[string]expression{
		`a`: {selectors: []selector{{metric: "a"}}},
		`sum by (x, y) (rate(a_total{l=~"by (q)",m!="}"}[5m])) / 60 > bool 0`: {
			selectors: []selector{{"a_total", []string{"l", "m"}, []string{"", "rate"}}}, grouped: []string{"x", "y"},
		},
		`max(a) and on (z) b{k="v"} offset 5m unless c`: {
			selectors: []selector{{"a", nil, []string{"max"}}, {"b", []string{"k"}, nil}, {"c", nil, nil}}, grouped: []string{"z"},
		},
		`sum(increase(a_total[1h])) without (i)`: {selectors: []selector{{"a_total", nil, []string{"sum", "increase"}}}, grouped: []string{"i"}},
	} {
		got, err := read(expr)
		if err != nil || !same(got, want) {
			t.Errorf("%s\n%+v\nwant\n%+v (%v)", expr, got, want, err)
		}
	}
	for _, bad := range []string{"sum(a", "a)"} {
		if _, err := read(bad); err == nil {
			t.Errorf("%s: accepted", bad)
		}
	}
}

func same(a, b expression) bool {
	if !slices.Equal(a.grouped, b.grouped) || len(a.selectors) != len(b.selectors) {
		return false
	}
	for i := range a.selectors {
		x, y := a.selectors[i], b.selectors[i]
		if x.metric != y.metric || !slices.Equal(x.labels, y.labels) || !slices.Equal(x.inside, y.inside) {
			return false
		}
	}
	return true
}
