"""A proxy, a directory and a file server of Debian's."""
from long.debian import inside

# A master and its workers; a reload that hands the sockets on.
HAPROXY = r"""
cd /tmp
cat >h.cfg <<X
global
 master-worker
 nbthread 2
 stats socket /tmp/stats mode 600 level admin expose-fd listeners
 pidfile /tmp/pid
defaults
 mode http
 timeout connect 2s
 timeout client 5s
 timeout server 5s
frontend f
 bind 127.0.0.1:80
 http-request return status 200 content-type text/plain string "direct" if { path /direct }
 default_backend b
backend b
 balance roundrobin
 option httpchk GET /direct
 server a 127.0.0.1:81 check inter 200ms
frontend g
 bind 127.0.0.1:81
 http-request return status 200 content-type text/plain lf-string "backend %[path]\n"
X
haproxy -c -f h.cfg >/dev/null
haproxy -W -f h.cfg >log 2>&1 & p=$!
until curl -sf 127.0.0.1/direct; do sleep 0.2; done
echo
for i in 1 2 3; do curl -s 127.0.0.1/x$i; done
kill -USR2 $p
sleep 2
curl -s 127.0.0.1/after
kill -TERM $p; wait $p || echo status $?
"""
HAPROXY_SAYS = """direct
backend /x1
backend /x2
backend /x3
backend /after
"""

# LDAP over a database that is mapped memory (LMDB).
SLAPD = r"""
cd /tmp
mkdir -p db
cat >slapd.conf <<X
include /etc/ldap/schema/core.schema
modulepath /usr/lib/ldap
moduleload back_mdb.la
pidfile /tmp/pid
database mdb
maxsize 10485760
suffix "dc=x"
rootdn "cn=a,dc=x"
rootpw secret
directory /tmp/db
X
slapd -f slapd.conf -h ldap://127.0.0.1/ 
cat >a.ldif <<X
dn: dc=x
objectClass: dcObject
objectClass: organization
o: X
dc: x

dn: ou=people,dc=x
objectClass: organizationalUnit
ou: people
X
ldapadd -x -H ldap://127.0.0.1 -D cn=a,dc=x -w secret -f a.ldif
ldapsearch -x -LLL -H ldap://127.0.0.1 -b dc=x '(ou=*)' dn
kill $(cat pid); while [ -f pid ]; do sleep 0.1; done; echo ended
"""
SLAPD_SAYS = """adding new entry "dc=x"

adding new entry "ou=people,dc=x"

dn: ou=people,dc=x

ended
"""

# A process for each client, message queues and databases shared among them.
SAMBA = r"""
cd /tmp
mkdir -p /var/lib/samba/private /var/cache/samba /run/samba /var/log/samba /srv/s /etc/samba
echo data >/srv/s/file
cat >/etc/samba/smb.conf <<X
[global]
 server role = standalone
 map to guest = Bad User
 interfaces = 127.0.0.1
 bind interfaces only = yes
 disable netbios = yes
 smb ports = 445
 load printers = no
[s]
 path = /srv/s
 guest ok = yes
 read only = no
X
smbd -D
until smbclient -N //127.0.0.1/s -c 'get file got' >/dev/null 2>&1; do sleep 0.5; done
cat got
smbclient -N //127.0.0.1/s -c 'put got new; ls' 2>/dev/null | grep -c -E 'file|new'
kill $(cat /run/samba/smbd.pid); echo ended
"""
SAMBA_SAYS = """data
2
ended
"""

CASES = [
    inside("haproxy-reload", ("haproxy",), HAPROXY, HAPROXY_SAYS),
    inside("slapd", ("slapd", "ldap-utils"), SLAPD, SLAPD_SAYS),
    inside("samba", ("samba", "smbclient"), SAMBA, SAMBA_SAYS),
]
