#!/usr/bin/env bash
# Caddy 2.6.2 (Debian 12's package 2.6.2-5): lb_try_duration does not hold for requests with a body.
#
# Expected: the documentation says that reverse_proxy with lb_try_duration keeps trying to find an
#   available backend for that long. While a single backend restarts, connections to it are refused,
#   nothing of the request has been sent, and so a POST should wait for it just as a GET does.
# Seen: a GET waits and is answered with 200 when the backend is back. A POST with a body is answered
#   with 502 ("http: invalid Read on closed Body"): the first dial, though refused, has closed the
#   request's body, and nothing keeps a copy (buffer_requests does, and then this example waits).
# Why it matters: "no downtime at a restart" behind Caddy with one backend is true of pages and false
#   of every API call and form; whoever relies on it must let clients send again, with an idempotency key.
#
# Fails (exit 1) when the POST is answered with 200, that is, when this is no longer so.
set -euo pipefail
work=$(mktemp -d); pids=()
trap 'for p in "${pids[@]}"; do kill "$p" 2>/dev/null || true; done; rm -rf "$work"' EXIT
cd "$work"
apt-get download -qq caddy=2.6.2-5 >/dev/null 2>&1 || { apt-get update -qq && apt-get download -qq caddy=2.6.2-5 >/dev/null; }
dpkg -x caddy_*.deb .
port() { python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])'; }
front=$(port); back=$(port)
cat > backend.py <<'PY'
import http.server, sys
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200); self.send_header("Content-Length", "2"); self.end_headers(); self.wfile.write(b"ok")
    do_GET = do_POST = answer
    def log_message(self, *a): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), H).serve_forever()
PY
run() { # run NAME EXTRA: starts caddy with EXTRA in reverse_proxy, asks while the backend is away for two seconds
	printf '{\n\tadmin off\n\tstorage file_system %s\n}\nhttp://127.0.0.1:%s {\n\treverse_proxy 127.0.0.1:%s {\n\t\tlb_try_duration 10s\n\t\tlb_try_interval 100ms\n\t\t%s\n\t}\n}\n' "$work" "$front" "$back" "$2" > Caddyfile
	HOME=$work ./usr/bin/caddy run --config Caddyfile --adapter caddyfile >"caddy-$1.log" 2>&1 & local caddy=$!; pids+=("$caddy")
	for _ in $(seq 100); do (exec 3<>"/dev/tcp/127.0.0.1/$front") 2>/dev/null && break; sleep 0.1; done
	(sleep 2; exec python3 backend.py "$back" 2>/dev/null) & local backend=$!; pids+=("$backend")
	curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$front/" > get & local g=$!
	curl -s -o /dev/null -w '%{http_code}' -d 'x=1' "http://127.0.0.1:$front/" > post & local p=$!
	wait "$g" "$p"
	echo "$1: GET $(cat get), POST with a body $(cat post); $(grep -oE 'invalid Read on closed Body|with Body length 0' "caddy-$1.log" | head -1)"
	[ "$(cat get)" = 200 ] && [ "$(cat post)" = 502 ] || { echo "this has changed"; exit 1; }
	kill "$caddy" "$backend"; wait "$caddy" "$backend" 2>/dev/null || true
}
run plain ""
echo "still so in $(./usr/bin/caddy version)"
