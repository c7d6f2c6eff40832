package playbook_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

func TestValidate(t *testing.T) {
	lanes := []playbook.Lane{
		{Backend: "default", Name: "login"},
		{Backend: "default", Name: "message", Critical: true, Defers: true},
		{Backend: "default", Name: "events", Streams: true},
		{Backend: "other", Name: "login"},
	}
	one := func(change func(a *playbook.Action)) playbook.Config {
		a := shed(level.Alert, 0, 0.5)
		a.Where = "Caddyfile:7"
		change(&a)
		return playbook.Config{Actions: []playbook.Action{a}, Lanes: lanes}
	}
	of := func(kind playbook.Kind, change func(a *playbook.Action)) playbook.Config {
		return one(func(a *playbook.Action) {
			*a = playbook.Action{At: level.Alert, Kind: kind, Lane: "login", From: 1, To: 1, Where: "Caddyfile:7"}
			if !kind.OfLane() {
				a.Lane, a.Target = "", "ops"
			}
			change(a)
		})
	}
	message := func(who playbook.Who, to float64) playbook.Action {
		return playbook.Action{At: level.Serious, Kind: playbook.Shed, Lane: "message", Who: who, To: to, Where: "Caddyfile:9"}
	}
	with := func(actions ...playbook.Action) playbook.Config {
		return playbook.Config{Actions: actions, Lanes: lanes}
	}
	meant := message(playbook.Everyone, 1)
	meant.Meant = true
	shadowed := message(playbook.Everyone, 1)
	shadowed.Shadow = true
	many := playbook.Config{}
	for i := range playbook.MaxActions + 1 {
		a := tells(level.Alert, strings.Repeat("a", i+1))
		many.Actions = append(many.Actions, a)
	}
	able := func(kinds ...playbook.Kind) func(playbook.Config) playbook.Config {
		return func(c playbook.Config) playbook.Config { c.Able = kinds; return c }
	}(playbook.Shed)
	topics := func(c playbook.Config) playbook.Config { c.Topics = []string{"orders"}; return c }
	asking := func(fresh bool) playbook.Action {
		a := message(playbook.Everyone, 1)
		a.Kind, a.From, a.NewDevice = playbook.Challenge, 1, fresh
		return a
	}
	nan := math.NaN()
	for name, tt := range map[string]struct {
		cfg  playbook.Config
		want string // "" is valid
	}{
		"empty":                 {playbook.Config{}, ""},
		"good":                  {one(func(*playbook.Action) {}), ""},
		"of one backend":        {one(func(a *playbook.Action) { a.Backend = "other" }), ""},
		"lanes not known":       {playbook.Config{Actions: []playbook.Action{shed(level.Alert, 0, 1)}}, ""},
		"too many":              {many, "257 actions: at most 256"},
		"ramp too strong":       {playbook.Config{Ramp: playbook.Ramp{Step: 1.1}}, "ramp 110%: must be above 0%, up to 100%"},
		"ramp negative":         {playbook.Config{Ramp: playbook.Ramp{Step: -0.1}}, "lanes would never come back"},
		"ramp no number":        {playbook.Config{Ramp: playbook.Ramp{Step: nan}}, "lanes would never come back"},
		"ramp too long":         {playbook.Config{Ramp: playbook.Ramp{Step: 0.01, Every: time.Minute}}, "a lane must be back within 1h0m0s"},
		"ramp too quick":        {playbook.Config{Ramp: playbook.Ramp{Every: time.Millisecond}}, "a step takes 100ms at least"},
		"ramp back in time":     {playbook.Config{Ramp: playbook.Ramp{Every: -time.Second}}, "a step takes 100ms at least"},
		"twice in a row":        {with(shed(level.Alert, 0, 0.5), shed(level.Alert, 0, 0.6)), "shed login stands twice in row alert"},
		"no kind":               {one(func(a *playbook.Action) { a.Kind = 0 }), "Caddyfile:7: kind(0): not an action"},
		"unknown kind":          {one(func(a *playbook.Action) { a.Kind = 99 }), "kind(99): not an action"},
		"at normal":             {one(func(a *playbook.Action) { a.At = level.Normal }), "at normal nothing is in force"},
		"above serious":         {one(func(a *playbook.Action) { a.At = level.Count }), "actions stand at attention or above"},
		"no CAPTCHA":            {able(of(playbook.Challenge, func(*playbook.Action) {})), "there is no CAPTCHA that would ask: add one, or use shed"},
		"no CAPTCHA to press":   {able(of(playbook.Work, func(a *playbook.Action) { a.Target, a.For = "", time.Second })), "there is no CAPTCHA whose work could take longer"},
		"challenge":             {of(playbook.Challenge, func(a *playbook.Action) { a.NewDevice, a.Who = true, playbook.Foreground }), ""},
		"shed new devices":      {one(func(a *playbook.Action) { a.NewDevice = true }), "Caddyfile:7: shed login new-device: new-device is for challenge"},
		"work":                  {of(playbook.Work, func(a *playbook.Action) { a.Target, a.For, a.From = "", 4*time.Second, 0.25 }), ""},
		"work for nothing":      {of(playbook.Work, func(a *playbook.Action) { a.Target = "" }), "Caddyfile:7: work: 0s to 0s: must be 100ms to 10s"},
		"work too long":         {of(playbook.Work, func(a *playbook.Action) { a.Target, a.For = "", time.Minute }), "work: 1m0s to 1m0s: must be 100ms to 10s"},
		"work upside down":      {of(playbook.Work, func(a *playbook.Action) { a.Target, a.For, a.From, a.To = "", time.Second, 1, 0.5 }), "the range is upside down"},
		"critical, all asked":   {with(asking(false)), "Caddyfile:9: challenge message: would ask everyone in the critical lane message, and apps that cannot answer are locked out"},
		"critical, new devices": {with(asking(true)), ""},
		"no relay":              {able(of(playbook.Defer, func(*playbook.Action) {})), "there is no relay to keep requests in"},
		"not able":              {able(of(playbook.Webhook, func(*playbook.Action) {})), "nothing here can do that"},
		"no lane":               {one(func(a *playbook.Action) { a.Lane = "" }), `shed: names no lane: say which, like "shed login"`},
		"unknown lane":          {one(func(a *playbook.Action) { a.Lane = "logn" }), `Caddyfile:7: shed: no lane "logn" (known: [login message events])`},
		"lane elsewhere":        {one(func(a *playbook.Action) { a.Lane, a.Backend = "message", "other" }), `no lane "message"`},
		"no target":             {of(playbook.Notify, func(a *playbook.Action) { a.Target = "" }), "notify: names no target"},
		"below nothing":         {one(func(a *playbook.Action) { a.From = -0.1 }), "strengths are 0% to 100%"},
		"more than all":         {one(func(a *playbook.Action) { a.To = 1.1 }), "strengths are 0% to 100%"},
		"no number":             {one(func(a *playbook.Action) { a.From = nan }), "strengths are 0% to 100%"},
		"upside down":           {one(func(a *playbook.Action) { a.From = 0.9 }), "the range is upside down"},
		"does nothing":          {one(func(a *playbook.Action) { a.From, a.To = 0, 0 }), "does nothing, its range ends at 0%"},
		"has no strength":       {of(playbook.Notify, func(a *playbook.Action) { a.From = 0.5 }), "has no strength: leave the range away"},
		"slow for nothing":      {of(playbook.Slow, func(*playbook.Action) {}), "slow login: for 0s: must be 1s to 24h"},
		"stale too long":        {of(playbook.Stale, func(a *playbook.Action) { a.For = 48 * time.Hour }), "must be 1s to 24h"},
		"status":                {of(playbook.Respond, func(a *playbook.Action) { a.Status = 199 }), "status 199: must be 200 to 599"},
		"status too high":       {of(playbook.Respond, func(a *playbook.Action) { a.Status = 600 }), "status 600: must be 200 to 599"},
		"body":                  {of(playbook.Respond, func(a *playbook.Action) { a.Body = strings.Repeat("x", 65<<10) }), "body of 66560 bytes: at most 65536"},
		"ceiling of nothing":    {of(playbook.Ceiling, func(*playbook.Action) {}), "a ceiling of 0% lets nobody in: use shed"},
		"ceiling of an intent":  {of(playbook.Ceiling, func(a *playbook.Action) { a.To, a.From, a.Who = 0.5, 0, playbook.Background }), "a ceiling is for the whole lane"},
		"ceiling of streams":    {of(playbook.Ceiling, func(a *playbook.Action) { a.To, a.From, a.Lane = 0.5, 0, "events" }), "a lane of streams takes no share of the limit"},
		"defer":                 {of(playbook.Defer, func(a *playbook.Action) { a.Lane = "message"; a.To, a.From = 0.5, 0 }), ""},
		"defer without a place": {of(playbook.Defer, func(*playbook.Action) {}), "Caddyfile:7: defer login: nothing says how requests of lane login are kept: give the lane a defer block"},
		"defer of streams":      {of(playbook.Defer, func(a *playbook.Action) { a.Lane = "events" }), "defer events: connections that last cannot wait to be delivered: use shed"},
		"drain":                 {of(playbook.Drain, func(a *playbook.Action) { a.Lane, a.Rate = "message", 20 }), ""},
		"drain of a topic":      {of(playbook.Drain, func(a *playbook.Action) { a.Lane, a.Target = "", "orders" }), ""},
		"drain without a place": {of(playbook.Drain, func(*playbook.Action) {}), "drain login: nothing says how requests of lane login are kept"},
		"drain of nothing":      {of(playbook.Drain, func(a *playbook.Action) { a.Lane = "" }), `drain: names no lane: say which, like "drain login"`},
		"drain of both":         {of(playbook.Drain, func(a *playbook.Action) { a.Target = "orders" }), "drain login: names a lane and the topic orders: write two drains"},
		"drain of an intent":    {of(playbook.Drain, func(a *playbook.Action) { a.Who = playbook.Background }), "a drain is for the whole lane"},
		"drain below nothing":   {of(playbook.Drain, func(a *playbook.Action) { a.Rate = -1 }), "drain login: -1/s: must be 0/s, which stops it, to 1000000/s"},
		"drain no number":       {of(playbook.Drain, func(a *playbook.Action) { a.Rate = nan }), "drain login: NaN/s: must be 0/s"},
		"drain of no topic":     {topics(of(playbook.Drain, func(a *playbook.Action) { a.Lane, a.Target = "", "order" })), `Caddyfile:7: drain: no topic "order" (known: [orders])`},
		"no relay to drain":     {able(of(playbook.Drain, func(*playbook.Action) {})), "there is no relay that delivers"},
		"flag without value":    {of(playbook.Flag, func(*playbook.Action) {}), `flag ops: has no value: write it like "flag comments off"`},
		"critical":              {with(message(playbook.Everyone, 1)), "Caddyfile:9: shed message: would refuse the critical lane message entirely"},
		"critical by halves":    {with(message(playbook.Foreground, 1), message(playbook.Background, 1)), "would refuse the critical lane message entirely"},
		"critical, one intent":  {with(message(playbook.Background, 1)), ""},
		"critical, not all":     {with(message(playbook.Everyone, 0.99)), ""},
		"critical, meant":       {with(meant), ""},
		"critical, in shadow":   {with(shadowed), ""},
		"flag, webhook, notify": {with(tells(level.Alert, "ops"), tells(level.Serious, "ops")), ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := tt.cfg.Validate()
			if _, e := playbook.New(tt.cfg); (e == nil) != (err == nil) {
				t.Errorf("New says %v, Validate %v", e, err)
			}
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestMistakesAreTyped(t *testing.T) {
	a := shed(level.Alert, 0.5, 0.2)
	a.Lane, a.Where = "logn", "Caddyfile:7"
	err := playbook.Config{Actions: []playbook.Action{a}, Lanes: []playbook.Lane{{Name: "login"}}}.Validate()
	if u, ok := errors.AsType[playbook.UnknownLane](err); !ok || u.Lane != "logn" || u.Where != "Caddyfile:7" || u.Known[0] != "login" {
		t.Errorf("%v", err)
	}
	if m, ok := errors.AsType[playbook.Mistake](err); !ok || m.Where != "Caddyfile:7" {
		t.Errorf("%v", err)
	}
	if n := strings.Count(err.Error(), "\n"); n != 1 {
		t.Errorf("want both mistakes at once: %v", err)
	}
}

func TestKinds(t *testing.T) {
	for _, name := range playbook.Kinds() {
		k, err := playbook.ParseKind(name)
		if err != nil || k.String() != name {
			t.Errorf("%s is %v, %v", name, k, err)
		}
		if k.Refuses() && k.Tells() || k.OfLane() && k.Tells() {
			t.Errorf("%s contradicts itself", name)
		}
	}
	for _, bad := range []string{"", "Shed", "kind(1)"} {
		if _, err := playbook.ParseKind(bad); err == nil {
			t.Errorf("%q accepted", bad)
		}
	}
}
