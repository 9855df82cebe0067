"""Debian's servers and tools with all that they depend on, as a root file system: a script inside starts a server and is its client, or uses the tool."""
from system.case import Case


def inside(name, packages, script, stdout, **more):
    """What the script prints is what it prints on Linux, in the same tree."""
    return Case(name, ["/bin/sh", "-eu", "/script"], tree=packages, options=["--root", "{tree}", "-v", "{scratch}/script:/script"], files={"script": script},
                stdout=stdout, **{"machines": ("microvm",), "modes": ("fused",), "cpus": (2,), "memory": "512M", "timeout": 400, **more})


APACHE = r"""
for module in mpm_event authz_core mime dir alias proxy proxy_http cgid deflate filter; do
    ln -s ../mods-available/$module.load /etc/apache2/mods-enabled/
done
ln -s ../mods-available/deflate.conf ../mods-available/cgid.conf ../mods-available/mime.conf /etc/apache2/mods-enabled/
mkdir -p /var/run/apache2 /var/lock/apache2 /var/log/apache2 /srv
printf '#!/bin/sh\nprintf "Content-Type: text/plain\\n\\n$QUERY_STRING from a child\\n"' >/srv/cgi
chmod +x /srv/cgi
echo a page >/srv/page
seq 100000 >/srv/large.txt
cat >/etc/apache2/sites-enabled/site.conf <<X
ServerName localhost
DocumentRoot /srv
ScriptAlias /cgi /srv/cgi
ProxyPass /proxy/ http://127.0.0.1/
AddType text/plain .txt
<Directory /srv>
Require all granted
</Directory>
X
apache2ctl start
until curl -sf 127.0.0.1/page; do sleep 0.2; done
curl -s --compressed 127.0.0.1/large.txt | md5sum
curl -s '127.0.0.1/cgi?this'
curl -s 127.0.0.1/proxy/page
ab -q -n 300 -c 10 -k 127.0.0.1/page | grep -E 'Complete|Failed'
echo 'Redirect /old /page' >>/etc/apache2/sites-enabled/site.conf
apache2ctl graceful
until curl -sfL 127.0.0.1/old; do sleep 0.2; done
apache2ctl graceful-stop
while [ -f /run/apache2/apache2.pid ]; do sleep 0.2; done
echo ended
"""
APACHE_SAYS = """a page
dea9193b768319cbb4ff1a137ac03113  -
this from a child
a page
Complete requests:      300
Failed requests:        0
a page
ended
"""

PHP_FPM = r"""
mkdir -p /run/php /etc/php/8.2/fpm/conf.d /srv
printf 'zend_extension=opcache\nsession.gc_probability=0\n' >/etc/php/8.2/fpm/conf.d/ours.ini
cat >/srv/nginx.conf <<X
user www-data; worker_processes 2; error_log /tmp/log; pid /tmp/pid;
events {}
http { server { listen 80; root /srv; location ~ \.php$ { include /etc/nginx/fastcgi.conf; fastcgi_pass unix:/run/php/php8.2-fpm.sock; } } }
X
cat >/srv/x.php <<'X'
<?php
function f($n) { return $n < 2 ? $n : f($n - 1) + f($n - 2); }
session_start();
echo f(15), " ", $_GET["q"] ?? "", " ", md5(file_get_contents("php://input")), " ", opcache_get_status()["opcache_enabled"], "\n";
X
php-fpm8.2 -F 2>/dev/null & server=$!
nginx -c /srv/nginx.conf
until curl -sf '127.0.0.1/x.php?q=first'; do sleep 0.3; done
seq 1000 | curl -s --data-binary @- 127.0.0.1/x.php
curl -sZ -o '/tmp/answer#1' '127.0.0.1/x.php?q=[1-100]' 2>/dev/null
cat /tmp/answer* | sort | uniq | wc -l
kill -USR2 $server
sleep 1
until curl -sf '127.0.0.1/x.php?q=again'; do sleep 0.3; done
kill -QUIT $server
wait $server
"""
PHP_FPM_SAYS = """610 first d41d8cd98f00b204e9800998ecf8427e 1
610  53d025127ae99ab79e8502aae2d9bea6 1
100
610 again d41d8cd98f00b204e9800998ecf8427e 1
"""

