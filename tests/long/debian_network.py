"""More of Debian's servers, each with a client beside it inside: names, TLS, shells, files, mail, calls, messages."""
from long.debian import inside

DNSMASQ = r"""
cat >/tmp/d.conf <<X
no-resolv
no-hosts
no-dhcp-interface=lo
listen-address=127.0.0.1
bind-interfaces
user=root
address=/example/192.0.2.7
host-record=six.test,192.0.2.8,2001:db8::8
txt-record=text.test,said
addn-hosts=/tmp/hosts
pid-file=/tmp/pid
X
echo 192.0.2.9 one.test >/tmp/hosts
dnsmasq -k -C /tmp/d.conf 2>/tmp/log & server=$!
until dig +short +time=1 +tries=1 @127.0.0.1 www.example >/dev/null; do sleep 0.3; done
dig +short @127.0.0.1 www.example
dig +short +tcp @127.0.0.1 six.test aaaa
dig +short @127.0.0.1 text.test txt
dig +short @127.0.0.1 -x 192.0.2.8
echo 192.0.2.10 one.test >/tmp/hosts
kill -HUP $server
until dig +short @127.0.0.1 one.test | grep 10; do sleep 0.3; done
for i in 1 2 3 4; do dig +short +tcp @127.0.0.1 www.example & done | uniq -c
kill $server
wait $server
"""
DNSMASQ_SAYS = """192.0.2.7
2001:db8::8
"said"
six.test.
192.0.2.10
      4 192.0.2.7
"""

STUNNEL = r"""
cd /tmp
openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out cert -subj /CN=localhost -days 100 2>/dev/null
cat >server.conf <<X
foreground = yes
pid =
[echo]
accept = 127.0.0.1:4433
exec = /bin/cat
cert = /tmp/cert
key = /tmp/key
X
cat >client.conf <<X
foreground = yes
pid =
[echo]
client = yes
accept = 127.0.0.1:7000
connect = 127.0.0.1:4433
CAfile = /tmp/cert
verifyPeer = yes
X
stunnel4 server.conf 2>server.log & server=$!
stunnel4 client.conf 2>client.log & client=$!
until nc.openbsd -z 127.0.0.1 4433 && nc.openbsd -z 127.0.0.1 7000; do sleep 0.2; done
echo through TLS | nc.openbsd -N 127.0.0.1 7000
seq 100000 | nc.openbsd -N 127.0.0.1 7000 | md5sum
for i in 1 2 3 4; do echo one of four | nc.openbsd -N 127.0.0.1 7000 & done | uniq -c
kill $client $server
wait $client || echo "client ended with $?"
wait $server || echo "server ended with $?"
"""
STUNNEL_SAYS = """through TLS
dea9193b768319cbb4ff1a137ac03113  -
      4 one of four
"""

LIGHTTPD = r"""
mkdir -p /srv /var/log/lighttpd
seq 100000 >/srv/large.txt
echo a page >/srv/index.html
printf '#!/bin/sh\nprintf "Content-Type: text/plain\\n\\n$REQUEST_METHOD $QUERY_STRING "; wc -c\n' >/srv/x.cgi
chmod +x /srv/x.cgi
cat >/tmp/l.conf <<X
server.modules = ("mod_cgi", "mod_deflate", "mod_rewrite", "mod_accesslog")
server.document-root = "/srv"
server.bind = "127.0.0.1"
server.port = 80
server.username = "www-data"
server.groupname = "www-data"
server.pid-file = "/tmp/pid"
index-file.names = ("index.html")
mimetype.assign = (".txt" => "text/plain", ".html" => "text/html")
cgi.assign = (".cgi" => "")
deflate.mimetypes = ("text/plain")
deflate.allowed-encodings = ("gzip")
deflate.cache-dir = "/tmp/deflate"
url.rewrite-once = ("^/old$" => "/index.html")
X
mkdir -m 777 /tmp/deflate
lighttpd -D -f /tmp/l.conf 2>/tmp/log & server=$!
until curl -sf 127.0.0.1/; do sleep 0.2; done
curl -s 127.0.0.1/old
curl -s --compressed 127.0.0.1/large.txt | md5sum
curl -s -r 10-19 127.0.0.1/large.txt | md5sum
seq 1000 | curl -s --data-binary @- '127.0.0.1/x.cgi?query'
curl -sZ -o /dev/null -w '%{http_code}\n' '127.0.0.1/?[1-100]' 2>/dev/null | uniq -c
curl -s -o /dev/null -w '%{http_code}\n' 127.0.0.1/none
kill -INT $server
wait $server
"""
LIGHTTPD_SAYS = """a page
a page
dea9193b768319cbb4ff1a137ac03113  -
e1b1c977cec8d61242a431b0537fddb7  -
POST query 3893
    100 200
404
"""

