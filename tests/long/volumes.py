"""Databases on volumes whose machine ends in the midst of their work, again and again: what a client was told to be committed is there, and nothing is damaged.

"told CLIENT NUMBER" is what a machine says when the commits of this client up to this number are safe. On microvm the disk loses what no flush came after (lost_power.py);
as a process the machine is killed."""
from system.case import PROGRAMS, Case

TOOLS = ("/sbin/mke2fs", "/sbin/e2fsck", "/usr/bin/flock", "/usr/bin/python3")
LOSE = (PROGRAMS / "lost_power.py").read_text()

# $1: a seed; $2: the tree. Each round starts with what the last one has left, and goes on until clients were told of some more commits.
# The file told has the last of each client.
ROUNDS = r"""
chmod 755 .
tree=$2
export PATH="$PATH:/sbin" WRITES=$PWD/writes QEMU=$(command -v qemu-system-x86_64) || QEMU=
mke2fs -q -t ext4 -b 4096 -E root_owner=1000:1000 disk 512M >/dev/null
touch told
machine() { exec "$SPORE" run $OPTIONS --root "$tree" -v ./disk:/data:disk -v ./script:/script:ro -v ./told:/told:ro /bin/bash -eu /script "$@"; }
run() { (machine "$@"); }
# Linux puts in order what is left, and finds nothing beside that.
look() {
    cp --sparse=always disk copy
    e2fsck -E journal_only -p copy >report 2>&1 || test $? = 1
    e2fsck -p copy >>report 2>&1 || test $? = 1
    e2fsck -fn copy >>report 2>&1 || { cat report; exit 1; }
}
run make >out 2>&1 || { cat out; exit 1; }
look
for round in 1 2 3 4 5; do
    cp --sparse=always disk before
    rm -f writes; : >writes; chmod 666 writes
    : >out  # now, and not when the machine is there
    if [ -n "$LOSES" ]; then (PATH=$PWD:$PATH; machine load) >out 2>errors & else machine load >out 2>errors & fi
    machine=$!
    enough=$((round * 37 % 60 + 20))
    until [ $(grep -c ^told out) -ge $enough ]; do
        kill -0 $machine || { cat out errors; exit 1; }
        sleep 0.1
    done
    kill -KILL $machine
    wait $machine 2>gone || :
    flock disk true  # which all of the machine have
    ! sed '$d' out | grep -v ^told || exit 1
    if [ -n "$LOSES" ]; then mv before disk; python3 lost_power.py disk writes "$1 $round" 2>lost; fi
    look
    # The last line may lack a part.
    sed '$d' out | cat told - | awk '$3 > most[$2] { most[$2] = $3 } END { for (client in most) print "told", client, most[client] }' >news
    mv news told
done
run check
look
"""


def power_cuts(name, packages, script, stdout, **more):
    """The script is told to `make` what is needed, to check and `load` it, or to `check` it and end well."""
    more = {"tree": packages, "needs": TOOLS, "machines": ("microvm",), "modes": ("fused",), "cpus": (2,), "memory": "768M", "timeout": 1800, "arm64": False, "stdout": stdout,
            "files": {"script": COMMON + script, "lost_power.py": LOSE, "qemu-system-x86_64": (LOSE, 0o755)}, **more}
    return [Case(name, [name, "{tree}"], script="LOSES=y\n" + ROUNDS, **more),
            Case(f"{name}-linuxu", [name, "{tree}"], script="LOSES=\n" + ROUNDS.replace("$OPTIONS", "--on linuxu -m 768M --cpus 2"), **more)]


# Clients' numbers are told after their commits, each client's one after another.
COMMON = r"""
export LC_ALL=C
cd /data
clients="1 2 3"
each_told() { while read -r _ client number; do check_client $client $number; done </told; }
"""

