"""More of Debian's servers for the web and what stands behind them, each with a client beside it inside: workers, proxies, data bases under load, mail."""
from long.debian import inside

GUNICORN = r"""
mkdir -p /srv
cat >/srv/app.py <<X
import os
def application(environ, start):
    body = environ["wsgi.input"].read()
    start("200 OK", [("Content-Type", "text/plain")])
    return [f"{environ['QUERY_STRING']} {len(body)} {os.environ.get('RAISED', 'first')}\n".encode()]
X
printf 'bind = "127.0.0.1:8080"\nworkers = 3\nworker_class = "gthread"\nthreads = 2\nraw_env = ["RAISED=first"]\n' >/srv/g.py
gunicorn --chdir /srv -c /srv/g.py --user www-data app >/tmp/log 2>&1 & server=$!
until curl -sf '127.0.0.1:8080?one'; do sleep 0.2; done
curl -sZ '127.0.0.1:8080?[1-60]' 2>/dev/null | sort -n | uniq | wc -l
seq 10000 | curl -s --data-binary @- 127.0.0.1:8080
sed -i s/=first/=again/ /srv/g.py
kill -HUP $server
until curl -s 127.0.0.1:8080 | grep again; do sleep 0.2; done
kill -TTIN $server
until [ $(pgrep -c -P $server) = 4 ]; do sleep 0.2; done
kill -9 $(pgrep -P $server | head -n 1)
sleep 1
until [ $(pgrep -c -P $server) = 4 ]; do sleep 0.2; done
curl -s '127.0.0.1:8080?last'
kill $server
wait $server
grep -c 'Worker exiting' /tmp/log
"""
GUNICORN_SAYS = "one 0 first\n60\n 48894 first\n 0 again\nlast 0 again\n7\n"

PHP_SERVER = r"""
mkdir -p /srv
seq 100000 >/srv/large.txt
cat >/srv/x.php <<'X'
<?php
echo $_SERVER["REQUEST_METHOD"], " ", $_GET["q"] ?? "", " ", md5(file_get_contents("php://input")), "\n";
X
PHP_CLI_SERVER_WORKERS=3 php8.2 -S 127.0.0.1:8000 -t /srv 2>/tmp/log & server=$!
until curl -sf '127.0.0.1:8000/x.php?q=first'; do sleep 0.2; done
seq 1000 | curl -s --data-binary @- 127.0.0.1:8000/x.php
curl -s 127.0.0.1:8000/large.txt | md5sum
curl -sZ '127.0.0.1:8000/x.php?q=[1-60]' 2>/dev/null | sort -u | wc -l
curl -s -o /dev/null -w '%{http_code}\n' 127.0.0.1:8000/none.txt
pgrep -c -P $server
kill $server $(pgrep -P $server)
wait $server || echo "ended with $?"
"""
PHP_SERVER_SAYS = """GET first d41d8cd98f00b204e9800998ecf8427e
POST  53d025127ae99ab79e8502aae2d9bea6
dea9193b768319cbb4ff1a137ac03113  -
60
404
3
ended with 143
"""

SQUID = r"""
mkdir -p /srv /run/squid
chown proxy /run/squid /var/log/squid /var/spool/squid
seq 100000 >/srv/large.txt
echo a page >/srv/page
cat >/tmp/serve.py <<X
import functools, http.server
http.server.ThreadingHTTPServer(("127.0.0.1", 8000), functools.partial(http.server.SimpleHTTPRequestHandler, directory="/srv")).serve_forever()
X
python3 /tmp/serve.py 2>/tmp/served & origin=$!
cat >/tmp/s.conf <<X
http_port 127.0.0.1:3128
acl here src 127.0.0.1
acl forbidden url_regex /forbidden
http_access deny forbidden
http_access allow here
cache_dir ufs /var/spool/squid 20 4 4
cache_mem 8 MB
pid_filename /run/squid/pid
visible_hostname here
refresh_pattern . 10 20% 10
shutdown_lifetime 1 second
X
squid -N -z -f /tmp/s.conf 2>/tmp/log
squid --foreground -f /tmp/s.conf 2>>/tmp/log & server=$!
export http_proxy=http://127.0.0.1:3128 https_proxy=http://127.0.0.1:3128
until curl -sf 127.0.0.1:8000/page; do sleep 0.3; done
curl -s 127.0.0.1:8000/large.txt | md5sum
curl -s 127.0.0.1:8000/large.txt | md5sum
curl -sp 127.0.0.1:8000/page
curl -s -o /dev/null -w '%{http_code}\n' 127.0.0.1:8000/forbidden
curl -sZ -o /dev/null -w '%{http_code}\n' '127.0.0.1:8000/page?[1-60]' 2>/dev/null | uniq -c
echo 'http_access deny all' | cat - /tmp/s.conf >/tmp/t.conf
cp /tmp/t.conf /tmp/s.conf
squid -k reconfigure -f /tmp/s.conf
until curl -s -o /dev/null -w '%{http_code}\n' 127.0.0.1:8000/page | grep 403; do sleep 0.3; done
grep -c 'GET /page HTTP' /tmp/served
squid -k shutdown -f /tmp/s.conf
wait $server
kill $origin
"""
SQUID_SAYS = """a page
dea9193b768319cbb4ff1a137ac03113  -
dea9193b768319cbb4ff1a137ac03113  -
a page
403
     60 200
403
2
"""