SSHD = r"""
cd /tmp
echo sshd:x:101:65534::/run/sshd:/usr/sbin/nologin >>/etc/passwd
echo user:x:1000:1000::/home/user:/bin/sh >>/etc/passwd
echo user:x:1000: >>/etc/group
mkdir -p /run/sshd /root/.ssh /home/user/.ssh
ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519
cp /root/.ssh/id_ed25519.pub /root/.ssh/authorized_keys
cp /root/.ssh/id_ed25519.pub /home/user/.ssh/authorized_keys
chown -R 1000:1000 /home/user
chmod 700 /root /root/.ssh /home/user/.ssh
printf 'ListenAddress 127.0.0.1\nUsePAM no\nSubsystem sftp internal-sftp\n' >sshd_config
/usr/sbin/sshd -D -e -f sshd_config 2>log & server=$!
alias ssh='ssh -o StrictHostKeyChecking=no -o LogLevel=ERROR'
until ssh 127.0.0.1 'echo as $(id -un)' 2>/dev/null; do sleep 0.3; done
ssh user@127.0.0.1 'echo as $(id -un) in $PWD; exit 3' || echo "ended with $?"
seq 100000 | ssh 127.0.0.1 md5sum
ssh -tt user@127.0.0.1 'test -t 0 && stty size' </dev/null | tr -d '\r'
seq 10000 >file
printf 'put file\nget file again\nls -1\nrm file\n' | sftp -q -b - -o LogLevel=ERROR user@127.0.0.1 | grep -v sftp
md5sum <again
ssh -N -L 7000:127.0.0.1:22 127.0.0.1 & forward=$!
until ssh -p 7000 -o NoHostAuthenticationForLocalhost=yes 127.0.0.1 echo through a tunnel 2>/dev/null; do sleep 0.3; done
kill $forward
for i in 1 2 3 4; do ssh 127.0.0.1 echo one of four & done | uniq -c
kill $server
wait $server || echo "server ended with $?"
"""
SSHD_SAYS = """as root
as user in /home/user
ended with 3
dea9193b768319cbb4ff1a137ac03113  -
0 0
file
72d4ff27a28afbc066d5804999d5a504  -
through a tunnel
      4 one of four
"""

VSFTPD = r"""
mkdir -p /srv/ftp/up /var/run/vsftpd/empty
echo ftp:x:102:65534::/srv/ftp:/usr/sbin/nologin >>/etc/passwd
seq 100000 >/srv/ftp/large
chown ftp /srv/ftp/up
cat >/tmp/v.conf <<X
listen=YES
background=NO
listen_address=127.0.0.1
anonymous_enable=YES
local_enable=NO
write_enable=YES
anon_upload_enable=YES
anon_world_readable_only=NO
secure_chroot_dir=/var/run/vsftpd/empty
pasv_enable=YES
connect_from_port_20=YES
X
vsftpd /tmp/v.conf & server=$!
until curl -sf ftp://127.0.0.1/ >/dev/null; do sleep 0.3; done
curl -s -l ftp://127.0.0.1/ | sort
curl -s ftp://127.0.0.1/large | md5sum
curl -s -r 100-199 ftp://127.0.0.1/large | md5sum
seq 1000 | curl -s -T - ftp://127.0.0.1/up/new
curl -s ftp://127.0.0.1/up/new | md5sum
curl -s -P - ftp://127.0.0.1/large | md5sum
for i in 1 2 3 4; do curl -s ftp://127.0.0.1/large | md5sum & done | uniq -c
kill $server
wait $server || echo "ended with $?"
"""
VSFTPD_SAYS = """large
up
dea9193b768319cbb4ff1a137ac03113  -
b8465f50d9579a17a918285548090783  -
53d025127ae99ab79e8502aae2d9bea6  -
dea9193b768319cbb4ff1a137ac03113  -
      4 dea9193b768319cbb4ff1a137ac03113  -
ended with 143
"""

