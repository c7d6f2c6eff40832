// Package store has the shapes of what the API keeps: the audit record,
// operators and one-time login links. Drivers keep them; storetest is what all
// of them must pass.
package store
