#include "host/common/unix_address.hpp"

#include <fcntl.h>

namespace spore::host {

UnixAddress::UnixAddress(const fs::path& path, std::string_view name) : folder(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
    value.sun_family = AF_UNIX;
    fmt::format("/proc/self/fd/{}/{}", folder.number(), name).copy(value.sun_path, sizeof value.sun_path - 1);
}

FileDescriptor connect_to(const UnixAddress& address) {
    FileDescriptor connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (connection && ::connect(connection.number(), address.get(), sizeof address.value) != 0) connection.close();
    return connection;
}

FileDescriptor listen_at(const UnixAddress& address, int backlog) {
    FileDescriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (listener && (::bind(listener.number(), address.get(), sizeof address.value) != 0 || ::listen(listener.number(), backlog) != 0)) listener.close();
    return listener;
}

}  // namespace spore::host
