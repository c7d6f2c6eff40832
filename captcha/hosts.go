package captcha

import (
	"context"
	"slices"
	"time"
)

// Hosts returns where a site may be shown, as [Site].Hosts has it: for the policy
// of a frame. A test key may be shown anywhere: "*". The error is that of Open.
func (p *Platform) Hosts(ctx context.Context, key string, now time.Time) ([]string, error) {
	if _, ok := p.testKey(key); ok {
		return []string{"*"}, nil
	}
	site, err := p.site(ctx, key, now)
	if err != nil {
		return nil, err
	}
	return slices.Clone(site.Hosts), nil
}