UWSGI = r"""
mkdir -p /srv
cat >/srv/app.py <<X
def application(environ, start):
    body = environ["wsgi.input"].read()
    start("200 OK", [("Content-Type", "text/plain")])
    return [f"{environ['QUERY_STRING']} {len(body)}\n".encode()]
X
uwsgi-core --plugins python311 --http-socket 127.0.0.1:8080 --master --processes 3 --threads 2 --chdir /srv --module app --uid www-data --die-on-term \
    >/tmp/log 2>&1 & server=$!
until curl -sf '127.0.0.1:8080?first'; do sleep 0.2; done
curl -sZ '127.0.0.1:8080?[1-60]' 2>/dev/null | sort -n | uniq | wc -l
seq 10000 | curl -s --data-binary @- 127.0.0.1:8080
kill $server
wait $server
"""
UWSGI_SAYS = "first 0\n60\n 48894\n"

PROMETHEUS = r"""
cd /tmp
printf 'global: {scrape_interval: 1s}\nscrape_configs: [{job_name: self, static_configs: [{targets: ["127.0.0.1:9090"]}]}]\n' >p.yml
prometheus --config.file p.yml --storage.tsdb.path /tmp/data --web.listen-address 127.0.0.1:9090 --web.enable-lifecycle 2>log & server=$!
ask() { curl -s 127.0.0.1:9090/api/v1/query --data-urlencode "query=$1"; }
until ask up | grep -o '"job":"self"'; do sleep 0.5; done
ask 'count(up == 1)' | grep -o '"1"'
sed -i s/self/again/ p.yml
curl -s -X POST 127.0.0.1:9090/-/reload
until ask up | grep -o '"job":"again"'; do sleep 0.5; done
kill $server
wait $server
"""
PROMETHEUS_SAYS = '"job":"self"\n"1"\n"job":"again"\n'

VARNISH = r"""
mkdir -p /srv /var/lib/varnish
cat >/srv/v.vcl <<X
vcl 4.1;
backend default { .host = "127.0.0.1"; .port = "8080"; }
sub vcl_recv { if (req.url ~ "^/made") { return (synth(200, "made")); } }
sub vcl_deliver { set resp.http.Hits = obj.hits; }
X
seq 10000 >/srv/page
(cd /srv && exec python3 -m http.server -b 127.0.0.1 8080 >/dev/null 2>&1) &
varnishd -f /srv/v.vcl -a 127.0.0.1:80 -s malloc,16m -n /tmp/v -j none -F >/tmp/log 2>&1 & server=$!
until curl -sf 127.0.0.1/made -o /dev/null; do sleep 0.5; done
until curl -sf 127.0.0.1/page -o /dev/null; do sleep 0.5; done
curl -s 127.0.0.1/page | md5sum
curl -sI 127.0.0.1/page | grep -o 'Hits: .'
curl -sZ '127.0.0.1/made?[1-50]' -o /dev/null -w '%{http_code}\n' 2>/dev/null | uniq -c
sed -i 's/"made")/"made again")/' /srv/v.vcl
varnishadm -t 60 -n /tmp/v vcl.load again /srv/v.vcl >/dev/null
varnishadm -t 60 -n /tmp/v vcl.use again | head -1
curl -sI 127.0.0.1/made | head -1 | tr -d '\r'
kill $server
wait $server
"""
VARNISH_SAYS = """72d4ff27a28afbc066d5804999d5a504  -
Hits: 2
     50 200
VCL 'again' now active
HTTP/1.1 200 made again
"""

