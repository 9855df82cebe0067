#include "host/common/pipe.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace spore::host {

Outcome<Pipe> make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return failure(ExitStatus::failed, "cannot make a pipe: {}", error_text());
    return Pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

Outcome<SocketPair> make_socket_pair() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return failure(ExitStatus::failed, "cannot make a socket pair: {}", error_text());
    return SocketPair{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

}  // namespace spore::host
