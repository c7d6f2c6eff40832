package valkey

import (
	"cmp"
	"context"
	"crypto/x509"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/redis/rueidis"

	"github.com/daero/daero/captcha"
)

// Config describes a Ledger.
type Config struct {
	// URL says where the server is: valkey://[user:password@]host:port[/db], with
	// valkeys:// for TLS. redis:// and rediss:// are the same.
	URL string
	// RootCAs are who vouches for the server. Default: those of the system.
	RootCAs *x509.CertPool
	// Prefix begins every key: services that share a server have different ones.
	// Default "daero:captcha:".
	Prefix string
	// Timeout bounds each call, connecting included. Default 1 s.
	Timeout time.Duration
}

// Ledger is a captcha.Ledger that gateways share. It is safe for concurrent use.
type Ledger struct {
	opt     rueidis.ClientOption
	server  string // host and port
	prefix  string
	timeout time.Duration

	mu     sync.Mutex
	client rueidis.Client // nil until the first call
	closed bool
}

var _ captcha.Ledger = (*Ledger)(nil)

// Bounds of a connection.
const (
	defaultTimeout = time.Second
	bufferBytes    = 64 << 10 // each way
)

// Open returns a Ledger. It connects with the first call; the error does not
// repeat the URL, which may hold a password.
func Open(cfg Config) (*Ledger, error) {
	opt, err := parse(cfg.URL)
	if err != nil {
		return nil, err
	}
	if cfg.Timeout < 0 {
		return nil, fmt.Errorf("timeout %s: must be above 0: 1s is what a network at its worst needs", cfg.Timeout)
	}
	if opt.TLSConfig != nil {
		opt.TLSConfig.RootCAs = cfg.RootCAs
	}
	l := &Ledger{
		opt: opt, server: opt.InitAddress[0], prefix: cmp.Or(cfg.Prefix, "daero:captcha:"), timeout: cmp.Or(cfg.Timeout, defaultTimeout),
	}
	l.opt.ForceSingleClient = true
	l.opt.ClientName = "daero"
	l.opt.Dialer.Timeout = l.timeout
	l.opt.ConnWriteTimeout = l.timeout // a server that is silent for longer is left
	l.opt.ReadBufferEachConn, l.opt.WriteBufferEachConn = bufferBytes, bufferBytes
	l.opt.DisableCache = true // each value is read once
	l.opt.DisableRetry = true // see [Ledger.do]
	// Callers share connections, and one that goes away must not close it on the
	// others, as it would without.
	l.opt.AlwaysPipelining = true
	return l, nil
}

// Close closes the connections. Calls that are under way fail.
func (l *Ledger) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.client != nil {
		l.client.Close()
	}
	return nil
}

// connected returns the client, which connects again by itself.
func (l *Ledger) connected() (rueidis.Client, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, rueidis.ErrClosing
	}
	if l.client == nil {
		c, err := rueidis.NewClient(l.opt)
		if c == nil {
			return nil, err
		}
		l.client = c // also where err says that it could not connect yet
	}
	return l.client, nil
}

// again says whether a call may be made twice.
type again bool

// do asks the server, within the timeout. A call that went wrong on the way is
// made once more if asking twice is as good as asking once: the connection may
// have been one to a server that has been restarted since.
func (l *Ledger) do(ctx context.Context, a again, ask func(context.Context, rueidis.Client) rueidis.RedisResult) (rueidis.RedisMessage, error) {
	if err := ctx.Err(); err != nil {
		return rueidis.RedisMessage{}, err
	}
	within, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	var err error
	for range 2 {
		var c rueidis.Client
		if c, err = l.connected(); err != nil {
			break
		}
		var m rueidis.RedisMessage
		if m, err = ask(within, c).ToMessage(); err == nil || rueidis.IsRedisNil(err) {
			return m, err
		}
		if !mayRepeat(within, err, a) {
			break
		}
	}
	if e := ctx.Err(); e != nil {
		return rueidis.RedisMessage{}, e
	}
	return rueidis.RedisMessage{}, l.failed(err)
}

// millis is a time as the server takes it: whole milliseconds, at least one.
func millis(d time.Duration) string { return strconv.FormatInt(max(d.Milliseconds(), 1), 10) }