UNBOUND = r"""
cat >/tmp/u.conf <<X
server:
  interface: 127.0.0.1
  num-threads: 2
  username: ""
  chroot: ""
  pidfile: /tmp/pid
  use-syslog: no
  local-zone: "example." static
  local-data: "www.example. A 192.0.2.7"
  local-data: "www.example. AAAA 2001:db8::7"
remote-control:
  control-enable: yes
  control-interface: /tmp/control
X
unbound -d -c /tmp/u.conf 2>/tmp/log & server=$!
until dig +short +time=1 +tries=1 @127.0.0.1 www.example >/dev/null; do sleep 0.3; done
dig +short @127.0.0.1 www.example
dig +short +tcp @127.0.0.1 www.example aaaa
dig @127.0.0.1 none.example | grep -o 'status: [A-Z]*'
unbound-control -c /tmp/u.conf local_data more.example. A 192.0.2.8
dig +short @127.0.0.1 more.example
for i in 1 2 3 4; do dig +short @127.0.0.1 www.example & done | uniq -c
unbound-control -c /tmp/u.conf reload
dig +short @127.0.0.1 www.example
kill $server
wait $server
"""
UNBOUND_SAYS = "192.0.2.7\n2001:db8::7\nstatus: NXDOMAIN\nok\n192.0.2.8\n      4 192.0.2.7\nok\n192.0.2.7\n"

BIND = r"""
cd /tmp
cat >n.conf <<X
options { directory "/tmp"; listen-on { 127.0.0.1; }; listen-on-v6 { none; }; recursion no; pid-file "/tmp/pid"; session-keyfile "/tmp/session"; };
key k { algorithm hmac-sha256; secret "c2VjcmV0"; };
controls { inet 127.0.0.1 allow { any; } keys { k; }; };
zone "example" { type primary; file "/tmp/zone"; allow-update { any; }; };
X
printf 'key k { algorithm hmac-sha256; secret "c2VjcmV0"; };\noptions { default-key k; default-server 127.0.0.1; };\n' >r.conf
printf '$TTL 60\n@ SOA ns root 1 60 60 60 60\n@ NS ns\nns A 192.0.2.1\nwww A 192.0.2.7\n' >zone
mkdir -p /var/cache/bind
named -f -n 2 -c /tmp/n.conf 2>log & server=$!
until dig +short +time=1 +tries=1 @127.0.0.1 www.example >/dev/null; do sleep 0.3; done
dig +short @127.0.0.1 www.example
dig +short +tcp @127.0.0.1 example soa
dig @127.0.0.1 example axfr +noall +answer | wc -l
printf 'server 127.0.0.1\nzone example\nupdate add more.example 60 A 192.0.2.8\nsend\n' | nsupdate
dig +short @127.0.0.1 more.example
rndc -c r.conf sync -clean
rndc -c r.conf reload | head -1
dig +short @127.0.0.1 more.example
rndc -c r.conf stop
wait $server
"""
BIND_SAYS = "192.0.2.7\nns.example. root.example. 1 60 60 60 60\n5\n192.0.2.8\nserver reload successful\n192.0.2.8\n"

LUAJIT = r"""
cat >/tmp/a.lua <<X
local ffi = require("ffi")
ffi.cdef[[ int getpid(void); void qsort(void*, size_t, size_t, int (*)(const int*, const int*)); ]]
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
print(fib(30), ffi.C.getpid() > 0, (jit.status()))
local a = ffi.new("int[1000]"); for i = 0, 999 do a[i] = (i * 7919) % 1000 end
ffi.C.qsort(a, 1000, 4, function(x, y) return x[0] - y[0] end)
print(a[0], a[500], a[999])
local t = {}; for i = 1, 2e6 do t[i % 1000 + 1] = {i} end
local c = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end)
print(c() + c() + c(), io.popen("echo child"):read("*l"))
X
luajit /tmp/a.lua
"""
LUAJIT_SAYS = "832040\ttrue\ttrue\n0\t500\t999\n6\tchild\n"

