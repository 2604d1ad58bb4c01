#!/usr/bin/env bash
# Patroni 3.0.2 (Debian 12's package 3.0.2-1): with synchronous_mode, an agent that starts beside a running
# primary empties synchronous_standby_names at the next reload, and leaves it so.
#
# Expected: with synchronous_mode a commit is acknowledged when the synchronous standby has it, too. An agent
#   that is restarted (killed, updated) finds its server running, and goes on to manage it as before: the
#   setting names the standby before and after, also when settings are read again (patronictl reload).
# Seen: after the restart the setting still names the standby. The next reload sets it to nothing (to * where
#   synchronous_mode_strict is on; and at once, without a reload, where postgresql.pg_hba is set). It stays so
#   for as long as was waited (half a minute, and four restarts of the agent), with a healthy standby, while patronictl list goes on to show a Sync Standby: the
#   agent compares with what it set itself, and it has set nothing since it started.
# Why it matters: from then on commits are acknowledged by the primary alone, and the standby that Patroni
#   believes to be synchronous is the one that it promotes: what it had not received is lost. Nothing says so
#   but SHOW synchronous_standby_names on the primary. A switchover before the agent is restarted avoids it.
#
# Fails (exit 1) when the setting names the standby again 10 s after the reload, that is, when this
# is no longer so. Needs Debian 12 with python3; root or not. Takes about a minute.
set -euo pipefail
work=$(mktemp -d /tmp/patroni.XXXXXX); pids=()
end() {
	for p in "${pids[@]}"; do kill -CONT "$p" 2>/dev/null || true; kill "$p" 2>/dev/null || true; done
	for m in one two; do # servers whose agent is gone
		p=$(head -1 "$work/$m/data/postmaster.pid" 2>/dev/null) && kill -QUIT "$p" 2>/dev/null || true
	done
	wait 2>/dev/null || true
	rm -rf "$work"
}
trap end EXIT
cd "$work"
pinned=(patroni=3.0.2-1 postgresql-15=15.20-0+deb12u1 postgresql-client-15=15.20-0+deb12u1 libpq5=15.20-0+deb12u1 etcd-server=3.4.23-4+b4
	python3-psycopg2=2.9.5-1+b1 python3-etcd=0.4.5-4 python3-dnspython=2.3.0-1+deb12u1 python3-cdiff=1.0-1.1 python3-click=8.1.3-2
	python3-dateutil=2.8.2-2 python3-six=1.16.0-4 python3-prettytable=3.6.0-1 python3-wcwidth=0.2.5+dfsg1-1.1 python3-psutil=5.9.4-1+b1
	python3-urllib3=1.26.12-1+deb12u4 python3-yaml=6.0-3+b2 python3-pkg-resources=66.1.1-1+deb12u2)
