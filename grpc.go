package daero

import (
	"net/http"
	"strconv"
	"time"

	"github.com/daero/daero/lane"
)

var grpcType = []string{"application/grpc"}

// gRPC status codes of refusals.
const (
	grpcResourceExhausted = "8"  // this caller is the cause
	grpcUnavailable       = "14" // the backend is
)

// writeGRPC refuses a gRPC call without a body: headers alone, in which the
// status stands ("Trailers-Only"). grpc-retry-pushback-ms is what gRPC's own
// retry policies obey.
func writeGRPC(w http.ResponseWriter, refused *lane.Refusal, after time.Duration) {
	status, message := grpcUnavailable, "lane "+refused.Lane+" is full: come back later"
	switch refused.Reason {
	case lane.ReasonEarly:
		status, message = grpcResourceExhausted, "lane "+refused.Lane+": the appointment is later"
	case lane.ReasonPlaybook:
		status, message = grpcResourceExhausted, "lane "+refused.Lane+" is kept short: come back later"
	}
	h := w.Header()
	delete(h, "Cache-Control")
	h["Content-Type"] = grpcType
	h["Grpc-Status"] = []string{status}
	h["Grpc-Message"] = []string{message}
	h["Grpc-Retry-Pushback-Ms"] = []string{strconv.FormatInt(max(1, after.Milliseconds()), 10)}
	w.WriteHeader(http.StatusOK)
}
