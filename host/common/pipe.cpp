#include "host/common/pipe.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace spore::host {

Outcome<Pipe> make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return failure(ExitStatus::failed, "cannot make a pipe: {}", error_text());
    return Pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

}  // namespace spore::host