RSYNC = r"""
mkdir -p /srv/all/deep/er /tmp/copy
seq 100000 >/srv/all/large
ln -s large /srv/all/link
ln /srv/all/large /srv/all/deep/er/same
echo kept >/srv/all/deep/small
touch -d '2020-01-02 03:04:05' /srv/all/deep/small
printf 'uid = root\ngid = root\nuse chroot = yes\n[all]\npath = /srv/all\nread only = no\nauth users = me\nsecrets file = /tmp/secrets\n' >/tmp/r.conf
echo me:word >/tmp/secrets
chmod 600 /tmp/secrets
export RSYNC_PASSWORD=word TZ=UTC
rsync --daemon --no-detach --address=127.0.0.1 --config=/tmp/r.conf 2>/tmp/log & server=$!
until rsync 127.0.0.1:: >/dev/null 2>&1; do sleep 0.3; done
rsync -aH me@127.0.0.1::all/ /tmp/copy/
cd /tmp/copy
stat -c '%N %s %h' large link deep/small deep/er/same
ls -l --time-style=+%F-%T deep/small | cut -d' ' -f6
echo more >>/srv/all/large
touch -d "2021-01-01" /srv/all/large
rsync -aHi --stats me@127.0.0.1::all/ /tmp/copy/ | grep -E '^>|Literal'
rm deep/small; echo new >new
rsync -aHi --delete --checksum --omit-dir-times /tmp/copy/ me@127.0.0.1::all/
RSYNC_PASSWORD=wrong rsync me@127.0.0.1::all/ 2>/dev/null || echo "refused with $?"
kill $server
wait $server || echo "ended with $?"
"""
RSYNC_SAYS = """'large' 588895 2
'link' -> 'large' 5 1
'deep/small' 5 1
'deep/er/same' 588895 2
2020-01-02-03:04:05
>f.st...... large
Literal data: 660 bytes
*deleting   deep/small
<f+++++++++ new
refused with 5
"""

DOVECOT = r"""
cd /tmp
echo dovecot:x:103:65534::/usr/lib/dovecot:/usr/sbin/nologin >>/etc/passwd
echo dovenull:x:104:65534::/nonexistent:/usr/sbin/nologin >>/etc/passwd
echo user:x:1000:1000::/home/user:/bin/sh >>/etc/passwd
echo user:x:1000: >>/etc/group
printf 'dovecot:x:103:\ndovenull:x:104:\n' >>/etc/group
mkdir -p /home/user && chown 1000:1000 /home/user
echo 'user:{PLAIN}word' >/tmp/users
cat >d.conf <<X
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
log_path = /tmp/log
mail_location = maildir:~/Maildir
passdb {
  driver = passwd-file
  args = /tmp/users
}
userdb {
  driver = passwd
}
X
dovecot -F -c d.conf & server=$!
imap() { curl -s -u user:word "$@"; }
until imap imap://127.0.0.1/ >/dev/null; do sleep 0.3; done
for i in 1 2 3; do
    printf "From: a@example\r\nTo: user@example\r\nSubject: message $i\r\n\r\nIts text, $i.\r\n" >message
    imap -T message imap://127.0.0.1/INBOX
done
imap imap://127.0.0.1/ -X 'STATUS INBOX (MESSAGES UNSEEN)' | tr -d '\r'
imap 'imap://127.0.0.1/INBOX;MAILINDEX=2' | tr -d '\r'
imap imap://127.0.0.1/INBOX -X 'SEARCH SUBJECT 3' | tr -d '\r'
imap imap://127.0.0.1/INBOX -X 'CREATE Kept' >/dev/null
imap imap://127.0.0.1/INBOX -X 'COPY 1:2 Kept' | tr -d '\r'
imap imap://127.0.0.1/ -X 'STATUS Kept (MESSAGES)' | tr -d '\r'
curl -s -u user:wrong imap://127.0.0.1/ || echo "refused with $?"
kill $server
wait $server
"""
DOVECOT_SAYS = """* STATUS INBOX (MESSAGES 3 UNSEEN 0)
From: a@example
To: user@example
Subject: message 2

Its text, 2.
* SEARCH 3
* STATUS Kept (MESSAGES 2)
refused with 67
"""

EXIM = r"""
cd /tmp
echo Debian-exim:x:105:105::/var/spool/exim4:/usr/sbin/nologin >>/etc/passwd
echo user:x:1000:1000::/home/user:/bin/sh >>/etc/passwd
printf 'Debian-exim:x:105:\nuser:x:1000:\n' >>/etc/group
mkdir -p /home/user /var/spool/exim4 /var/log/exim4
chown 1000:1000 /home/user
chown -R Debian-exim:Debian-exim /var/spool/exim4 /var/log/exim4
cat >/etc/exim4/exim4.conf <<'X'
primary_hostname = mail.test
domainlist local_domains = mail.test
local_interfaces = 127.0.0.1
acl_smtp_rcpt = rcpt
begin acl
rcpt:
  accept domains = +local_domains
         verify = recipient
  deny message = not here
begin routers
forward:
  driver = redirect
  check_local_user
  file = $home/.forward
  no_verify
  no_expn
  file_transport = file
  pipe_transport = pipe
  reply_transport = reply
local:
  driver = accept
  check_local_user
  transport = home
begin transports
home:
  driver = appendfile
  file = $home/mail
file:
  driver = appendfile
pipe:
  driver = pipe
reply:
  driver = autoreply
X
chmod 644 /etc/exim4/exim4.conf
exim4 -bdf -q30m & server=$!
printf 'Subject: by SMTP\n\nIts text.\n' >message
until curl -sf smtp://127.0.0.1 --mail-from a@elsewhere.test --mail-rcpt user@mail.test -T message; do sleep 0.3; done
curl -sf smtp://127.0.0.1 --mail-from a@elsewhere.test --mail-rcpt none@mail.test -T message || echo "refused with $?"
printf 'Subject: by a program\n\nIts text, again.\n' | chroot --userspec=user:user / /usr/sbin/exim4 -i user
until [ "$(grep -cs '^Subject' /home/user/mail)" = 2 ]; do sleep 0.3; done
grep -E '^(Subject|Its|From a|Return)' /home/user/mail | sed 's/^\(From [^ ]*\).*/\1/' | cut -d' ' -f1-3 | sort
stat -c '%U %a' /home/user/mail
printf '#!/bin/sh\ncat >/home/user/piped\n' >/home/user/take
chmod 755 /home/user/take
echo '|/home/user/take' >/home/user/.forward
chown 1000:1000 /home/user/.forward
echo piped | exim4 -i user@mail.test
until grep -s piped /home/user/piped; do sleep 0.3; done
exim4 -bpc
kill $server
wait $server || echo "ended with $?"
"""
EXIM_SAYS = """refused with 55
From a@elsewhere.test
Its text, again.
Its text.
Subject: by SMTP
Subject: by a
user 600
piped
0
"""

