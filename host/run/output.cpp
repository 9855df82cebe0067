#include "host/run/output.hpp"

#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace spore::host {

Output::Output(int descriptor) : descriptor_(descriptor) {
    struct stat status{};
    regular_ = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

void Output::add(std::string_view bytes) {
    if (closed_) return;
    if (pending() == 0) buffer_.clear(), written_ = 0;
    buffer_.append(bytes);
    flush();
}

bool Output::write_some() {
    // A pipe that polls writable takes PIPE_BUF bytes without blocking [pipe(7)]; a file takes everything.
    auto size = regular_ ? pending() : std::min<std::size_t>(pending(), PIPE_BUF);
    auto count = ::write(descriptor_, buffer_.data() + written_, size);
    if (count > 0) written_ += static_cast<std::size_t>(count);
    if (count < 0 && errno != EINTR && errno != EAGAIN) {
        closed_ = true;
        error_ = errno == EPIPE ? 0 : errno;
        buffer_.clear(), written_ = 0;
    }
    return count > 0;
}

void Output::flush() {
    while (pending() > 0) {
        struct pollfd wait{descriptor_, POLLOUT, 0};
        if (!regular_ && (::poll(&wait, 1, 0) <= 0 || wait.revents == 0)) return;
        if (!write_some()) return;
    }
}

void Output::finish() {
    while (pending() > 0) {
        struct pollfd wait{descriptor_, POLLOUT, 0};
        if (!regular_ && ::poll(&wait, 1, -1) < 0 && errno != EINTR) return;
        write_some();
    }
}

}  // namespace spore::host
