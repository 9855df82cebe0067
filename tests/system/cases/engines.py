"""Containers of engines as machines: the runtime by itself, as an engine calls it, and below Podman."""
from system.case import Case

BUSYBOX = "/bin/busybox"

# $1: busybox. A bundle, whose program is the shell's text in the file `program`; `more` are other keys of its configuration.
BUNDLE = r"""
    export HOME="$PWD" OCI="${SPORE%/*}/spore-oci"
    oci() { "$OCI" --root "$PWD/state" "$@"; }
    mkdir -p bundle/rootfs/bin && cp "$1" bundle/rootfs/bin/busybox && ln -s busybox bundle/rootfs/bin/sh
    make() {  # PROGRAM MORE PROCESS
        python3 - "$@" <<'END'
import json, sys
program, more, process = sys.argv[1:]
json.dump({"ociVersion": "1.0.2", "root": {"path": "rootfs"}, "hostname": "vessel", "process": {"args": ["sh", "-c", program], "cwd": "/srv", "env": ["PATH=/bin", "A=1"],
           "user": {"uid": 7, "gid": 8, "additionalGids": [9, 10]}, **json.loads(process)}, **json.loads(more)}, open("bundle/config.json", "w"))
END
    }
    status() { oci state one | python3 -c 'import json, sys; print(json.load(sys.stdin)["status"])'; }
    ended() { while [ "$(status)" != stopped ]; do sleep 0.1; done; status; }
"""

# One end of a pair of interfaces is the container's, in a namespace; the other is ours.
NAMESPACE = r"""
    ip link set lo up
    unshare -n sleep 1000 & holder=$!
    trap 'kill $holder' EXIT
    while [ "$(readlink /proc/$holder/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
    inside() { nsenter -t $holder -n "$@"; }
    ip link add ours type veth peer name eth0 address 02:00:00:00:00:02 netns $holder
    ip addr add 10.7.0.1/24 dev ours; ip -6 addr add fd07::1/64 dev ours nodad; ip link set ours up
    inside ip link set lo up; inside ip addr add 10.7.0.2/24 dev eth0; inside ip -6 addr add fd07::2/64 dev eth0 nodad; inside ip link set eth0 mtu 1400 up
    inside ip route add default via 10.7.0.1
    network="{\"linux\": {\"namespaces\": [{\"type\": \"network\", \"path\": \"/proc/$holder/ns/net\"}]}}"
"""

PODMAN = r"""
    export HOME="$PWD" XDG_RUNTIME_DIR=
    pod() { podman --root "$PWD/store" --runroot "$PWD/runroot" --tmpdir "$PWD/tmp" --storage-driver vfs --cgroup-manager cgroupfs --events-backend file --runtime "${SPORE%/*}/spore-oci" "$@"; }
    mkdir -p root/bin data && cp "$1" root/bin/busybox && ln -s busybox root/bin/sh && echo given > data/in
    tar -C root -c . | pod import -q - vessel > /dev/null
    trap 'pod rm -f -a -t 0 > /dev/null 2>&1' EXIT
"""