COTURN = r"""
cd /tmp
turnserver -n -L 127.0.0.1 --allow-loopback-peers -a -u user:word -r realm.test --no-tls --no-dtls --no-cli -m 2 --pidfile /tmp/pid -l stdout --min-port 50000 --max-port 50100 >log 2>&1 & server=$!
turnutils_peer -L 127.0.0.1 -p 3480 >/dev/null 2>&1 & peer=$!
until grep -q "IO method (admin" log; do sleep 0.3; done
turnutils_stunclient 127.0.0.1 2>&1 | grep -o "reflexive addr: 127.0.0.1" | uniq
turnutils_uclient -u user -w word -e 127.0.0.1 -r 3480 -n 10 -m 2 -X 127.0.0.1 2>&1 | grep -o 'tot_send_msgs=20, tot_recv_msgs=20' | tail -1
turnutils_uclient -t -u user -w word -e 127.0.0.1 -r 3480 -n 10 -m 2 -X 127.0.0.1 2>&1 | grep -o 'tot_send_msgs=20, tot_recv_msgs=20' | tail -1
kill $peer $server
wait $server || echo "ended with $?"
"""
COTURN_SAYS = """reflexive addr: 127.0.0.1
tot_send_msgs=20, tot_recv_msgs=20
tot_send_msgs=20, tot_recv_msgs=20
ended with 143
"""

NATS = r"""
cd /tmp
nats-server -a 127.0.0.1 -m 8222 -js -sd /tmp/js -l log & server=$!
until curl -sf 127.0.0.1:8222/healthz; do sleep 0.3; done
echo
bash -euc '
exec 3<>/dev/tcp/127.0.0.1/4222 4<>/dev/tcp/127.0.0.1/4222
read -r info <&3; read -r info <&4
printf "CONNECT {\"verbose\":false}\r\nSUB many.* 1\r\nPING\r\n" >&3
read -r line <&3; echo "$line" | tr -d "\r"
for i in 1 2 3; do printf "PUB many.$i 9\r\nmessage $i\r\n" >&4; done
for i in 1 2 3 4 5 6; do read -r line <&3; echo "$line" | tr -d "\r"; done
'
kill $server
wait $server || true  # 1 or 0: which of its two ends comes first is chance
echo ended
"""
NATS_SAYS = """{"status":"ok"}
PONG
MSG many.1 1 9
message 1
MSG many.2 1 9
message 2
MSG many.3 1 9
message 3
ended
"""

CASES = [
    inside("dnsmasq", ("dnsmasq-base", "bind9-dnsutils"), DNSMASQ, DNSMASQ_SAYS),
    inside("stunnel", ("stunnel4", "openssl", "netcat-openbsd"), STUNNEL, STUNNEL_SAYS),
    inside("lighttpd", ("lighttpd",), LIGHTTPD, LIGHTTPD_SAYS),
    inside("sshd", ("openssh-server", "openssh-client"), SSHD, SSHD_SAYS),
    inside("vsftpd", ("vsftpd",), VSFTPD, VSFTPD_SAYS),
    inside("rsync", ("rsync",), RSYNC, RSYNC_SAYS),
    inside("dovecot", ("dovecot-imapd",), DOVECOT, DOVECOT_SAYS),
    inside("exim", ("exim4-daemon-light", "python3"), EXIM, EXIM_SAYS),
    inside("coturn", ("coturn",), COTURN, COTURN_SAYS),
    inside("nats", ("nats-server",), NATS, NATS_SAYS),
]
