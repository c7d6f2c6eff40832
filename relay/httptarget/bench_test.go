//go:build unix

package httptarget_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/httptarget"
)

// asServer makes this test binary the service of [BenchmarkClient], so that the
// processor time of the two sides can be told apart.
const asServer = "HTTPTARGET_TEST_SERVER"

func TestMain(m *testing.M) {
	if os.Getenv(asServer) != "" {
		serve()
		return
	}
	os.Exit(m.Run())
}

func serve() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Fprintln(os.Stdout, l.Addr())
	go func() { // ends with the test that started it
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	_ = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusNoContent)
	}))
}

// service starts a service in a process of its own, and returns its address.
func service(b *testing.B) string {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asServer+"=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { in.Close(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return line[:len(line)-1]
}

func processor() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkClient shows the processor time of our side alone, for one message
// with 200 bytes and the headers of an event, 512 in flight.
func BenchmarkClient(b *testing.B) {
	addr := service(b)
	for _, way := range []string{"own", "net/http"} {
		b.Run(way, func(b *testing.B) {
			cfg := httptarget.Config{URL: "http://" + addr + "/take"}
			if way == "net/http" {
				cfg = httptarget.Standard(cfg)
			}
			target := newTarget(b, cfg)
			run(b, target, b.N/10+512) // connections are open
			before := processor()
			b.ReportAllocs()
			b.ResetTimer()
			run(b, target, b.N)
			b.StopTimer()
			b.ReportMetric(float64((processor()-before).Microseconds())/float64(b.N), "µs-cpu/op")
		})
	}
}

func run(b *testing.B, target *httptarget.Target, n int) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	todo := make(chan int)
	var wg sync.WaitGroup
	for range 512 {
		wg.Go(func() {
			m := message()
			m.Value = make([]byte, 200)
			for range todo {
				if res := target.Handle(ctx, m); res.Verb != relay.Acked {
					b.Errorf("%+v", res)
				}
			}
		})
	}
	for i := range n {
		todo <- i
	}
	close(todo)
	wg.Wait()
}
