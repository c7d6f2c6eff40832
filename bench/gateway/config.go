package main

import (
	"fmt"
	"strings"
)

// gatewayOptions are the same in every arm: no log, no admin, no TLS, so that
// what differs is the lanes.
const gatewayOptions = `	admin off
	auto_https off
	persist_config off
	log {
		output discard
	}
`

// plainConfig is Caddy without daero: the same program, forwarding.
func plainConfig(port, upstream int) string {
	return fmt.Sprintf("{\n%s}\nhttp://127.0.0.1:%d {\n\treverse_proxy 127.0.0.1:%d\n}\n", gatewayOptions, port, upstream)
}

// respondConfig is Caddy's own static answer, the size of a refusal: what the
// HTTP server under both costs by itself. Braces would be placeholders.
func respondConfig(port int, r refusal) string {
	body := strings.NewReplacer("{", "(", "}", ")", "`", "_").Replace(r.body)
	return fmt.Sprintf("{\n%s}\nhttp://127.0.0.1:%d {\n\theader Content-Type application/problem+json\n\theader Retry-After 1\n"+
		"\theader X-Padding %s\n\trespond `%s` 503\n}\n", gatewayOptions, port, r.padding(), body)
}

// lanesConfig is the same with lanes in front, as in the README: the measured
// requests travel in a lane with a user key.
func lanesConfig(port, upstream int) string {
	return fmt.Sprintf(`{
%s	daero
}
http://127.0.0.1:%d {
	lanes {
		lane message {
			path /message*
			tier critical
		}
		lane login {
			path /login*
			tier sheddable
			background header X-App-State background
		}
		user header X-User-Id
	}
	reverse_proxy 127.0.0.1:%d
}
`, gatewayOptions, port, upstream)
}

// refusingConfig has a lane with one place. One request holds it for the whole
// run, so every other one is refused, with everything a refusal carries.
func refusingConfig(port, upstream int) string {
	return fmt.Sprintf(`{
%s	daero
}
http://127.0.0.1:%d {
	lanes {
		lane login {
			path /login*
			tier sheddable
			max 1
		}
		user header X-User-Id
	}
	reverse_proxy 127.0.0.1:%d
}
`, gatewayOptions, port, upstream)
}

// okLocation is a trivially fast upstream.
const okLocation = `default_type text/plain; return 200 "ok";`

// refuseLocation is the 503 that a refusal is compared with: the same body,
// and headers of about the same length.
func refuseLocation(r refusal) string {
	return fmt.Sprintf("default_type application/problem+json; add_header Retry-After 1 always; add_header X-Padding %q always; return 503 %s;",
		r.padding(), nginxQuote(r.body))
}

// nginxConfig answers everything with one location, in one process.
func nginxConfig(dir string, port int, location string) string {
	return fmt.Sprintf(`daemon off;
master_process off;
pid %[1]s/%[2]d.pid;
error_log stderr error;
events { worker_connections 4096; }
http {
	access_log off;
	keepalive_requests 1000000000;
	keepalive_timeout 300s;
	client_body_temp_path %[1]s; proxy_temp_path %[1]s; fastcgi_temp_path %[1]s;
	uwsgi_temp_path %[1]s; scgi_temp_path %[1]s;
	server {
		listen 127.0.0.1:%[2]d;
		location / { %[3]s }
	}
}
`, dir, port, location)
}

// nginxQuote makes one nginx string of s. nginx expands $, so it is replaced:
// only the length matters.
func nginxQuote(s string) string {
	return "'" + strings.NewReplacer("'", "_", "$", "_", `\`, "_", "\n", " ").Replace(s) + "'"
}