GCC = r"""
cd /tmp
cat >a.c <<'X'
#include <math.h>
#include <pthread.h>
#include <stdio.h>
static void* root(void* p) { *(double*)p = sqrt(*(double*)p); return 0; }
int main(void) {
    double v[4] = {1, 4, 9, 16}; pthread_t t[4];
    for (int i = 0; i < 4; i++) pthread_create(t + i, 0, root, v + i);
    for (int i = 0; i < 4; i++) pthread_join(t[i], 0);
    printf("%g %g %g %g\n", v[0], v[1], v[2], v[3]);
}
X
gcc -O2 -Wall -flto -pipe a.c -o a -lm && ./a
gcc -static a.c -o b -lm && ./b
gcc -c nothing.c 2>/dev/null || echo "failed with $?"
"""
GCC_SAYS = "1 2 3 4\n1 2 3 4\nfailed with 1\n"

MARIADB = r"""
cd /tmp
mariadb-install-db --no-defaults --datadir=/tmp/d --user=root --auth-root-authentication-method=normal >log 2>&1
mariadbd --no-defaults --datadir=/tmp/d --user=root --socket=/tmp/s --bind-address=127.0.0.1 --innodb-buffer-pool-size=32M 2>log & server=$!
until mariadb -S /tmp/s -e 'select 1' >/dev/null 2>&1; do sleep 0.5; done
sql() { mariadb -S /tmp/s -N "$@"; }
sql <<X
create database b;
use b;
create table t (i int primary key auto_increment, s varchar(40), n int, key (s)) engine = innodb;
insert into t (s, n) select concat('name', seq), seq from seq_1_to_20000;
X
all=
for i in 1 2 3 4; do
    sql -h 127.0.0.1 --protocol=tcp b -e "start transaction; update t set n = n + 1 where i = 1; insert into t (s, n) values ('from $i', 1); commit" & all="$all $!"
done
wait $all
sql b -e 'select count(*), sum(n), max(s) from t; start transaction; delete from t; rollback; select count(*) from t'
mariadb-dump -S /tmp/s b | grep -c INSERT
mariadb-admin -S /tmp/s shutdown
wait $server
"""
MARIADB_SAYS = "20004\t200010008\tname9999\n20004\n1\n"

MOSQUITTO = r"""
printf 'listener 1883 127.0.0.1\nallow_anonymous true\nuser root\n' >/tmp/m.conf
mosquitto -c /tmp/m.conf 2>/tmp/log & server=$!
until mosquitto_pub -t other -n 2>/dev/null; do sleep 0.3; done
mosquitto_sub -i kept -c -q 1 -t 'many/#' -E
for i in $(seq 10); do mosquitto_pub -q 1 -t many/$i -m "message $i"; done
mosquitto_sub -i kept -c -q 1 -t 'many/#' -C 15 >/tmp/got & subscriber=$!
for i in $(seq 10); do mosquitto_pub -q 1 -t many/$i -m "message $i"; done
wait $subscriber
grep -c '^message' /tmp/got
mosquitto_pub -r -t kept -m kept
kill -HUP $server
mosquitto_sub -t kept -C 1
kill $server
wait $server
"""
MOSQUITTO_SAYS = "15\nkept\n"

CASES = [
    inside("apache", ("apache2",), APACHE, APACHE_SAYS),
    inside("php-fpm", ("php8.2-fpm", "nginx-light"), PHP_FPM, PHP_FPM_SAYS),
    inside("uwsgi", ("uwsgi-core", "uwsgi-plugin-python3"), UWSGI, UWSGI_SAYS),
    inside("prometheus", ("prometheus",), PROMETHEUS, PROMETHEUS_SAYS),
    inside("varnish", ("varnish", "python3"), VARNISH, VARNISH_SAYS, memory="1G"),
    inside("unbound", ("unbound", "bind9-dnsutils"), UNBOUND, UNBOUND_SAYS),
    inside("bind", ("bind9", "bind9-dnsutils"), BIND, BIND_SAYS),
    inside("mariadb", ("mariadb-server",), MARIADB, MARIADB_SAYS),
    inside("mosquitto", ("mosquitto", "mosquitto-clients"), MOSQUITTO, MOSQUITTO_SAYS),
    inside("luajit", ("luajit",), LUAJIT, LUAJIT_SAYS),
    inside("gcc", ("gcc", "libc6-dev"), GCC, GCC_SAYS),
]
