# Runs an image that `spore build --target xen` made as a domain of Xen's, in the first domain: sh domain.sh FOLDER [COMMAND [AFTERWARDS]]. What its console says goes to
# standard output, and what is piped in to its console; why it ended, as xl has it, to standard error. Its status is the program's, from the console.
# COMMAND runs here meanwhile, with what it prints on standard output too, $guest for the guest's address, $domain for the domain's name and $console for the file
# that its console goes to; the domain is destroyed when the command has ended. AFTERWARDS runs here when the domain has ended, in a folder with its disks.
export PATH=/usr/lib/xen-4.17/bin:/opt/xen/usr/bin:/usr/sbin:/usr/bin:/sbin:/bin LD_LIBRARY_PATH=/opt/xen/usr/lib/x86_64-linux-gnu
guest=10.5.0.2

start_toolstack() {
    mount -t xenfs xenfs /proc/xen
    mkdir -p /var/lib/xen /var/log/xen /run/lock /run/xen /run/xenstored
    ln -sf /run /var/run
    xenstored
    for try in 1 2 3 4 5 6 7 8 9 10; do xenstore-read -s / > /run/toolstack && break; sleep 1; done
    xen-init-dom0 && xenconsoled
    # Scripts of Xen's wait for udev and for bridge-utils: here iproute2 and losetup are enough.
    cat > /run/vif <<'END'
#!/bin/sh
[ "$1" = online ] || exit 0
ip link set "$vif" up master lab
xenstore-write "$XENBUS_PATH/hotplug-status" connected
END
    cat > /run/block <<'END'
#!/bin/sh
case $1 in
add)
    [ "$(xenstore-read "$XENBUS_PATH/mode")" = w ] && writes= || writes=--read-only
    device=$(losetup --find --show $writes "$(xenstore-read "$XENBUS_PATH/params")")
    xenstore-write "$XENBUS_PATH/node" "$device" "$XENBUS_PATH/physical-device" "$(printf %x:%x $(stat -c '0x%t 0x%T' "$device"))" "$XENBUS_PATH/hotplug-status" connected ;;
remove) losetup --detach "$(xenstore-read "$XENBUS_PATH/node")" ;;
esac
END
    chmod +x /run/vif /run/block
    ip link add lab type bridge
    ip address add 10.5.0.1/24 dev lab
    ip link set lab up
}

[ -e /run/toolstack ] || start_toolstack >&2
name=guest-$$
out=$(dirname "$1")
cp -r "$1" "/run/$name.image" || exit 125  # the disk is in memory then: pieces of it by 9p would take long
cd "/run/$name.image"
sed -i "s|^name = .*|name = \"$name\"|; s|^vif = \[\"|&script=/run/vif,|; s|target=|script=/run/block,target=$PWD/|" xl.cfg
echo 'on_reboot = "destroy"' >> xl.cfg
mkfifo "/run/$name" "/run/$name.ready"
exec 3<> "/run/$name"  # which has no end: the console would end with it
cat >&3
xl create -q -p xl.cfg || exit 125
xenconsole --interactive --start-notify-fd 4 "$(xl domid "$name")" <&3 > "$out/console" 4> "/run/$name.ready" &
head -c 1 < "/run/$name.ready" > /dev/null
xl unpause "$name"
if [ "$2" ]; then
    sh -c "guest=$guest; domain=$name; console=$out/console; $2"
    xl destroy "$name" 2> /dev/null  # it may have ended
fi
wait
[ "$3" ] && { while losetup | grep -q "$PWD"; do sleep 0.2; done; sh -c "$3"; }
[ "$2" ] && exit
tr -d '\r' < "$out/console"
sleep 1  # for xl's log
sed -n 's/^Domain [0-9]* has shut down, \(reason code [0-9]*\).*/\1/p' "/var/log/xen/xl-$name.log" >&2
status=$(sed -n 's/^spore: exit [01] \([0-9]*\).*/\1/p' "$out/console")
exit "${status:-0}"