POSTGRES = r"""
if [ $(id -u) = 0 ]; then  # as which it refuses to run
    echo postgres:x:1000:1000::/tmp:/bin/bash >>/etc/passwd
    exec chroot --userspec 1000:1000 / /bin/bash -eu "$0" "$@"
fi
export PATH=/usr/lib/postgresql/15/bin:$PATH PGHOST=/tmp PGUSER=postgres
start() {
    postgres -D d -k /tmp -c listen_addresses= -c min_wal_size=8MB -c max_wal_size=16MB -c shared_buffers=16MB -c checkpoint_timeout=30 >/tmp/log 2>&1 & server=$!
    until psql -c 'select 1' >/dev/null 2>&1; do kill -0 $server || { cat /tmp/log; exit 1; }; sleep 0.3; done
}
stop() { kill -INT $server; wait $server; ! grep -E 'PANIC|invalid page|could not|corrupt' /tmp/log; }
ask() { psql -At -v ON_ERROR_STOP=1 "$@"; }
check_client() {
    [ "$(ask -c "select count(*) = max(n) and max(n) >= $2 and bool_and(s = repeat(md5(client || ' ' || n), 9)) from told where client = $1")" = t ] ||
        { echo "client $1 was told of $2"; ask -c "select count(*), max(n) from told where client = $1"; exit 1; }
}
check() {
    each_told
    [ "$(ask -c 'select (select sum(abalance) from pgbench_accounts) = d and (select sum(bbalance) from pgbench_branches) = d and (select sum(tbalance) from pgbench_tellers) = d
        from (select coalesce(sum(delta), 0) d from pgbench_history) h')" = t ] || { echo sums differ; exit 1; }
    pg_amcheck --heapallindexed --rootdescend postgres
}
load_client() {
    number=$(ask -c "select coalesce(max(n), 0) from told where client = $1")
    while number=$((number + 1)); do echo "insert into told values ($1, $number, repeat(md5('$1 $number'), 9)) returning 'told $1 $number';"; done | psql -Atq
}
case $1 in
make)
    initdb -D d -U postgres --no-instructions --data-checksums --wal-segsize=4
    start
    pgbench -i -q -s 1
    ask -c 'create table told (client int, n int, s text, primary key (client, n)); create extension amcheck'
    stop ;;
load)
    start
    check
    for client in $clients; do load_client $client & done
    pgbench -n -c 3 -T 1000 >/tmp/pgbench 2>&1 ;;
check)
    start
    check
    stop
    pg_checksums --check d | grep 'Bad'
esac
"""

MARIADB = r"""
start() {
    mariadbd --no-defaults --datadir=/data/d --user=root --socket=/tmp/s --skip-networking --innodb-buffer-pool-size=16M --innodb-log-file-size=4M 2>/tmp/log & server=$!
    until mariadb -S /tmp/s -e 'select 1' >/dev/null 2>&1; do kill -0 $server || { cat /tmp/log; exit 1; }; sleep 0.5; done
}
stop() { mariadb-admin -S /tmp/s shutdown; wait $server; ! grep -iE 'corrupt|\[ERROR\]' /tmp/log; }
ask() { mariadb -S /tmp/s -N -n b "$@"; }
check_client() {
    [ "$(ask -e "select count(*) = max(n) and max(n) >= $2 and sum(s <> repeat(md5(concat(client, ' ', n)), 9)) = 0 from told where client = $1")" = 1 ] ||
        { echo "client $1 was told of $2"; ask -e "select count(*), max(n) from told where client = $1"; exit 1; }
}
check() {
    each_told
    [ "$(ask -e 'select sum(a), count(*) from account')" = "0	100" ] || { echo sums differ; exit 1; }
    [ "$(ask -e 'check table told, account, mysql.user extended' | grep -cv 'OK$')" = 0 ] || { ask -e 'check table told, account, mysql.user extended'; exit 1; }
}
load_client() {
    number=$(ask -e "select coalesce(max(n), 0) from told where client = $1")
    while number=$((number + 1)); do echo "insert into told values ($1, $number, repeat(md5('$1 $number'), 9)); select 'told $1 $number';"; done | ask
}
move() { while :; do echo "start transaction; update account set a = a - 1 where i = $((RANDOM % 50)); update account set a = a + 1 where i = $((RANDOM % 50 + 50)); commit;"; done | ask; }
case $1 in
make)
    mariadb-install-db --no-defaults --datadir=/data/d --user=root --auth-root-authentication-method=normal --innodb-log-file-size=4M
    start
    mariadb -S /tmp/s -e 'create database b'
    ask -e 'create table told (client int, n int, s varchar(300), primary key (client, n), key (s)) engine = innodb;
        create table account (i int primary key, a int) engine = innodb; insert into account select seq, 0 from seq_0_to_99'
    stop ;;
load)
    start
    check
    move & move &
    for client in $clients; do load_client $client & done
    wait ;;
check)
    start
    check
    stop
    echo ended ;;
esac
"""