// What stands before a key: what is open, what is claimed, what is spent.
const (
	opens  = "o:"
	claims = "c:"
	spends = "b:"
)

// Put implements captcha.Opens.
func (l *Ledger) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	text := string(value) // the caller's, who may write over it while it is sent
	_, err := l.do(ctx, true, func(ctx context.Context, c rueidis.Client) rueidis.RedisResult {
		return c.Do(ctx, c.B().Arbitrary("SET").Keys(l.prefix+opens+key).Args(text, "PX", millis(ttl)).Build())
	})
	return err
}

// Get implements captcha.Opens.
func (l *Ledger) Get(ctx context.Context, key string) ([]byte, error) {
	return value(l.do(ctx, true, func(ctx context.Context, c rueidis.Client) rueidis.RedisResult {
		return c.Do(ctx, c.B().Get().Key(l.prefix+opens+key).Build())
	}))
}

// Take implements captcha.Opens. Where the answer is lost on the way the value
// is gone, and nobody has got it.
func (l *Ledger) Take(ctx context.Context, key string) ([]byte, error) {
	return value(l.do(ctx, false, func(ctx context.Context, c rueidis.Client) rueidis.RedisResult {
		return c.Do(ctx, c.B().Getdel().Key(l.prefix+opens+key).Build())
	}))
}

// value is what an answer holds, nil for nothing.
func value(m rueidis.RedisMessage, err error) ([]byte, error) {
	if rueidis.IsRedisNil(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	text, err := m.ToString()
	return []byte(text), err
}

// Touch implements captcha.Opens.
func (l *Ledger) Touch(ctx context.Context, key string, ttl time.Duration) (there bool, err error) {
	m, err := l.do(ctx, true, func(ctx context.Context, c rueidis.Client) rueidis.RedisResult {
		return c.Do(ctx, c.B().Arbitrary("PEXPIRE").Keys(l.prefix+opens+key).Args(millis(ttl)).Build())
	})
	if err != nil {
		return false, err
	}
	n, err := m.ToInt64()
	return n == 1, err
}

// Claim implements captcha.Claims. It may be made twice: the second time it
// finds itself.
func (l *Ledger) Claim(ctx context.Context, key, by string, ttl time.Duration) (first string, err error) {
	m, err := l.do(ctx, true, func(ctx context.Context, c rueidis.Client) rueidis.RedisResult {
		return c.Do(ctx, c.B().Arbitrary("SET").Keys(l.prefix+claims+key).Args(by, "NX", "GET", "PX", millis(ttl)).Build())
	})
	if rueidis.IsRedisNil(err) {
		return by, nil // nobody was there
	}
	if err != nil {
		return "", err
	}
	return m.ToString()
}

// spend takes ARGV[1] of at most ARGV[2] in a window of ARGV[3] milliseconds.
var spend = rueidis.NewLuaScript(`
local held = redis.call('GET', KEYS[1])
local spent, n, per = tonumber(held or 0), tonumber(ARGV[1]), tonumber(ARGV[3])
local left = per
if held then left = redis.call('PTTL', KEYS[1]) end
if left < 1 then left = 1 end
if n > tonumber(ARGV[2]) - spent then return {0, spent, left} end
if n <= 0 then return {1, spent, left} end
if held then
	redis.call('INCRBY', KEYS[1], n)
else
	redis.call('SET', KEYS[1], n, 'PX', per)
end
return {1, spent + n, left}`)

// Spend implements captcha.Budgets.
func (l *Ledger) Spend(ctx context.Context, key string, n, limit int, per time.Duration) (ok bool, spent int, after time.Duration, err error) {
	m, err := l.do(ctx, n <= 0, func(ctx context.Context, c rueidis.Client) rueidis.RedisResult {
		return spend.Exec(ctx, c, []string{l.prefix + spends + key}, []string{strconv.Itoa(n), strconv.Itoa(limit), millis(per)})
	})
	if err != nil {
		return false, 0, 0, err
	}
	v, err := m.AsIntSlice()
	if err != nil || len(v) != 3 {
		return false, 0, 0, fmt.Errorf("%s does not answer as Valkey does: is it another program's address?", l.server)
	}
	return v[0] == 1, int(v[1]), time.Duration(v[2]) * time.Millisecond, nil
}
