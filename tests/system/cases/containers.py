"""Container images as roots: archives of both forms and layouts, and what they say of their program."""
import re

from system.case import Case

BUSYBOX = "/bin/busybox"
TOOLS = ("/usr/bin/skopeo", "/usr/bin/umoci")

MAKE = """
    export XDG_CACHE_HOME="$PWD/cache"
    mkdir -p root/bin root/etc root/srv && cp "$1" root/bin/busybox && ln -s busybox root/bin/sh
    echo 'app:x:1000:1001::/home/app:/bin/sh' > root/etc/passwd
    {
        umoci init --layout layout && umoci new --image layout:one && umoci insert --rootless --image layout:one root /
        umoci config --image layout:one --config.entrypoint /bin/sh --config.entrypoint -c --config.env GREETING=hello --config.workingdir /srv --config.user app --config.stopsignal SIGQUIT \\
            --config.entrypoint 'echo "$GREETING, $0 $*; $(busybox pwd) $(busybox id -u):$(busybox id -g)"' --config.cmd from --config.cmd image
        tar -C layout -cf image.tar . && skopeo copy --insecure-policy oci:layout:one docker-archive:docker.tar:name:one
    } > made 2>&1 || cat made
"""

CASES = [
    Case("run", ["{system}" + BUSYBOX], needs=(BUSYBOX, *TOOLS), machines=("microvm",), spread=True, timeout=120, script=MAKE + """
        "$SPORE" run $OPTIONS --image image.tar
        "$SPORE" run $OPTIONS --image docker.tar over there
        "$SPORE" run $OPTIONS --image layout:one -e GREETING=bye -u 0 -w /
        "$SPORE" run $OPTIONS --image layout:one --entrypoint /bin/busybox echo another program
        "$SPORE" run --dry-run --image layout:one --entrypoint /bin/busybox | grep "stop signal"
        echo "$(ls cache/spore/containers | wc -l) unpacked"
        """, stdout="hello, from image; /srv 1000:1001\nhello, over there; /srv 1000:1001\nbye, from image; / 0:0\nanother program\nstop signal  SIGQUIT\n3 unpacked\n"),
    Case("changed", ["{system}" + BUSYBOX], needs=(BUSYBOX, *TOOLS), machines=("microvm",), modes=("fused",), cpus=(1,), arm64=False, timeout=120, script=MAKE + """
        printf 'image = "./image.tar"\\n[environment]\\nGREETING = "good morning"\\n' > spore.toml
        "$SPORE" run $OPTIONS
        umoci config --image layout:one --config.cmd changed && tar -C layout -cf image.tar .
        "$SPORE" run $OPTIONS
        """, stdout="good morning, from image; /srv 1000:1001\ngood morning, changed ; /srv 1000:1001\n"),
    Case("registry", ["{system}" + BUSYBOX, "{package}/usr/bin/docker-registry"], package="docker-registry", needs=(BUSYBOX, *TOOLS), machines=("microvm",), modes=("fused",),
         cpus=(1,), arm64=False, timeout=120, script=MAKE + """
        port=$(python3 -c 'import socket; probe = socket.socket(); probe.bind(("127.0.0.1", 0)); print(probe.getsockname()[1])')
        export HOME="$PWD" && mkdir -p .config/containers
        printf '[[registry]]\nlocation = "127.0.0.1:%s"\ninsecure = true\n' "$port" > .config/containers/registries.conf
        printf 'version: 0.1\nstorage: {filesystem: {rootdirectory: %s/registry}}\nhttp: {addr: "127.0.0.1:%s"}\n' "$PWD" "$port" > registry.yml
        "$2" serve registry.yml > registry.log 2>&1 &
        registry=$! && trap 'kill $registry' EXIT
        for attempt in $(seq 100); do curl -s "http://127.0.0.1:$port/v2/" > answer && break || sleep 0.1; done
        skopeo copy --quiet --insecure-policy oci:layout:one "docker://127.0.0.1:$port/hello:1"
        "$SPORE" run $OPTIONS --image "docker://127.0.0.1:$port/hello:1"
        umoci config --image layout:one --config.cmd changed && skopeo copy --quiet --insecure-policy oci:layout:one "docker://127.0.0.1:$port/hello:1"
        "$SPORE" run $OPTIONS --image "docker://127.0.0.1:$port/hello:1"
        "$SPORE" run $OPTIONS --image "docker://127.0.0.1:$port/none:1" 2>&1 || echo "status $?"
        """, stdout=re.compile(r"^hello, from image; /srv 1000:1001\nhello, changed ; /srv 1000:1001\nspore: --image docker://127.0.0.1:\d+/none:1: [^\n]*manifest unknown[^\n]*\nstatus 117\n$")),
    # A service that others wait for, with a disk that is kept and has what the image has there; one that is to end before; the third asks both.
    Case("compose", ["{system}" + BUSYBOX], needs=(BUSYBOX, *TOOLS, "/sbin/mke2fs"), timeout=240, script=MAKE.replace("root/srv &&", "root/srv && echo carrots > root/srv/first &&") + """
        mkdir shop notes; echo noted > notes/note; export XDG_DATA_HOME="$PWD/data"; echo WHAT=world > shop/.env
        cat > shop/compose.yaml <<'EOF'
x-all: &all {image: ../image.tar, user: "0"}
services:
  web:
    <<: *all
    entrypoint: [/bin/sh, -c]
    command: ['busybox wget -q -O - http://store:8000/first http://store:8000/made; cat /notes/note; echo "$$GREETING, $$WHO"; exit 3']
    environment: {WHO: "${WHAT:-nobody}"}
    volumes: ["../notes:/notes:ro"]
    depends_on: {store: {condition: service_healthy}}
  store:
    <<: *all
    entrypoint: /bin/sh -c "echo starts; busybox sleep 1; exec busybox httpd -f -p 8000 -h /srv"
    volumes: ["goods:/srv"]
    depends_on: {prepare: {condition: service_completed_successfully}}
    healthcheck: {test: busybox wget -q -O /dev/null http://127.0.0.1:8000/first}
  prepare: {<<: *all, entrypoint: [/bin/busybox], command: [echo, prepared]}
  debugger: {<<: *all, profiles: [debug]}
volumes: {goods: }
EOF
        "$SPORE" up shop; "$SPORE" exec shop-store busybox sh -c 'echo more >> /srv/made'
        "$SPORE" wait shop-web || echo "status $?"; "$SPORE" up shop/compose.yaml; "$SPORE" wait shop-web || echo "status $?"
        "$SPORE" logs shop-prepare shop-store shop-web
        "$SPORE" down shop; "$SPORE" up shop > again; "$SPORE" wait shop-web || echo "status $?"; "$SPORE" logs shop-web
        ls data/spore/volumes; "$SPORE" down -v shop > again; ls data/spore/volumes | wc -l
        """, stdout="shop-prepare\nshop-store\nshop-web\nstatus 3\nshop-prepare\nshop-store\nshop-web\nstatus 3\n"
                    "shop-store   | starts\nshop-prepare | prepared\nshop-web     | carrots\nshop-web     | more\nshop-web     | noted\nshop-web     | hello, world\n"
                    "shop-web\nshop-store\nshop-prepare\nstatus 3\ncarrots\nmore\nnoted\nhello, world\nshop_goods.img\n0\n"),
    Case("without-program", ["{system}" + BUSYBOX], needs=(BUSYBOX, *TOOLS), machines=("microvm",), modes=("fused",), cpus=(1,), status=127, script="""
        umoci init --layout layout && umoci new --image layout:empty && "$SPORE" run $OPTIONS --image layout:empty
        """, stderr=re.compile(rb"the image names no program: name one behind the options")),
    Case("not-there", ["run", "--image", "{scratch}/none"], host=True, status=117, needs=TOOLS, stderr=re.compile(r"there is no such archive or OCI layout; an image of a registry is docker://")),
    Case("no-archive", ["run", "--image", "{scratch}/image.tar"], host=True, status=117, needs=TOOLS, files={"image.tar": "no archive"},
         stderr=re.compile(r"^spore: --image \S+image.tar: [^\"]+\n$")),
    Case("two-roots", ["run", "--image", "image.tar", "--root", "/", BUSYBOX], host=True, status=117, stderr=re.compile(rb"leave --root and --sysroot away")),
    Case("entrypoint-alone", ["run", "--entrypoint", "/bin/sh", BUSYBOX], host=True, status=125, stderr=re.compile(rb"add --image, or name the program")),
]
