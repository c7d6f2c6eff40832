package gateway

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/daero/daero/lane"
	"github.com/daero/daero/level/baseline"
)

// What daero keeps in Caddy's storage. Gateways that share a storage share
// these.
const (
	secretKey  = "daero/appointment.key"
	webhookKey = "daero/webhook.key"
	learnedKey = "daero/learned.json"
	habitsKey  = "daero/habits.json"

	secretLen      = 32
	storageTimeout = 5 * time.Second
	keepEvery      = 10 * time.Minute // how much a crash may forget
)

// keptSecret returns the secret that signs appointments. Without storage it
// lives as long as the process: appointments are then lost in a restart, which
// costs their holders a place, not the service.
func (a *App) keptSecret() []byte {
	valid := func(kept []byte) bool { return len(kept) == secretLen }
	return a.kept(secretKey, valid, a.rt.secret, "appointments will not survive a restart: their secret cannot be kept")
}

// webhookSecret returns the secret that signs what webhooks are told, for those
// without one of their own. It is kept as text: receivers have to be given it.
func (a *App) webhookSecret() string {
	if !slices.ContainsFunc(slices.Collect(maps.Values(a.Webhooks)), func(w WebhookConfig) bool { return w.Secret == "" }) {
		return ""
	}
	valid := func(kept []byte) bool {
		secret, ok := strings.CutPrefix(strings.TrimSpace(string(kept)), webhookPrefix)
		raw, err := base64.StdEncoding.DecodeString(secret)
		return ok && err == nil && len(raw) == secretLen
	}
	fresh := func(random []byte) []byte { return []byte(webhookText(derived(a.rt.secret(random), webhookKey))) }
	return strings.TrimSpace(string(a.kept(webhookKey, valid, fresh, "webhooks will be signed with another secret after a restart: it cannot be kept")))
}

const webhookPrefix = "whsec_"

// webhookText writes a secret as Standard Webhooks do.
func webhookText(secret []byte) string {
	return webhookPrefix + base64.StdEncoding.EncodeToString(secret)
}

// kept returns what is in storage, and makes it the first time.
func (a *App) kept(key string, valid func([]byte) bool, fresh func(random []byte) []byte, otherwise string) []byte {
	ctx, cancel := context.WithTimeout(a.ctx, storageTimeout)
	defer cancel()
	storage := a.ctx.Storage()
	kept, err := storage.Load(ctx, key)
	if err == nil && valid(kept) {
		return kept
	}
	random := make([]byte, secretLen)
	rand.Read(random) // never fails, see crypto/rand
	kept = fresh(random)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		err = storage.Store(ctx, key, kept)
	}
	if err != nil {
		a.log.Warn(otherwise, zap.Error(err))
	}
	return kept
}

// derived returns a secret for one purpose from the one that the process made.
func derived(made []byte, purpose string) []byte {
	mac := hmac.New(sha256.New, made)
	mac.Write([]byte(purpose)) // a hash never fails
	return mac.Sum(nil)
}

func (a *App) loadLearned() map[string]lane.State {
	return load[map[string]lane.State](a, learnedKey, "limits are searched for anew: what was learned before cannot be read")
}

func (a *App) loadHabits() map[string]baseline.State {
	return load[map[string]baseline.State](a, habitsKey, "what is usual is learned anew: what was learned before cannot be read")
}

// load reads what was kept, the zero T if nothing was or it cannot be used.
func load[T any](a *App, key, otherwise string) (kept T) {
	ctx, cancel := context.WithTimeout(a.ctx, storageTimeout)
	defer cancel()
	data, err := a.ctx.Storage().Load(ctx, key)
	if errors.Is(err, fs.ErrNotExist) {
		return kept
	}
	if err == nil {
		err = json.Unmarshal(data, &kept)
	}
	if err != nil {
		a.log.Warn(otherwise, zap.Error(err))
		var none T
		return none
	}
	return kept
}

// save keeps what was learned.
func (a *App) save() {
	a.store(learnedKey, a.rt.d.Learned(), "what the lanes learned is not kept: after a restart limits are searched for anew")
	if a.response == nil {
		return // nothing looks at habits
	}
	a.store(habitsKey, a.rt.d.Control().Habits(), "what is usual is not kept: after a restart it is learned anew")
}

func (a *App) store(key string, what any, otherwise string) {
	data, err := json.Marshal(what)
	if err == nil {
		// The configuration's own context may be ending, which is why we are here.
		ctx, cancel := context.WithTimeout(context.Background(), storageTimeout)
		defer cancel()
		err = a.ctx.Storage().Store(ctx, key, data)
	}
	if err != nil {
		a.log.Warn(otherwise, zap.Error(err))
	}
}

// keeping saves what was learned now and then.
type keeping struct {
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

func (k *keeping) start(a *App) {
	ctx, cancel := context.WithCancel(context.Background())
	k.cancel = cancel
	k.wg.Go(func() {
		tick := time.NewTicker(keepEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				a.save()
			}
		}
	})
}

func (k *keeping) end() {
	k.cancel()
	k.wg.Wait()
}
