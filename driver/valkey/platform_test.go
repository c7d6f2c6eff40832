package valkey_test

import (
	"bytes"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/pow"
	"github.com/daero/daero/captcha/storetest"
	"github.com/daero/daero/driver/valkey"
	"github.com/daero/daero/driver/valkey/valkeytest"
)

// TestTwoPlatforms: a challenge that is opened at one gateway is worked on at
// the other, and the token is redeemed once by both together, also by those who
// ask both at the same time.
func TestTwoPlatforms(t *testing.T) {
	server := valkeytest.Start(t)
	sites := storetest.NewSites()
	now := time.Now()
	site, secret := captcha.NewSite("shop", []string{"shop.example.com"}, now)
	site.Policy.Ask = captcha.AskNever
	if err := sites.AddSite(t.Context(), site); err != nil {
		t.Fatal(err)
	}
	var gateways []*captcha.Platform
	for range 2 {
		p, err := captcha.New(captcha.Config{
			Secrets: [][]byte{bytes.Repeat([]byte("k"), 32)}, Sites: sites,
			Ledger:    open(t, valkey.Config{URL: server.URL(""), Timeout: 10 * time.Second}),
			Squarings: func(int) int { return 100 },
		})
		if err != nil {
			t.Fatal(err)
		}
		gateways = append(gateways, p)
	}
	for round := range 3 {
		const address = "203.0.113.7"
		session := fmt.Sprintf("session-%d-of-the-widget", round)
		reply, err := gateways[0].Open(t.Context(), captcha.Opening{SiteKey: site.Key, Host: "shop.example.com", Session: session, Address: address}, now)
		if err != nil || reply.Work == nil {
			t.Fatalf("%+v %v", reply, err)
		}
		y, err := pow.Solve(reply.Work.N, reply.Work.X, reply.Work.T)
		if err != nil {
			t.Fatal(err)
		}
		done, err := gateways[1].Work(t.Context(), reply.ID, session, y, address, now)
		if err != nil || done.Token == "" {
			t.Fatalf("%+v %v", done, err)
		}
		if _, err := gateways[0].Work(t.Context(), reply.ID, session, y, address, now); err == nil {
			t.Error("the same work is taken twice")
		}
		var valid, spent atomic.Int64
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				switch c := gateways[i%2].Check(t.Context(), captcha.Check{Secret: secret, Token: done.Token}, now); c.Failure {
				case captcha.OK:
					valid.Add(1)
				case captcha.SpentToken:
					spent.Add(1)
				default:
					t.Errorf("%+v", c)
				}
			})
		}
		wg.Wait()
		if valid.Load() != 1 || spent.Load() != 49 {
			t.Errorf("%d of 50 redeemed it, %d were told that it is spent", valid.Load(), spent.Load())
		}
	}
}
