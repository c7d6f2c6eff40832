package gateway

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io/fs"
	"time"

	"go.uber.org/zap"

	"github.com/daero/daero/lane"
)

// What daero keeps in Caddy's storage. Gateways that share a storage share
// these.
const (
	secretKey  = "daero/appointment.key"
	learnedKey = "daero/learned.json"

	secretLen      = 32
	storageTimeout = 5 * time.Second
)

// keptSecret returns the secret from storage, and makes it the first time.
// Without storage the secret lives as long as the process: appointments are
// then lost in a restart, which costs their holders a place, not the service.
func (a *App) keptSecret() []byte {
	ctx, cancel := context.WithTimeout(a.ctx, storageTimeout)
	defer cancel()
	storage := a.ctx.Storage()
	secret, err := storage.Load(ctx, secretKey)
	if err == nil && len(secret) == secretLen {
		return secret
	}
	fresh := make([]byte, secretLen)
	rand.Read(fresh) // never fails, see crypto/rand
	secret = a.rt.secret(fresh)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		err = storage.Store(ctx, secretKey, secret)
	}
	if err != nil {
		a.log.Warn("appointments will not survive a restart: their secret cannot be kept", zap.Error(err))
	}
	return secret
}

func (a *App) loadLearned() map[string]lane.State {
	ctx, cancel := context.WithTimeout(a.ctx, storageTimeout)
	defer cancel()
	data, err := a.ctx.Storage().Load(ctx, learnedKey)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var kept map[string]lane.State
	if err == nil {
		err = json.Unmarshal(data, &kept)
	}
	if err != nil {
		a.log.Warn("limits are searched for anew: what was learned before cannot be read", zap.Error(err))
		return nil
	}
	return kept
}

func (a *App) saveLearned() {
	data, err := json.Marshal(a.rt.d.Learned())
	if err == nil {
		// The configuration's own context is ending, which is why we are here.
		ctx, cancel := context.WithTimeout(context.Background(), storageTimeout)
		defer cancel()
		err = a.ctx.Storage().Store(ctx, learnedKey, data)
	}
	if err != nil {
		a.log.Warn("what the lanes learned is not kept: after a restart limits are searched for anew", zap.Error(err))
	}
}
