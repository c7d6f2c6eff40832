package gateway

import (
	"context"
	"time"

	"github.com/daero/daero/api"
	"github.com/daero/daero/api/store"
	"github.com/daero/daero/api/token"
	"github.com/daero/daero/audit"
	"github.com/daero/daero/driver/sqlite"
)

// What follows asks the file, or says that there is none: the API is there
// before the file is, and also when there is no file.

// get returns the file.
func (r *records) get() (*sqlite.Store, error) {
	r.mu.Lock()
	file := r.file
	r.mu.Unlock()
	if file == nil {
		return nil, r.unavailable()
	}
	return file, nil
}

// Entries implements api.Record.
func (r *records) Entries(ctx context.Context, f store.Filter) ([]audit.Entry, error) {
	file, err := r.get()
	if err != nil {
		return nil, err
	}
	return file.Entries(ctx, f)
}

// AddOperator implements api.Operators.
func (r *records) AddOperator(ctx context.Context, c store.Credential) error {
	file, err := r.get()
	if err != nil {
		return err
	}
	return file.AddOperator(ctx, c)
}

// RemoveOperator implements api.Operators.
func (r *records) RemoveOperator(ctx context.Context, name string, at time.Time) error {
	file, err := r.get()
	if err != nil {
		return err
	}
	return file.RemoveOperator(ctx, name, at)
}

// Operators implements api.Operators.
func (r *records) Operators(ctx context.Context) ([]store.Operator, error) {
	file, err := r.get()
	if err != nil {
		return nil, err
	}
	return file.Operators(ctx)
}

// Redeem implements api.Logins.
func (r *records) Redeem(ctx context.Context, hash string, at time.Time, c store.Credential) error {
	file, err := r.get()
	if err != nil {
		return err
	}
	return file.Redeem(ctx, hash, at, c)
}

// Credential implements token.Credentials.
func (r *records) Credential(ctx context.Context, id string) (store.Credential, error) {
	file, err := r.get()
	if err != nil {
		return store.Credential{}, err
	}
	return file.Credential(ctx, id)
}

// Touch implements token.Credentials.
func (r *records) Touch(ctx context.Context, id string, at time.Time) error {
	file, err := r.get()
	if err != nil {
		return err
	}
	return file.Touch(ctx, id, at)
}

var (
	_ api.Record        = (*records)(nil)
	_ api.Operators     = (*records)(nil)
	_ api.Logins        = (*records)(nil)
	_ token.Credentials = (*records)(nil)
)
