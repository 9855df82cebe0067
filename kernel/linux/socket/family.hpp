// Which address families there are. Each registers once, at boot, what makes its sockets; the system calls know no family.
#pragma once

#include "kernel/linux/socket/socket.hpp"

namespace spore::linux {

struct SocketPair {
    Shared<Socket> first, second;
};

struct SocketFamily {
    u16 number;
    /// socket_type_not_supported, protocol_not_supported.
    Result<Shared<Socket>> (*create)(u16 type, i32 protocol, fs::OpenMode mode);
    /// Null where the family has no pairs.
    Result<SocketPair> (*create_pair)(u16 type, i32 protocol, fs::OpenMode mode) = nullptr;
};

/// Not while anybody makes sockets. `family` must stay.
void register_family(const SocketFamily& family);
/// family_not_supported.
Result<const SocketFamily*> find_family(i32 number);

}  // namespace spore::linux
