"""Servers from Debian answer clients of this machine, and clients inside reach servers of it. Over QEMU's user network: no privileges, loopback only."""
import contextlib
import hashlib
import http.server
import os
import re
import socket
import subprocess
import threading
import time
import urllib.request

from system.case import PROGRAMS, Case, Program

PATIENCE = 30
BIG = os.urandom(1 << 20) * 8


def connect(server):
    return socket.create_connection(("127.0.0.1", server.ports[0]), PATIENCE)


def until_answered(server, ask):
    """Asks until the guest listens; until then QEMU takes connections and closes them."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return ask(server)
        except (OSError, http.client.HTTPException):
            if time.monotonic() > deadline or not server.running():
                raise
            time.sleep(0.2)


def fetch(server, path="/"):
    with urllib.request.urlopen(f"http://127.0.0.1:{server.ports[0]}{path}", timeout=PATIENCE) as answer:
        return answer.read()


# redis

def redis_say(connection, *words):
    request = f"*{len(words)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
    connection.sendall(request.encode())
    answer = connection.recv(1)
    if not answer:
        raise ConnectionError("redis closed the connection")
    while not answer.endswith(b"\r\n"):
        answer += connection.recv(1)
    if answer[:1] == b"$" and int(answer[1:]) >= 0:
        wanted = int(answer[1:]) + 2
        answer = b""
        while len(answer) < wanted:
            answer += connection.recv(wanted - len(answer))
    return answer.rstrip(b"\r\n")


def ping(server):
    with connect(server) as connection:
        return redis_say(connection, "PING")


def use_redis(server):
    until_answered(server, ping)
    value = "v" * 100_000
    connections = [connect(server) for _ in range(20)]
    for number, connection in enumerate(connections):
        if redis_say(connection, "SET", f"key{number}", f"{number}{value}") != b"+OK":
            return "SET was refused"
    for number, connection in enumerate(reversed(connections)):
        if redis_say(connection, "GET", f"key{number}") != f"{number}{value}".encode():
            return f"GET gave something else than SET of key{number} stored"
    if redis_say(connections[0], "BGSAVE")[:1] != b"+":
        return "BGSAVE was refused"
    deadline = time.monotonic() + PATIENCE
    while b"rdb_bgsave_in_progress:0" not in redis_say(connections[0], "INFO", "persistence"):
        if time.monotonic() > deadline:
            return "BGSAVE did not end"
        time.sleep(0.1)
    if b"rdb_last_bgsave_status:ok" not in redis_say(connections[0], "INFO", "persistence"):
        return "BGSAVE failed"
    for connection in connections:
        connection.close()
    return None


# nginx

def use_nginx(server):
    page = until_answered(server, fetch)
    if page != b"a page\n":
        return f"the page is {page[:80]!r}"
    big = hashlib.sha256(BIG).digest()

    def compare():
        if hashlib.sha256(fetch(server, "/big")).digest() != big:
            problems.append("the big file came otherwise")
    problems = []
    threads = [threading.Thread(target=compare) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(100):  # a connection each
        if fetch(server) != page:
            problems.append("the page came otherwise")
    for thread in threads:
        thread.join()
    return "; ".join(problems) or None


NGINX = """daemon off; worker_processes %s; pid /tmp/nginx.pid; error_log stderr warn; user root;
events { worker_connections 500; }
http { access_log off; sendfile %s; tcp_nopush on; client_body_temp_path /tmp/body; proxy_temp_path /tmp/proxy;
 fastcgi_temp_path /tmp/fastcgi; uwsgi_temp_path /tmp/uwsgi; scgi_temp_path /tmp/scgi;
 server { listen 80; listen [::]:80; root /srv; location / { index page; } } }