CASES = [
    Case("bundle", [BUSYBOX], needs=(BUSYBOX, "/usr/bin/python3"), timeout=120, script=BUNDLE + r"""
        make 'trap "echo asked; exit 3" TERM; echo "$A $(busybox id -u):$(busybox id -G) $(busybox pwd) $(busybox hostname) $(ulimit -n)"; while :; do busybox sleep 0.1; done' \
             '{"annotations": {"spore.memory": "32M"}}' '{"rlimits": [{"type": "RLIMIT_NOFILE", "soft": 33, "hard": 44}]}'
        oci create --bundle bundle --pid-file pid one > output
        status; test "$(oci ps --format json one)" = "[$(cat pid)]"; test "$(cat output | wc -c)" = 0
        oci start one; oci start one 2>&1 || echo "refused with $?"; status
        while ! grep -q 33 output; do sleep 0.1; done
        echo '{"args": ["sh", "-c", "echo $B $(busybox id -G); exit 5"], "cwd": "/bin", "env": ["B=further"], "user": {"uid": 7, "gid": 1, "additionalGids": [2]}}' > more.json
        oci exec --process more.json one || echo "status $?"
        oci delete one 2>&1 || echo "refused with $?"
        oci kill one TERM; ended; oci kill one 2>&1 || echo "refused with $?"
        cat output; oci delete one; oci state one 2>&1 || echo "gone"
        make 'exit 9' '{}' '{}'; oci run --bundle bundle one || echo "status $?"
        make 'echo never' '{}' '{}'; oci create --bundle bundle one; oci create --bundle bundle one 2>&1 || echo "refused with $?"; oci delete one; ls state/spore
        """, stdout="created\nspore: the container one is running, and only a created one can be started\nrefused with 125\nrunning\nfurther 1 2\nstatus 5\n"
                    "spore: the container one runs: stop it first, or delete it with --force\nrefused with 125\nstopped\nspore: the container one is stopped: there is no process to send a signal to\n"
                    "refused with 125\n1 7:8 9 10 /srv vessel 33\nasked\nspore: there is no container 'one'\ngone\nstatus 9\nspore: there is a container one already: delete it first\nrefused with 125\n"),
    Case("bundle-volumes", [BUSYBOX], needs=(BUSYBOX, "/usr/bin/python3"), timeout=60, script=BUNDLE + r"""
        export XDG_CACHE_HOME="$PWD/cache"; mkdir kept; echo before > kept/a; echo '127.0.0.1 special' > hosts
        make 'busybox cat /kept/a /etc/hosts; echo after > /kept/b; echo x > /sealed/c 2> /dev/null || echo sealed; busybox tty || echo "no terminal"' '{"mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"}, {"destination": "/kept", "type": "bind", "source": "'"$PWD"'/kept", "options": ["rbind", "rw"]},
            {"destination": "/sealed", "type": "bind", "source": "'"$PWD"'/kept", "options": ["bind", "ro"]}, {"destination": "/etc/hosts", "type": "bind", "source": "'"$PWD"'/hosts"}]}' '{"user": {"uid": 0, "gid": 0}}'
        oci run --bundle bundle one < /dev/null; cat kept/b
        mv bundle moved; mkdir bundle; mv moved/* bundle; echo '127.0.0.1 another' > hosts; oci run --bundle bundle one < /dev/null | head -n 2; echo "$(ls cache/spore/roots/*.erofs | wc -l) image"
        echo more > bundle/rootfs/bin/more; oci run --bundle bundle one < /dev/null > /dev/null; echo "$(ls cache/spore/roots/*.erofs | wc -l) images"
        make 'echo' '{"mounts": [{"destination": "/x", "type": "bind", "source": "/dev/null"}]}' '{}'; oci --log log --log-format json create --bundle bundle one 2> /dev/null || grep -o '"level":"error","msg":".*away"' log
        """, stdout="before\n127.0.0.1 special\nsealed\nnot a tty\nno terminal\nafter\nbefore\n127.0.0.1 another\n1 image\n2 images\n"
                    '"level":"error","msg":"the mount at /x: /dev/null is no file and no folder, and a machine cannot reach it: leave this mount away"\n'),
    # What a machine that stands still printed before comes, and nothing else.
    Case("bundle-pause", [BUSYBOX], needs=(BUSYBOX, "/usr/bin/python3"), timeout=60, script=BUNDLE + r"""
        make 'while :; do echo tick; busybox usleep 20000; done' '{}' '{}'
        oci create --bundle bundle one > output; oci pause one 2>&1 || echo "refused with $?"; oci start one
        while ! grep -q tick output; do sleep 0.1; done
        oci pause one; status; oci pause one 2>&1 || echo "refused with $?"; sleep 0.5; before=$(wc -l < output); sleep 1; test "$before" = "$(wc -l < output)" && echo still
        oci resume one; status; while [ "$before" = "$(wc -l < output)" ]; do sleep 0.1; done; echo "goes on"
        oci pause one; oci delete --force one; ls state/spore
        """, stdout="spore: the container one is created, and only a running one can be paused\nrefused with 125\npaused\n"
                    "spore: the container one is paused, and only a running one can be paused\nrefused with 125\nstill\nrunning\ngoes on\n"),
    Case("bundle-network", [BUSYBOX], needs=(BUSYBOX, "/usr/bin/python3", "/usr/bin/unshare", "/usr/bin/nsenter", "/usr/bin/curl", "/sbin/tc"), root=True, timeout=120,
         script='exec unshare -n sh -euc "$(cat <<\'WHOLE\'\n' + BUNDLE + NAMESPACE + r"""
        make 'busybox httpd -p 80 -h /bin/..; busybox ip link show eth0 | busybox grep -o "mtu 1400\|02:00:.* brd"; busybox ip -4 route show default; exec busybox sleep 1000' "$network" '{"user": {"uid": 0, "gid": 0}}'
        echo page > bundle/rootfs/page
        oci create --bundle bundle one > output; oci start one
        for address in 10.7.0.2 '[fd07::2]'; do
            for attempt in $(seq 100); do curl -s -m 1 "http://$address/page" && break || sleep 0.1; done
        done
        oci create --bundle bundle two 2>&1 || echo "refused with $?"
        oci kill one KILL; ended; oci delete one; cat output
        python3 -m http.server --bind 10.7.0.1 --directory bundle/rootfs 8000 > /dev/null 2>&1 & server=$!
        trap 'kill $holder $server' EXIT
        make 'busybox wget -q -O - http://10.7.0.1:8000/page' "$network" '{}'
        for attempt in $(seq 100); do curl -s -m 1 -o listing http://10.7.0.1:8000/ && break || sleep 0.1; done
        oci run --bundle bundle two
WHOLE
)" script "$1"
        """, stdout="page\npage\nspore: the container's network: a machine has the interface eth0 already, and each needs one to itself: give a pod one container\nrefused with 125\nstopped\n"
                    "mtu 1400\n02:00:00:00:00:02 brd\ndefault via 10.7.0.1 dev eth0 \npage\n"),
    Case("bundle-hooks", [BUSYBOX], needs=(BUSYBOX, "/usr/bin/python3", "/usr/bin/unshare"), root=True, timeout=60, script=BUNDLE + r"""
        note='#!/bin/sh\nstate=$(cat)\necho "$1 $(echo "$state" | grep -o "creating\\|created\\|running\\|stopped")" >> "'"$PWD"'/notes"\n[ "$1" != refuse ]\n'
        printf "$note" > hook; chmod +x hook
        hooks() { echo "{\"linux\": {\"namespaces\": [{\"type\": \"network\"}]}, \"hooks\": {$(for kind in $1; do printf '"%s": [{"path": "%s", "args": ["hook", "%s"], "env": ["PATH=/bin:/usr/bin"]}], ' $kind "$PWD/hook" ${2:-$kind}; done) \"x\": 1}}"; }
        make 'busybox ip link | busybox grep -c eth' "$(hooks "prestart createRuntime createContainer poststart poststop")" '{}'
        oci run --bundle bundle one || echo "status $?"; cat notes
        make 'echo never' "$(hooks createRuntime refuse)" '{}'
        oci run --bundle bundle one 2>&1 | sed "s|$PWD/||" ; ls state/spore
        """, stdout="0\nstatus 1\nprestart creating\ncreateRuntime creating\ncreateContainer creating\npoststart running\npoststop stopped\nspore: the hook hook failed: it ended with status 1\n"),
    Case("podman", [BUSYBOX], needs=(BUSYBOX, "/usr/bin/podman", "/usr/bin/script"), root=True, timeout=120, script=PODMAN + r"""
        pod run --rm --network none -e GREETING=hello -v "$PWD/data:/data" -w /data -u 5:6 vessel sh -c 'echo "$GREETING from $(busybox id -u):$(busybox id -g)"; busybox cat in; exit 7' || echo "status $?"
        echo through | pod run --rm -i --network none vessel busybox cat
        pod run -d --name one --network none vessel sh -c 'trap "echo bye; exit 3" TERM; echo up; while :; do busybox sleep 0.1; done' > /dev/null
        while [ "$(pod logs one)" != up ]; do sleep 0.1; done
        pod inspect one --format '{{.State.Status}}'; pod exec -e B=2 one sh -c 'echo "exec $B"; exit 4' || echo "status $?"
        pod stop one > /dev/null; pod logs one; pod inspect one --format '{{.State.Status}} {{.State.ExitCode}}'
        pod start one > /dev/null; pod pause one > /dev/null; pod inspect one --format '{{.State.Status}}'; pod unpause one > /dev/null
        pod exec one busybox echo "goes on"; pod kill one > /dev/null; pod wait one; pod rm one > /dev/null
        script -qec "podman --root $PWD/store --runroot $PWD/runroot --tmpdir $PWD/tmp --storage-driver vfs --cgroup-manager cgroupfs --events-backend file --runtime ${SPORE%/*}/spore-oci run --rm -it --network none vessel sh -c 'busybox tty; exit 6'" typescript < /dev/null > /dev/null || echo "status $?"; grep -o /dev/console typescript
        pod run --rm --network none vessel /no/program 2> /dev/null || echo "status $?"
        """, stdout="hello from 5:6\ngiven\nstatus 7\nthrough\nrunning\nexec 2\nstatus 4\nup\nbye\nexited 3\npaused\ngoes on\n137\nstatus 6\n/dev/console\nstatus 127\n"),
]
