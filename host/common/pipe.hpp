// Pipes [pipe(2)] and pairs of sockets [socketpair(2)].
#pragma once

#include "host/common/files.hpp"

namespace spore::host {

struct Pipe {
    FileDescriptor from, to;
};
Outcome<Pipe> make_pipe();

/// A stream with two ends, for this process and another.
struct SocketPair {
    FileDescriptor ours, theirs;
};
Outcome<SocketPair> make_socket_pair();

}  // namespace spore::host