REDIS = r"""
start() {
    redis-server --port 0 --unixsocket /tmp/s --dir /data --save '' --appendonly yes --appendfsync always --auto-aof-rewrite-percentage 10 --auto-aof-rewrite-min-size 50kb --daemonize no \
        --bind 127.0.0.1 --port 6379 >/tmp/log 2>&1 & server=$!
    until [ "$(redis-cli ping 2>&1)" = PONG ]; do kill -0 $server || { cat /tmp/log; exit 1; }; sleep 0.2; done
}
# Each number once in its list, with its text.
LIST='local all = redis.call("lrange", KEYS[1], 0, -1) for i, v in ipairs(all) do if v ~= i .. " " .. string.rep("x", 200) then return "wrong " .. i .. " " .. v end end
    if #all ~= tonumber(redis.call("get", KEYS[2]) or 0) then return "differ" end return #all'
check_client() { [ $(redis-cli eval "$LIST" 2 list$1 number$1) -ge $2 ] || { echo "client $1 was told of $2"; redis-cli eval "$LIST" 2 list$1 number$1; exit 1; }; }
load_client() {
    exec 3<>/dev/tcp/127.0.0.1/6379
    while echo "eval \"local n = redis.call('incr', KEYS[1]) redis.call('rpush', KEYS[2], n .. ' ' .. string.rep('x', 200)) return n\" 2 number$1 list$1" >&3; do
        read -r -u 3 answer
        answer=${answer%$'\r'}
        echo "told $1 ${answer#:}"
    done
}
case $1 in
make)
    start
    redis-cli set made yes
    redis-cli shutdown
    wait $server ;;
load)
    start
    each_told
    for client in $clients; do load_client $client & done
    wait ;;
check)
    start
    each_told
    redis-cli get made
    redis-cli shutdown
    wait $server
    ! grep -iE 'error|corrupt|truncat' /tmp/log
    echo y | redis-check-aof appendonlydir/*.manifest | grep -c 'are valid' ;;
esac
"""

# One with a log, whose index is mapped memory, and one with journals that come and go.
SQLITE = r"""
ask() {
    base=$1; shift
    stdbuf -oL sqlite3 -bail -cmd '.timeout 60000' -cmd "pragma synchronous = $([ $base = wal ] && echo full || echo extra)" -cmd '.output /dev/null' -cmd 'pragma wal_autocheckpoint = 20' -cmd .output $base "$@"
}
check_client() {
    base=wal
    [ $1 -gt 3 ] && base=journal
    [ "$(ask $base "select count(*) = max(n) and max(n) >= $2 and sum(s <> client || ' ' || n || printf('%300s', 'x')) = 0 from told where client = $1")" = 1 ] ||
        { echo "client $1 was told of $2"; ask $base "select count(*), max(n) from told where client = $1"; exit 1; }
}
check() {
    each_told
    for base in wal journal; do
        [ "$(ask $base 'pragma integrity_check')" = ok ] || { ask $base 'pragma integrity_check'; exit 1; }
        [ "$(ask $base 'select total(n) = (select total(n) from told) from sum')" = 1 ] || { echo sums differ; exit 1; }
    done
}
load_client() {
    number=$(ask $2 "select coalesce(max(n), 0) from told where client = $1")
    while number=$((number + 1)); do
        echo "begin immediate; insert into told values ($1, $number, '$1 $number' || printf('%300s', 'x')); update sum set n = n + $number; commit; select 'told $1 $number';"
    done | ask $2
}
case $1 in
make)
    ask wal 'pragma journal_mode = wal'
    for base in wal journal; do
        ask $base 'create table told (client, n, s, primary key (client, n)); create index i on told(s); create table sum (n); insert into sum values (0)'
    done ;;
load)
    check
    for client in $clients; do load_client $client wal & done
    load_client 4 journal &
    load_client 5 journal &
    wait ;;
check)
    check
    echo ended ;;
esac
"""

CASES = [
    *power_cuts("postgres", ("postgresql-15", "util-linux"), POSTGRES, "Bad checksums:  0\n"),
    *power_cuts("mariadb", ("mariadb-server",), MARIADB, "ended\n"),
    *power_cuts("redis", ("redis-server",), REDIS, "yes\n1\n"),
    *power_cuts("sqlite", ("sqlite3",), SQLITE, "ended\n"),
]
