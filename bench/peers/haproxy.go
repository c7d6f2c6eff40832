package peers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"regexp"
	"time"
)

// findHAProxy returns HAProxy's program; Debian keeps it where only root looks.
func findHAProxy() (string, error) {
	for _, name := range []string{"haproxy", "/usr/sbin/haproxy"} {
		if p, err := exec.LookPath(name); err == nil {
			return p, nil
		}
	}
	return "", errors.New("haproxy: is not installed: apt-get install haproxy (or make deps)")
}

var versionPattern = regexp.MustCompile(`version (\S+)`)

func haproxyVersion(exe string) string {
	out, _ := exec.Command(exe, "-v").Output()
	if m := versionPattern.FindSubmatch(out); m != nil {
		return string(m[1])
	}
	return "unknown"
}

// haproxyConfig puts HAProxy in front of one server that takes maxconn requests
// at once. The others wait in a queue ordered by class: messages before syncs
// before logins, and within a class first come, first served; who waited half a
// second is refused. Split, only logins are bounded and wait; the others go
// straight on.
func haproxyConfig(port int, backend, socket string, maxconn int, split bool) string {
	rest := fmt.Sprintf("maxconn %d", maxconn)
	if split {
		rest = ""
	}
	bounded := "service"
	if split {
		bounded = "login"
	}
	return fmt.Sprintf(`global
	maxconn 8000
	stats socket %s level admin
defaults
	mode http
	timeout connect 5s
	timeout client 60s
	timeout server 60s
	timeout queue 500ms
	option http-keep-alive
	http-reuse always
frontend in
	bind 127.0.0.1:%d
	http-request set-priority-class int(-10) if { path_beg /v1/messages }
	http-request set-priority-class int(0) if { path_beg /v1/sync }
	http-request set-priority-class int(10) if { path_beg /v1/login }
	http-request deny deny_status 503 if { path_beg /v1/login } { queue(%s) gt 500 }
	use_backend %s if { path_beg /v1/login }
	default_backend service
backend service
	server one %s %s
backend login
	server one %s maxconn %d
`, socket, port, bounded, bounded, backend, rest, backend, maxconn)
}

// setMaxconn tells a running HAProxy, over its socket, how much its server bears.
func setMaxconn(ctx context.Context, socket string, n int, split bool) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
	if err != nil {
		return fmt.Errorf("haproxy: %w", err)
	}
	defer conn.Close()
	server := "service/one"
	if split {
		server = "login/one"
	}
	if _, err := fmt.Fprintf(conn, "set maxconn server %s %d\n", server, n); err != nil {
		return fmt.Errorf("haproxy: %w", err)
	}
	deadline, _ := ctx.Deadline()
	_ = conn.SetReadDeadline(deadline)
	answer := make([]byte, 200)
	got, _ := conn.Read(answer) // an empty line if it went well
	if text := string(answer[:got]); len(text) > 1 {
		return fmt.Errorf("haproxy: set maxconn: %s", text)
	}
	return nil
}
