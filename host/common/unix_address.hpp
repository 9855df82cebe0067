// The address of a Unix socket in a folder, whose path may be longer than the 107 bytes that an address has room for [unix(7)].
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include "host/common/files.hpp"

namespace spore::host {

struct UnixAddress {
    /// Good for as long as this lives. A folder that is not there has no sockets: to connect fails, and to listen does.
    UnixAddress(const fs::path& folder, std::string_view name);

    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&value); }
    /// The socket's path by the folder's descriptor.
    std::string path() const { return value.sun_path; }

    FileDescriptor folder;
    sockaddr_un value{};
};

/// Without a socket when nobody listens there.
FileDescriptor connect_to(const UnixAddress& address);
/// A socket that does not wait, for so many who have not been answered yet; without one with errno.
FileDescriptor listen_at(const UnixAddress& address, int backlog);

}  // namespace spore::host
