package netns_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/internal/faultproxy/netns"
)

// TestMain makes this binary the server that the test starts on a host.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "echo" {
		l, err := net.Listen("tcp", os.Args[2])
		if err != nil {
			os.Exit(1)
		}
		os.Stdout.WriteString("ready\n")
		c, err := l.Accept()
		if err != nil {
			os.Exit(1)
		}
		io.Copy(c, c)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestALinkThatIsDownTellsNobody(t *testing.T) {
	w, err := netns.New(2)
	if err != nil {
		t.Skip(err)
	}
	defer func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if out, _ := exec.Command("ip", "netns").Output(); strings.Contains(string(out), "daero-") {
			t.Errorf("namespaces outlive the test: %s", out)
		}
	}()
	h := w.Hosts()[1]
	address := net.JoinHostPort(h.Address, "7000")
	name, args := h.Wrap(os.Args[0], "echo", address)
	cmd := exec.Command(name, args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cmd.Process.Kill()
		cmd.Wait()
	}()
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("%q, %v", line, err)
	}
	c, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	echo := func(within time.Duration) error {
		if _, err := c.Write([]byte("x")); err != nil {
			return err
		}
		c.SetReadDeadline(time.Now().Add(within))
		_, err := c.Read(make([]byte, 1))
		return err
	}
	if err := echo(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	if err := h.Down(); err != nil {
		t.Fatal(err)
	}
	if err := echo(200 * time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%v: want silence: neither an answer nor an end", err)
	}
	if err := h.Up(); err != nil {
		t.Fatal(err)
	}
	c.SetReadDeadline(time.Now().Add(30 * time.Second))
	if _, err := c.Read(make([]byte, 1)); err != nil {
		t.Errorf("%v: want what was sent meanwhile", err)
	}
}
