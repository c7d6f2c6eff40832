package daerogrpc

import (
	"fmt"
	"strconv"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/daero/daero"
	"github.com/daero/daero/lane"
)

// Metadata keys.
const (
	AppointmentKey = "daero-appointment"
	pushbackKey    = "grpc-retry-pushback-ms"
)

// refusal returns the trailer and the status of a call that was not let in.
func refusal(r *daero.Refused) (metadata.MD, error) {
	code, message := codes.Unavailable, fmt.Sprintf("lane %s is full: come back in %s", r.Lane, r.After)
	switch r.Reason {
	case lane.ReasonEarly:
		code, message = codes.ResourceExhausted, fmt.Sprintf("lane %s: the appointment is in %s", r.Lane, r.After)
	case lane.ReasonPlaybook:
		code, message = codes.ResourceExhausted, fmt.Sprintf("lane %s is kept short: come back in %s", r.Lane, r.After)
	}
	trailer := metadata.Pairs(
		AppointmentKey, r.Appointment,
		pushbackKey, strconv.FormatInt(max(1, r.After.Milliseconds()), 10),
	)
	st := status.New(code, message)
	if detailed, err := st.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(r.After)}); err == nil {
		st = detailed
	}
	return trailer, st.Err()
}