PGBENCH = r"""
if [ $(id -u) = 0 ]; then  # as which it refuses to run
    echo postgres:x:1000:1000::/tmp:/bin/sh >>/etc/passwd
    exec chroot --userspec 1000:1000 / /bin/sh -eu "$0"
fi
export PATH=/usr/lib/postgresql/15/bin:$PATH LC_ALL=C PGHOST=/tmp PGUSER=postgres
cd /tmp
initdb -D d -U postgres --no-instructions >log 2>&1 || { cat log; exit 1; }
postgres -D d -k /tmp -c listen_addresses= >log 2>&1 & server=$!
until psql -c 'select 1' >/dev/null 2>&1; do sleep 0.5; done
pgbench -i -q -s 1 2>/dev/null
pgbench -c 8 -j 2 -t 25 2>/dev/null | grep -E 'actually|failed'
pgbench -c 4 -j 2 -n -t 20 -S -M prepared -C 2>/dev/null | grep -E 'actually|failed'
psql -At -c 'select count(*) from pgbench_history; select sum(abalance) = (select sum(delta) from pgbench_history) from pgbench_accounts'
kill -INT $server
wait $server
grep -E 'FATAL|PANIC|WARNING|could not' log || echo ended
"""
PGBENCH_SAYS = """number of transactions actually processed: 200/200
number of failed transactions: 0 (0.000%)
number of transactions actually processed: 80/80
number of failed transactions: 0 (0.000%)
200
t
ended
"""

POSTFIX = r"""
echo postfix:x:105:108::/var/spool/postfix:/usr/sbin/nologin >>/etc/passwd
echo user:x:1000:1000::/home/user:/bin/sh >>/etc/passwd
printf 'postfix:x:108:\npostdrop:x:109:\nuser:x:1000:\n' >>/etc/group
cp /usr/share/postfix/master.cf.dist /etc/postfix/master.cf
cat >/etc/postfix/main.cf <<X
compatibility_level = 3.6
myhostname = here.test
mydestination = here.test
inet_interfaces = loopback-only
inet_protocols = ipv4
alias_maps =
alias_database =
smtpd_relay_restrictions = reject_unauth_destination
mailbox_size_limit = 0
maillog_file = /var/log/mail.log
biff = no
X
mkdir -p /home/user /var/mail
chmod 1777 /var/mail
chown user:user /home/user
chgrp postdrop /usr/sbin/postdrop /usr/sbin/postqueue
chmod 2755 /usr/sbin/postdrop /usr/sbin/postqueue
postfix set-permissions 2>/dev/null || true
postfix start 2>/dev/null
cat >/tmp/send.py <<X
import smtplib, sys
with smtplib.SMTP("127.0.0.1") as s:
    for i in range(int(sys.argv[1])):
        s.sendmail("a@here.test", ["user@here.test"], f"Subject: message {i}\n\n" + "line\n" * 1000)
    try:
        s.sendmail("a@here.test", ["none@elsewhere.test"], "")
    except smtplib.SMTPRecipientsRefused as e:
        print(*[code for code, _ in e.recipients.values()])
X
until python3 /tmp/send.py 3 2>/dev/null; do sleep 0.5; done
printf 'Subject: by sendmail\n\ntext\n' | sendmail -f user@here.test user@here.test
until [ "$(grep -c ^Subject: /var/mail/user 2>/dev/null)" = 4 ]; do sleep 0.3; done
grep ^Subject: /var/mail/user | sort
stat -c '%U %a' /var/mail/user
postqueue -p
grep -E 'warning|fatal|panic' /var/log/mail.log || echo no warning
postfix stop 2>/dev/null
postfix status 2>/dev/null || echo ended
"""
POSTFIX_SAYS = """554
Subject: by sendmail
Subject: message 0
Subject: message 1
Subject: message 2
user 600
Mail queue is empty
no warning
ended
"""

CASES = [
    inside("gunicorn", ("gunicorn",), GUNICORN, GUNICORN_SAYS),
    inside("php-server", ("php8.2-cli",), PHP_SERVER, PHP_SERVER_SAYS),
    inside("squid", ("squid", "python3"), SQUID, SQUID_SAYS),
    inside("pgbench", ("postgresql-15",), PGBENCH, PGBENCH_SAYS, memory="768M"),
    inside("postfix", ("postfix", "python3", "findutils", "diffutils"), POSTFIX, POSTFIX_SAYS),
]
