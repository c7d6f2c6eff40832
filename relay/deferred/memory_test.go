package deferred_test

import (
	"testing"

	"github.com/daero/daero/relay/deferred"
	"github.com/daero/daero/relay/deferred/storetest"
)

func TestMemory(t *testing.T) {
	storetest.Run(t, func(_ *testing.T, maxBytes int64) deferred.Store { return deferred.NewMemory(maxBytes) })
}