"""


def redis_case(name, *options, **what):
    return Case(name, ["/usr/bin/redis-server", "--protected-mode", "no", "--dir", "/tmp", "--save", "", "--port", "6379"], package="redis-server", ports=("6379",),
                client=use_redis, memory="128M", cpus=(2,), options=["--root", "{package}", "-v", "/etc/passwd:/etc/passwd:ro", *options], timeout=120, **what)


def nginx_case(name, cpus, sendfile):
    return Case(name, ["/usr/sbin/nginx", "-c", "/srv/nginx.conf"], package="nginx-light", ports=("80",), client=use_nginx, memory="128M", cpus=(cpus,),
                options=["--root", "{package}", "-v", "{scratch}/srv:/srv:ro", "-v", "/etc/passwd:/etc/passwd:ro", "-v", "/etc/group:/etc/group:ro"],
                files={"srv/page": "a page\n", "srv/big": BIG, "srv/nginx.conf": NGINX % (cpus // 2 or 1, sendfile)}, timeout=120)


# Clients inside

@contextlib.contextmanager
def web_server():
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = BIG if self.path == "/big" else b"from outside\n"
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield {"server": f"10.0.2.2:{server.server_port}"}
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def hashing_server():
    """Answers one connection with the hash of everything that came on it. It reads slowly at first, so that the sender has to wait."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = listener.accept()
        hashed = hashlib.sha256()
        time.sleep(0.5)
        while data := connection.recv(1 << 16):
            hashed.update(data)
        connection.sendall(hashed.hexdigest().encode())
        connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield {"server": f"10.0.2.2:{listener.getsockname()[1]}"}
    finally:
        listener.close()


DOWNLOAD = """
import hashlib, sys, urllib.request
print(hashlib.sha256(urllib.request.urlopen(sys.argv[1]).read()).hexdigest())
"""

SECRETLY = """
openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out certificate -days 1 -subj /CN=10.0.2.2 -addext subjectAltName=IP:10.0.2.2 2>/dev/null
echo kept > secret
port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
openssl s_server -accept 127.0.0.1:$port -key key -cert certificate -WWW -quiet >/dev/null 2>&1 &
trap "kill $!" EXIT
for try in 1 2 3 4 5 6 7 8 9 10; do /usr/bin/python3 -c "import socket; socket.create_connection(('127.0.0.1', $port))" 2>/dev/null && break; sleep 0.2; done
"$SPORE" run $OPTIONS --network user -v certificate:/certificate:ro /usr/bin/curl -sS --cacert /certificate https://10.0.2.2:$port/secret
"""


def as_on_linux(completed):
    native = subprocess.run(["/usr/bin/python3", PROGRAMS / "internet.py"], capture_output=True, timeout=60).stdout
    return None if native == completed.stdout else f"not as on Linux:\n{native.decode()}\nbut\n{completed.stdout.decode()}"


