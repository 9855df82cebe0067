"""Services of Debian's that run on Java and Erlang, one that tells of the machine, and one that keeps versions."""
from long.debian import inside

# A page that is compiled when it is first asked for.
TOMCAT = r"""
export JAVA_HOME=/usr/lib/jvm/default-java CATALINA_HOME=/usr/share/tomcat10 CATALINA_BASE=/tmp/base CATALINA_TMPDIR=/tmp
mkdir -p /tmp/base/conf /tmp/base/webapps/ROOT /tmp/base/logs /tmp/base/work
cp -rL /usr/share/tomcat10/etc/* /etc/tomcat10/* /tmp/base/conf/
cat >/tmp/base/webapps/ROOT/index.jsp <<'X'
<%@ page contentType="text/plain" %><% int s = 0; for (int i = 1; i <= 100; i++) s += i; %>sum <%= s %> on <%= System.getProperty("os.name") %>
X
$CATALINA_HOME/bin/catalina.sh run >/tmp/log 2>&1 & p=$!
until curl -sf http://127.0.0.1:8080/; do sleep 1; done
curl -s -o /dev/null -w '%{http_code}\n' http://127.0.0.1:8080/nope
kill $p; wait $p || echo status $?
grep SEVERE /tmp/log || true
"""
TOMCAT_SAYS = """sum 5050 on Linux
404
status 143
"""

# Erlang's machine, its port mapper, and nodes that speak with each other.
RABBITMQ = r"""
export HOME=/tmp/r RABBITMQ_MNESIA_BASE=/tmp/r/m RABBITMQ_LOG_BASE=/tmp/r/l RABBITMQ_NODENAME=rabbit@localhost RABBITMQ_PID_FILE=/tmp/r/pid LANG=C.UTF-8
mkdir -p /tmp/r
/usr/lib/rabbitmq/bin/rabbitmq-server >/tmp/r/log 2>&1 &
until grep -q 'Starting broker... completed' /tmp/r/log; do sleep 1; done
/usr/lib/rabbitmq/bin/rabbitmqctl -q add_user a b
/usr/lib/rabbitmq/bin/rabbitmqctl -q list_users
/usr/lib/rabbitmq/bin/rabbitmqctl -q stop
wait; tail -1 /tmp/r/log
"""
RABBITMQ_SAYS = """user\ttags
guest\t[administrator]
a\t[]
Gracefully halting Erlang VM
"""

ZOOKEEPER = r"""
mkdir -p /tmp/z
printf 'tickTime=2000\ndataDir=/tmp/z\nclientPort=2181\nadmin.enableServer=false\n' >/tmp/z/zoo.cfg
export CLASSPATH=/etc/zookeeper/conf_example:/usr/share/java/zookeeper.jar PATH=$PATH:/usr/lib/jvm/default-java/bin
java org.apache.zookeeper.server.quorum.QuorumPeerMain /tmp/z/zoo.cfg >/tmp/z/log 2>&1 & p=$!
client() { java org.apache.zookeeper.ZooKeeperMain -server 127.0.0.1:2181 "$@" 2>&1; }
until client create /a hello | grep Created; do sleep 1; done
client get /a | tail -1
kill $p; wait $p || echo status $?
"""
ZOOKEEPER_SAYS = """Created /a
hello
status 143
"""

# Interfaces, addresses, neighbours, sockets, processes and file systems, as /proc and netlink tell of them.
SNMPD = r"""
printf 'rocommunity public\nsysLocation here\nagentaddress udp:127.0.0.1:1161\n' >/tmp/s.conf
export SNMP_PERSISTENT_DIR=/tmp/s MIBS=
mkdir -p /tmp/s
snmpd -f -Lf /tmp/log -C -c /tmp/s.conf 2>/dev/null & p=$!
walk() { snmpbulkwalk -v2c -cpublic -On -r 20 127.0.0.1:1161 $1; }
walk .1.3.6.1.2.1.1.6.0
walk .1.3.6.1.2.1.2.2.1.2 | grep -c -w lo
walk .1.3.6.1.2.1.4 | tail -1 | cut -d. -f 1-7
test $(walk .1.3.6.1.2.1.25 | wc -l) -gt 50
kill $p; wait $p; echo status $?
"""
SNMPD_SAYS = """.1.3.6.1.2.1.1.6.0 = STRING: "here"
1
.1.3.6.1.2.1
status 0
"""

SUBVERSION = r"""
export HOME=/tmp
cd /tmp
svnadmin create r
printf '[general]\nanon-access = write\n' >r/conf/svnserve.conf
svnserve -d --foreground --listen-host 127.0.0.1 -r /tmp & p=$!
until svn -q co svn://127.0.0.1/r w 2>/dev/null; do sleep 0.3; done
cd w
mkdir d
for i in $(seq 20); do echo $i >d/f$i; done
svn -q add d
svn -q ci -m one
echo more >>d/f3
svn -q ci -m two
svn -q up
svn log -q | grep -c ^r
svn cat d/f3
svnadmin verify -q ../r
kill $p; wait $p || echo status $?
"""
SUBVERSION_SAYS = """2
3
more
status 143
"""

CASES = [
    inside("tomcat", ("tomcat10", "curl"), TOMCAT, TOMCAT_SAYS, memory="1G"),
    inside("rabbitmq", ("rabbitmq-server",), RABBITMQ, RABBITMQ_SAYS, memory="1G"),
    inside("zookeeper", ("zookeeper", "python3"), ZOOKEEPER, ZOOKEEPER_SAYS, memory="1G"),
    inside("snmpd", ("snmpd", "snmp"), SNMPD, SNMPD_SAYS),
    inside("subversion", ("subversion",), SUBVERSION, SUBVERSION_SAYS),
]
