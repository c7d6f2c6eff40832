package protocol

import (
	"context"
	"fmt"
	"math/big"
	"math/rand/v2"

	"github.com/daero/daero/captcha"
)

// hosts are not the shop's, though they look like it.
var hosts = []string{
	"evil.test", "shop.example.com.evil.test", "evilshop.example.com", "shop.example.com@evil.test", "evil.test/shop.example.com",
	"evil.test#shop.example.com", "evil.test?shop.example.com", "evil.test:443:shop.example.com", "shop.example.com\x00.evil.test",
	"evil.test\x00shop.example.com", "shop-example.com", "shop.example.co", "example.com", "*.shop.example.com",
	"xn--shp-tna.example.com", "sh\u043ep.example.com", "free.example.com", "127.0.0.1", "[::1]", "localhost", "", "app:", "app:com.evil",
	"null", "about:blank", "data:", "file:///shop.example.com", "shop.example.com,evil.test", "shop.example.com evil.test", "evil.test\n.shop.example.com",
	"http://evil.test", "..shop.example.com", "/.shop.example.com", "%2e.shop.example.com", "evil.test:80#.shop.example.com",
}

func crossHost(ctx context.Context, a *arena, r *rand.Rand) (tries, won int, err error) {
	for _, host := range hosts {
		v := a.visitor(a.shop, contracts[r.IntN(len(contracts))])
		v.opening.Host = host
		n, w, err := a.steps(r, func(g *captcha.Platform) (captcha.Reply, error) { return g.Open(ctx, v.opening, a.now()) })
		tries, won = tries+n, won+w
		if err != nil {
			return tries, won, err
		}
	}
	return tries, won, nil
}

// skippedWork wins whatever comes after work without doing it.
func skippedWork(ctx context.Context, a *arena, r *rand.Rand) (tries, won int, err error) {
	for range 4 {
		v := a.visitor(a.shop, captcha.Native)
		other, err := a.open(ctx, v)
		if err != nil {
			return tries, won, err
		}
		mine, err := a.open(ctx, v)
		if err != nil {
			return tries, won, err
		}
		easier := *mine.Work
		easier.T = 1
		y := []string{"", "0", unknot(other.Work), unknot(&easier), unknot(mine.Work) + " ", unknot(mine.Work)[:8]}[r.IntN(6)]
		reply, failed := a.gates[r.IntN(2)].Work(ctx, mine.ID, v.session, y, v.address, a.now())
		if _, err := refused(failed); err != nil {
			return tries, won, err
		}
		n, w := count(func() bool {
			return failed == nil && (reply.Step == captcha.StepQuestion || reply.Step == captcha.StepDone)
		})
		tries, won = tries+n, won+w
		// What was wrong is over: the right result comes too late.
		m, x, err := a.steps(r, a.each(ctx, mine.ID, v.session, unknot(mine.Work), v.address, a.quiz.right())...)
		tries, won = tries+m, won+x
		if err != nil {
			return tries, won, err
		}
	}
	return tries, won, nil
}

// forgedWork makes up results of the real time-lock: a number, the base, its
// square, n − x, another way to write them.
func forgedWork(ctx context.Context, a *arena, r *rand.Rand) (tries, won int, err error) {
	v := a.visitor(a.free, captcha.Native)
	begun, err := a.open(ctx, v)
	if err != nil {
		return 0, 0, err
	}
	n, _ := new(big.Int).SetString(begun.Work.N, 16)
	x, _ := new(big.Int).SetString(begun.Work.X, 16)
	if n == nil || x == nil {
		return 0, 0, fmt.Errorf("%w: work that is no number", errArena)
	}
	square := new(big.Int).Mul(x, x)
	random := new(big.Int).SetBit(new(big.Int).SetUint64(r.Uint64()), 1000, 1)
	y := []string{
		"", "0", "1", begun.Work.X, begun.Work.N, new(big.Int).Sub(n, x).Text(16), square.Mod(square, n).Text(16), random.Text(16),
		"-1", "0x1", new(big.Int).Sub(n, big.NewInt(1)).Text(16),
	}[r.IntN(11)]
	reply, failed := a.gates[r.IntN(2)].Work(ctx, begun.ID, v.session, y, v.address, a.now())
	if _, err := refused(failed); err != nil {
		return 1, 0, err
	}
	tries, won = count(func() bool { return failed == nil && reply.Step == captcha.StepDone })
	return tries, won, nil
}

// published are keys, secrets and tokens that anybody can read up.
var published = struct{ keys, secrets, tokens []string }{
	keys: []string{
		captcha.TestKeyPasses, captcha.TestKeyAsks, "1x00000000000000000000AA", "3x00000000000000000000FF",
		"10000000-ffff-ffff-ffff-000000000001", "6LeIxAcTAAAAAJcZVRqyHh71UMIEGNQ_MXjiZKhI",
	},
	secrets: []string{
		captcha.TestSecretPasses, "1x0000000000000000000000000000000AA", "0x0000000000000000000000000000000000000000",
		"6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe",
	},
	tokens: []string{captcha.TestToken, "XXXX.DUMMY.TOKEN.XXXX", "10000000-aaaa-bbbb-cccc-000000000001", "recaptcha-test-token"},
}

func testKeys(ctx context.Context, a *arena, r *rand.Rand) (tries, won int, err error) {
	for _, key := range published.keys {
		o := a.visitor(a.shop, contracts[r.IntN(len(contracts))]).opening
		o.SiteKey = key
		n, w, err := a.steps(r, func(g *captcha.Platform) (captcha.Reply, error) { return g.Open(ctx, o, a.now()) })
		tries, won = tries+n, won+w
		if err != nil {
			return tries, won, err
		}
	}
	for _, secret := range append(published.secrets, a.shop.secret) {
		for _, token := range published.tokens {
			n, w := count(func() bool {
				return a.check(ctx, r.IntN(2), captcha.Check{Contract: contracts[r.IntN(len(contracts))], Secret: secret, Token: token})
			})
			tries, won = tries+n, won+w
		}
	}
	return tries, won, nil
}
