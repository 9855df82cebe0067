# Spore on a machine that has nothing: a Debian 12 of its own with git and certificates only, made by debootstrap in $1 (kept when it is
# there already), with a copy of the source tree. Needs root; everything is mounted in a namespace of its own, and vanishes with it.
set -eu
source_tree=$(cd "$(dirname "$0")/../.." && pwd)
root=$1
[ -n "${IN_NAMESPACE:-}" ] || exec env IN_NAMESPACE=1 unshare --mount --propagation private sh "$0" "$@"

say() { echo "fresh machine: $*"; }
inside() { chroot "$root" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
as_user() { inside setpriv --reuid=1000 --regid=1000 --clear-groups env HOME=/home/dev "$@"; }
expect() {  # STATUS PATTERN COMMAND…: what a command must end with and say
    status=$1 pattern=$2 ended=0
    shift 2
    said=$("$@" < /dev/null 2>&1) || ended=$?
    if [ "$ended" != "$status" ] || ! printf '%s\n' "$said" | grep -q -e "$pattern"; then
        printf '%s\n' "$said" | tail -n 40
        say "status $ended instead of $status, or nothing like '$pattern': $*"
        exit 1
    fi
}

if [ ! -e "$root/etc/debian_version" ]; then
    debootstrap --variant=minbase --include=git,ca-certificates bookworm "$root" > "$root.log" 2>&1 || { tail -n 20 "$root.log"; exit 1; }
    cp /etc/apt/sources.list.d/debian.sources "$root/etc/apt/sources.list.d/" 2>/dev/null && rm -f "$root/etc/apt/sources.list"
fi
cp /etc/resolv.conf "$root/etc/resolv.conf"
mount -t proc proc "$root/proc"
mount -t tmpfs dev "$root/dev"
for device in null zero full random urandom tty; do touch "$root/dev/$device" && mount --bind "/dev/$device" "$root/dev/$device"; done
mkdir -p "$root/dev/shm" "$root/dev/pts"
mount -t tmpfs shm "$root/dev/shm"
ln -s /proc/self/fd "$root/dev/fd"

rm -rf "$root/src"
mkdir "$root/src"
git -C "$source_tree" ls-files -z --cached --others --exclude-standard | tar -C "$source_tree" --null -T - -cf - | tar -C "$root/src" -xf -
inside useradd -m -u 1000 dev 2>/dev/null || :
inside chown -R dev /src

say "another distribution is told what it needs"
mv "$root/etc/os-release" "$root/etc/os-release.debian"
printf 'ID=other\nVERSION_ID=1\n' > "$root/etc/os-release"
expect 125 "install what corresponds to: clang-19 .*erofs-utils" inside /src/spore run /bin/busybox echo hello
mv "$root/etc/os-release.debian" "$root/etc/os-release"

say "a user without sudo is told the command"
expect 125 "as root: apt-get install clang-19" as_user /src/spore run /bin/busybox echo hello

say "a user with sudo runs the README's first command"
inside apt-get update -q > /dev/null
inside env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends sudo > /dev/null 2>&1
echo 'dev ALL=(ALL) NOPASSWD: ALL' > "$root/etc/sudoers.d/dev"
expect 0 "^hello$" as_user LANG=de_DE.UTF-8 /src/spore run /bin/busybox echo hello

say "the second time prints nothing else"
[ "$(as_user /src/spore run /bin/busybox echo again 2>&1)" = again ]

say "a home that cannot be written names the way out, and XDG_CACHE_HOME is one"
inside chmod 555 /home/dev
expect 125 "set XDG_CACHE_HOME" as_user HOME=/proc /src/spore run /bin/busybox echo hello
expect 0 "^hello$" as_user HOME=/proc XDG_CACHE_HOME=/tmp/cache /src/spore run /bin/busybox echo hello
inside chmod 755 /home/dev

say "some of the tests"
expect 0 " 0 failed" as_user /src/spore test layering system/first/hello system/first/busybox system/languages/perl

say "an installed package runs without a source tree"
as_user sh -c 'cd /src/build && DESTDIR=/tmp/installed cmake --install . > /dev/null && cpack -G DEB > /dev/null'
expect 0 "^hello$" as_user /tmp/installed/usr/local/bin/spore run /bin/busybox echo hello
mv "$root/src" "$root/src.gone"
inside sh -c 'dpkg -i /src.gone/build/spore_*.deb' > /dev/null
mv "$root/src.gone/build" "$root/build.gone"
expect 0 "^hello$" as_user spore run /bin/busybox echo hello
expect 0 "ok  *kernel" as_user spore doctor
for file in man/man1/spore.1 man/man1/spore-run.1 man/man5/spore.toml.5 bash-completion/completions/spore zsh/vendor-completions/_spore fish/vendor_completions.d/spore.fish; do
    [ -s "$root/usr/share/$file" ] || [ -s "$root/usr/share/$file.gz" ] || { say "missing: $file"; exit 1; }
done
say done
