"""Programs that people run as services, and the runtimes of languages, as Debian ships them."""
import socket
import urllib.request

from system.case import Case
from system.cases.network import until_answered

POSTGRES = "/usr/lib/postgresql/15/bin"
ONCE = {"machines": ("microvm",), "modes": ("fused",), "cpus": (2,), "memory": "512M", "timeout": 300}
# The programs of a package, with what they need.
UNPACKED = ["--sysroot", "{package}"]

DATA_BASE = f"""
export PATH={POSTGRES}:/bin LC_ALL=C
cd /tmp
initdb -D d -U postgres --no-instructions >log 2>&1 || {{ cat log; exit 1; }}
postgres -D d -k /tmp -c listen_addresses=127.0.0.1 >log 2>&1 & server=$!
until psql -h 127.0.0.1 -U postgres -c 'select 1' >/dev/null 2>&1; do sleep 1; done
psql -h 127.0.0.1 -U postgres -At -v ON_ERROR_STOP=1 <<'SQL'
create table t (i int primary key, s text);
insert into t select i, 'name' || i from generate_series(1, 20000) i;
begin; delete from t where i % 2 = 0; rollback;
select count(*), sum(i), max(s) from t;
vacuum analyze t;
set max_parallel_workers_per_gather = 2; set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0;
select count(*) from t a join t b using (i) where a.s like '%9%';
SQL
kill -INT $server
wait $server
echo "ended with $?"
"""
ANSWERS = "CREATE TABLE\nINSERT 0 20000\nBEGIN\nDELETE 10000\nROLLBACK\n20000|200010000|name9999\nVACUUM\nSET\nSET\nSET\nSET\n6878\nended with 0\n"

HAPROXY = """
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend all
  bind :80
  http-request return status 200 content-type text/plain string "from haproxy"
"""


def fetch(text):
    def once(server):
        with urllib.request.urlopen(f"http://127.0.0.1:{server.ports[0]}/", timeout=10) as answer:
            return answer.read().decode()

    def client(server):
        found = until_answered(server, once)
        return None if text in found else f"answered {found!r}"
    return client


def set_and_get(server):
    with socket.create_connection(("127.0.0.1", server.ports[0]), timeout=10) as connection:
        connection.sendall(b"set key 0 0 5\r\nvalue\r\nget key\r\nquit\r\n")
        found = b"".join(iter(lambda: connection.recv(4096), b"")).decode()
    if not found:
        raise ConnectionError("closed without a word")  # by QEMU: nobody listens in the guest yet
    return found


def use_memcached(server):
    found = until_answered(server, set_and_get)
    return None if found == "STORED\r\nVALUE key 0 5\r\nvalue\r\nEND\r\n" else f"answered {found!r}"


CASES = [
    Case("postgres", ["/usr/bin/setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups", "/bin/sh", "-e", "/script"],
         tree=("postgresql-15", "util-linux"), stdout=ANSWERS,
         options=["--root", "{tree}", "-v", "{scratch}/script:/script", "-v", "{scratch}/passwd:/etc/passwd"],
         files={"script": DATA_BASE, "passwd": "root:x:0:0:root:/root:/bin/sh\npostgres:x:1000:1000::/tmp:/bin/sh\n"}, **ONCE),
    Case("memcached", ["/usr/bin/memcached", "-u", "root", "-m", "32", "-t", "2"], package="memcached", options=UNPACKED, ports=("11211",),
         client=use_memcached, status=0, **ONCE),
    Case("haproxy", ["/usr/sbin/haproxy", "-f", "/etc/haproxy.cfg"], package="haproxy", ports=("80",), client=fetch("from haproxy"), status=143,
         options=[*UNPACKED, "-v", "{scratch}/haproxy.cfg:/etc/haproxy.cfg"], files={"haproxy.cfg": HAPROXY}, **ONCE),
    Case("caddy", ["/usr/bin/caddy", "respond", "--listen", ":80", "from Go"], package="caddy", options=UNPACKED, ports=("80",), client=fetch("from Go"),
         status=0, **ONCE),
    Case("php", ["/usr/bin/php8.2", "-d", "extension=ctype", "-d", "extension=tokenizer", "-r", 'echo json_encode([ctype_digit("12"), date_default_timezone_get(), count(token_get_all("<?php 1;"))]), "\n";'],
         package="php8.2-cli", options=UNPACKED, stdout='[true,"UTC",3]\n', **ONCE),
    Case("node", ["/usr/bin/node", "-e", 'require("fs").promises.readdir("/").then(l => { console.log(l.includes("etc")); setTimeout(() => console.log("later"), 20); })'],
         tree=("nodejs",), options=["--root", "{tree}"], stdout="true\nlater\n", **ONCE),
]