libraries=(libicu72 libldap-2.5-0 libsasl2-2 libxml2) # of any version: what postgresql-15 needs that a small Debian 12 lacks
fetch() { apt-get download -qq "${pinned[@]}" "${libraries[@]}" >/dev/null 2>&1; }
fetch || { apt-get update -qq && fetch; }
for package in *.deb; do dpkg -x "$package" .; done
rm -f ./*.deb
export PYTHONPATH=$work/usr/lib/python3/dist-packages PATH=$work/usr/lib/postgresql/15/bin:$work/usr/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=$work LC_ALL=C
export LD_LIBRARY_PATH=$work/usr/lib/$(uname -m)-linux-gnu
as=() # PostgreSQL refuses to run as root
if [ "$(id -u)" = 0 ]; then chmod 755 "$work"; chown nobody "$work"; as=(setpriv --reuid=nobody --regid=nogroup --clear-groups); fi
port() { python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])'; }
etcd=$(port); peers=$(port); declare -A sql rest agent
"${as[@]}" etcd --data-dir "$work/etcd" --log-level error --listen-client-urls "http://127.0.0.1:$etcd" --advertise-client-urls "http://127.0.0.1:$etcd" \
	--listen-peer-urls "http://127.0.0.1:$peers" --initial-advertise-peer-urls "http://127.0.0.1:$peers" --initial-cluster "default=http://127.0.0.1:$peers" >etcd.log 2>&1 & pids+=("$!")
start() { # start NAME: the agent of a member, which starts its server where none runs
	"${as[@]}" python3 usr/bin/patroni "$1.yml" >>"$1.log" 2>&1 & agent[$1]=$!; pids+=("$!")
}
member() { # member NAME: writes its settings, and starts it
	sql[$1]=$(port); rest[$1]=$(port); "${as[@]}" mkdir "$1"
	cat >"$1.yml" <<-YAML
		scope: example
		name: $1
		restapi: {listen: "127.0.0.1:${rest[$1]}", connect_address: "127.0.0.1:${rest[$1]}"}
		etcd3: {hosts: "127.0.0.1:$etcd"}
		bootstrap:
		  dcs: {ttl: 20, loop_wait: 1, retry_timeout: 5, synchronous_mode: true}
		  initdb: [{encoding: UTF8}, {auth-host: trust}, {auth-local: trust}]
		  pg_hba: [local all all trust, host all all 127.0.0.1/32 trust, host replication all 127.0.0.1/32 trust]
		postgresql:
		  listen: 127.0.0.1:${sql[$1]}
		  connect_address: 127.0.0.1:${sql[$1]}
		  data_dir: $work/$1/data
		  bin_dir: $work/usr/lib/postgresql/15/bin
		  parameters: {unix_socket_directories: $work/$1}
		  authentication: {superuser: {username: postgres}, replication: {username: replicator}}
	YAML
	start "$1"
}
ask() { psql -h 127.0.0.1 -p "${sql[one]}" -U postgres -d postgres -qAtc "$1" 2>/dev/null; } # on the primary
ctl() { python3 usr/bin/patronictl -c one.yml "$@" 2>/dev/null; }
until_is() { # until_is SECONDS EXPECTED COMMAND...: waits until the command prints what is expected
	local end=$((SECONDS + $1)) expected=$2; shift 2
	until [ "$("$@")" = "$expected" ]; do
		[ "$SECONDS" -lt "$end" ] || { echo "waited in vain until \"$*\" says \"$expected\""; tail -n 15 ./*.log; exit 2; }
		sleep 0.3
	done
}
waits() { ask "SHOW synchronous_standby_names" || true; }
leads() { curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:${rest[one]}/leader" || true; }
lists() { ctl list | grep -c 'Sync Standby' || true; }
knows() { curl -s "http://127.0.0.1:${rest[one]}/patroni" | grep -c '"patroni"' || true; }
member one; until_is 60 200 leads
member two; until_is 60 two waits; until_is 30 1 lists
echo "before: commits wait for \"$(waits)\""

kill -KILL "${agent[one]}"; wait "${agent[one]}" 2>/dev/null || true
start one; until_is 30 1 knows; until_is 30 200 leads
echo "the agent is restarted, beside its server: commits wait for \"$(waits)\""

ctl reload example one --force >/dev/null
sleep 10 # ten rounds of the agent, and no end of it
names=$(waits); listed=$(lists)
kill -STOP "$(pgrep -P "$(head -1 two/data/postmaster.pid)" -f walreceiver)" # the standby hangs
commit=waits; timeout 5 psql -h 127.0.0.1 -p "${sql[one]}" -U postgres -d postgres -qc "CREATE TABLE sale ()" 2>/dev/null && commit="is acknowledged"
echo "10 s after a reload: commits wait for \"$names\", patronictl lists $listed Sync Standby, a commit while that standby hangs $commit"
[ -z "$names" ] && [ "$listed" = 1 ] && [ "$commit" = "is acknowledged" ] || { echo "this has changed"; exit 1; }
echo "still so in patroni $(python3 usr/bin/patroni --version | awk '{print $2}') with $(postgres --version)"
