// AF_INET and AF_INET6.
#include "kernel/linux/socket/family.hpp"
#include "kernel/linux/socket/inet/datagram_socket.hpp"
#include "kernel/linux/socket/inet/tcp_socket.hpp"
#include "kernel/linux/uapi/inet.hpp"

namespace spore::linux {

namespace {

template <u16 family>
Result<Shared<Socket>> create(u16 type, i32 protocol, fs::OpenMode mode) {
    if (protocol < 0 || protocol > 255) return fail(Error::invalid);
    if (type == socket_stream) {
        if (protocol != protocol_ip && protocol != protocol_tcp) return fail(Error::protocol_not_supported);
        return TcpSocket::create(family, mode);
    }
    return DatagramSocket::create(family, type, protocol, mode);
}

constexpr SocketFamily families[] = {{family_inet, &create<family_inet>}, {family_inet6, &create<family_inet6>}};

}  // namespace

void register_inet_families() {
    for (auto& family : families) register_family(family);
}

}  // namespace spore::linux
