package oidc

import (
	"encoding/json"

	"github.com/daero/daero/api/store"
)

// Decide is what a provider's claims make of a person.
func Decide(c Config, data []byte) (string, store.Role, error) {
	said := claims{}
	if err := json.Unmarshal(data, &said); err != nil {
		return "", "", err
	}
	return c.decide(said)
}