CASES = [
    Case("internet", ["/usr/bin/python3", "/internet.py"], options=["-v", f"{PROGRAMS}/internet.py:/internet.py:ro"], check=as_on_linux, machines=("microvm",)),
    # Two machines that find each other by name; out to this machine and in again by the port that leads to one of them.
    Case("neighbours", [Program("neighbours")], script="""
        port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
        "$SPORE" run $OPTIONS -d --name db --network lan=test -p 127.0.0.1:$port:7000 "$1" serve
        until "$SPORE" logs db | grep -q ready; do sleep 0.1; done
        "$SPORE" run $OPTIONS --network lan=test "$1" ask db 7000
        "$SPORE" run $OPTIONS --network lan=test "$1" ask 10.0.2.2 $port
        "$SPORE" run $OPTIONS --network lan=other "$1" ask db 7000 2>&1 || echo "status $?"
        "$SPORE" run $OPTIONS --network lan=test --hostname DB "$1" ask db 7000 || echo "status $?"
        "$SPORE" run $OPTIONS --network lan=test -p $port:1 "$1" ask db 7000 2>/dev/null || echo "status $?"
        "$SPORE" run $OPTIONS -d --name web --network lan=test --hostname web.shop "$1" serve
        until "$SPORE" logs web | grep -q ready; do sleep 0.1; done
        "$SPORE" rm -f db
        "$SPORE" run $OPTIONS --network lan=test "$1" ask web.shop 7000
        "$SPORE" run $OPTIONS --network lan=test -p $port:1 "$1" ask db 7000 2>&1 || echo "status $?"
        "$SPORE" rm -f web""",
         stdout="db\ndb is 10.0.2.16 is db\ndb answers\n10.0.2.2 is 10.0.2.2 is 10.0.2.2\ndb answers\ndb: Name does not resolve\nstatus 1\nstatus 125\nstatus 125\n"
                "web\ndb\nweb.shop is 10.0.2.17 is web.shop\nweb.shop answers\ndb: Name does not resolve\nstatus 1\nweb\n",
         stderr=re.compile("spore: --network lan=test: a machine called DB is there already: choose another --hostname or --name\n"), needs=("/usr/bin/python3",), timeout=120),
    # A virtual machine and a process of this Linux, each as server and as client.
    Case("neighbours-of-two-kinds", [Program("neighbours")], script="""
        for kind in qemu linuxu; do
            other=linuxu; [ $kind = qemu ] || other=qemu
            "$SPORE" run -d --on $kind --name db-$kind --network lan=test "$1" serve
            until "$SPORE" logs db-$kind | grep -q ready; do sleep 0.1; done
            "$SPORE" run --on $other --network lan=test "$1" ask db-$kind 7000
        done
        "$SPORE" rm -f db-qemu db-linuxu""",
         stdout="db-qemu\ndb-qemu is 10.0.2.16 is db-qemu\ndb-qemu answers\ndb-linuxu\ndb-linuxu is 10.0.2.17 is db-linuxu\ndb-linuxu answers\ndb-qemu\ndb-linuxu\n", timeout=120),
    Case("names", [], around="resolver.py", root=True, stdout="10.9.0.77 fd09::77\n", needs=("/usr/bin/python3",), spread=True, linuxu=False),
    Case("https", [], script=SECRETLY, stdout="kept\n", needs=("/usr/bin/openssl", "/usr/bin/curl")),
    redis_case("redis"),
    redis_case("redis-tailored", "--tailor", spread=True, linuxu=False),  # whole suites run tailored there: ./spore test --tailored
    nginx_case("nginx", 1, "off"),
    nginx_case("nginx-sendfile-workers", 4, "on"),
    Case("wget", ["/bin/busybox", "wget", "-q", "-O", "-", "http://{server}/"], options=["--network", "user"], beside=web_server, stdout="from outside\n"),
    Case("curl", ["/usr/bin/curl", "-sS", "http://{server}/"], options=["--network", "user"], beside=web_server, stdout="from outside\n",
         needs=("/usr/bin/curl",)),
    Case("download", ["/usr/bin/python3", "-c", DOWNLOAD, "http://{server}/big"], options=["--network", "user"], beside=web_server,
         stdout=hashlib.sha256(BIG).hexdigest() + "\n", timeout=120),
    Case("lend", ["/usr/bin/python3", "/lend.py", "{server}"],
         options=["--network", "user", "-v", f"{PROGRAMS}/lend.py:/lend.py:ro"], beside=hashing_server,
         memory="128M", stdout="whole lent\nTrue copied\nrefused\nnothing to tell\n", timeout=120,
         linuxu=False),  # an answer that comes together with its end Debian 12's passt has been seen to lose
    Case("rules", ["/bin/busybox", "sh", "-c", "ip rule; ip -6 rule"], needs=("/bin/busybox",),
         stdout=re.compile(r"^0:\tfrom all lookup local *\n32766:\tfrom all lookup main *\n32767:\tfrom all lookup default *\n0:\tfrom all lookup local *\n32766:\tfrom all lookup main *\n$")),
    Case("counters", ["/bin/busybox", "grep", "-c", "^Tcp: .* CurrEstab \\|^Tcp: 4 200 120000 -1 0 0 0 0 0 ", "/proc/net/snmp"], stdout="2\n", needs=("/bin/busybox",), machines=("microvm",)),
    Case("no-network", ["/bin/busybox", "wget", "-q", "-O", "-", "http://10.0.2.2/"], stderr="wget: can't connect to remote host (10.0.2.2): Network is unreachable\n",
         status=1, machines=("microvm",)),
]
