package gateway

import (
	"context"
	"time"

	"github.com/daero/daero/api"
	sessions "github.com/daero/daero/api/session"
	"github.com/daero/daero/api/store"
	"github.com/daero/daero/api/token"
)

// AddSession implements sessions.Store.
func (r *records) AddSession(ctx context.Context, s store.Session, b store.SessionBounds) error {
	file, err := r.get()
	if err != nil {
		return err
	}
	return file.AddSession(ctx, s, b)
}

// Session implements sessions.Store.
func (r *records) Session(ctx context.Context, hash string, at time.Time) (store.Session, error) {
	file, err := r.get()
	if err != nil {
		return store.Session{}, err
	}
	return file.Session(ctx, hash, at)
}

// TouchSession implements sessions.Store.
func (r *records) TouchSession(ctx context.Context, hash string, at time.Time) error {
	file, err := r.get()
	if err != nil {
		return err
	}
	return file.TouchSession(ctx, hash, at)
}

// Sessions implements api.Known.
func (r *records) Sessions(ctx context.Context, name string, at time.Time) ([]store.Session, error) {
	file, err := r.get()
	if err != nil {
		return nil, err
	}
	return file.Sessions(ctx, name, at)
}

// EndSession implements api.Known.
func (r *records) EndSession(ctx context.Context, id string) error {
	file, err := r.get()
	if err != nil {
		return err
	}
	return file.EndSession(ctx, id)
}

// Account implements api.Accounts.
func (r *records) Account(ctx context.Context, name string) (store.Account, error) {
	file, err := r.get()
	if err != nil {
		return store.Account{}, err
	}
	return file.Account(ctx, name)
}

// SetPassword implements api.Accounts.
func (r *records) SetPassword(ctx context.Context, name, hash, except string) error {
	file, err := r.get()
	if err != nil {
		return err
	}
	return file.SetPassword(ctx, name, hash, except)
}

// AddLogin implements api.Links.
func (r *records) AddLogin(ctx context.Context, hash, operator string, at, expires time.Time) error {
	file, err := r.get()
	if err != nil {
		return err
	}
	return file.AddLogin(ctx, hash, operator, at, expires)
}

// Login implements api.Links.
func (r *records) Login(ctx context.Context, hash string, at time.Time) (operator string, err error) {
	file, err := r.get()
	if err != nil {
		return "", err
	}
	return file.Login(ctx, hash, at)
}

// Follow implements api.Links.
func (r *records) Follow(ctx context.Context, hash string, at time.Time) (store.Account, error) {
	file, err := r.get()
	if err != nil {
		return store.Account{}, err
	}
	return file.Follow(ctx, hash, at)
}

var (
	_ sessions.Store = (*records)(nil)
	_ api.Known      = (*records)(nil)
	_ api.Accounts   = (*records)(nil)
	_ api.Links      = (*records)(nil)
	_ token.Accounts = (*records)(nil)
)
