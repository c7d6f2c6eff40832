// Package daerogrpc puts lanes in front of the methods of a gRPC server, as
// interceptors.
//
//	grpc.NewServer(
//		grpc.UnaryInterceptor(daerogrpc.Unary(d, cfg)),
//		grpc.StreamInterceptor(daerogrpc.Stream(d, cfg)),
//	)
//
// A refusal is the status UNAVAILABLE, or RESOURCE_EXHAUSTED if the caller came
// before its time, with google.rpc.RetryInfo as a detail. The appointment
// travels in the metadata "daero-appointment", both ways, and
// "grpc-retry-pushback-ms" makes gRPC's own retry policy wait as long.
//
// The package knows gRPC and package daero, and nothing of Caddy.
package daerogrpc
