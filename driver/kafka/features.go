package kafka

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/daero/daero/relay"
)

// features are what all brokers of a cluster can do.
type features struct {
	levels  map[string]int16
	answers []kadm.BrokerApiVersions

	version      string // of the oldest broker that answered
	major, minor int
}

// assignedByBrokers reports whether groups are to be assigned by the brokers: it
// was asked for, and all of them can.
func (l *Log) assignedByBrokers(ctx context.Context) (bool, error) {
	if !l.cfg.NewProtocol {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	f, err := askFeatures(ctx, l.admin())
	if err != nil {
		return false, err
	}
	return f.guess().newGroups(), nil
}

// askFeatures asks every broker; those that are away count as like the others.
func askFeatures(ctx context.Context, admin *kadm.Client) (f features, err error) {
	answers, err := admin.ApiVersions(ctx)
	if err != nil {
		return f, askError(err)
	}
	var away error
	for _, a := range answers.Sorted() {
		if a.Err != nil {
			away = a.Err
			continue
		}
		f.answers = append(f.answers, a)
		if f.levels == nil {
			f.levels = map[string]int16{}
			for _, n := range a.Raw().FinalizedFeatures {
				f.levels[n.Name] = n.MaxVersionLevel
			}
		}
	}
	if len(f.answers) == 0 {
		return f, fmt.Errorf("no broker answers: %w", told(relay.ErrAway, away))
	}
	return f, nil
}

// guess adds the version, which brokers do not tell: it is what fits to their
// answers, and takes a while to find.
func (f features) guess() features {
	for _, a := range f.answers {
		guess := a.VersionGuess()
		major, minor := parseVersion(guess)
		if f.version == "" || major < f.major || major == f.major && minor < f.minor {
			f.version, f.major, f.minor = guess, major, minor
		}
	}
	return f
}

// parseVersion reads what the client guesses: "v4.1", or with words before or
// after. 0, 0 is not known.
func parseVersion(guess string) (major, minor int) {
	for i := range guess {
		if guess[i] == 'v' {
			if n, _ := fmt.Sscanf(guess[i:], "v%d.%d", &major, &minor); n == 2 {
				return major, minor
			}
		}
	}
	return 0, 0
}

// newGroups reports whether the brokers can assign partitions (KIP-848) without
// the faults that it had before 4.3.
func (f features) newGroups() bool {
	return f.levels["group.version"] >= 1 && (f.major > 4 || f.major == 4 && f.minor >= 3)
}

// transactions reports whether a transaction of a process that died cannot
// leak into that of its successor (TV2, KIP-890): none before 4.0 says so.
func (f features) transactions() bool { return f.levels["transaction.version"] >= 2 }
