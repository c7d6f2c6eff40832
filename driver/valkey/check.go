package valkey

import (
	"context"
	"strings"

	"github.com/redis/rueidis"
)

// Check asks the server whether it can keep a ledger. The error says why it
// cannot; warnings are of what it should not do, and of what cannot be known.
func (l *Ledger) Check(ctx context.Context) (warnings []string, err error) {
	// What it has to do: a script, and the newest of the commands.
	if _, _, _, err := l.Spend(ctx, "check", 0, 1, defaultTimeout); err != nil {
		return nil, err
	}
	if _, err := l.Claim(ctx, "check", "check", defaultTimeout); err != nil {
		return nil, err
	}
	m, err := l.do(ctx, true, func(ctx context.Context, c rueidis.Client) rueidis.RedisResult {
		return c.Do(ctx, c.B().ConfigGet().Parameter("maxmemory-policy").Build())
	})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var policy string
	if err == nil {
		found, _ := m.AsStrMap() // of something else nothing is known
		policy = found["maxmemory-policy"]
	}
	switch {
	case policy == "":
		warnings = append(warnings, l.server+" does not say what it does when it is full: see that its maxmemory-policy is noeviction, "+
			"or a token may be redeemed twice")
	case !strings.EqualFold(policy, "noeviction"):
		warnings = append(warnings, l.server+" forgets keys when it is full (maxmemory-policy "+policy+"), and a token may then be redeemed twice: "+
			"set it to noeviction")
	}
	return warnings, nil
}
