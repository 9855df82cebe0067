// How sockets wait: until a deadline, after which they would block. A signal that comes first ends a call for good when the socket has a time-out,
// whatever the handler asks for: made again, it would wait the whole time once more [signal(7)].
#pragma once

#include "kernel/linux/poll/waiter.hpp"
#include "kernel/linux/process/task.hpp"

namespace spore::linux {

/// What a wait until `deadline` comes to.
template <typename T>
Result<T> after_wait(Result<T> waited, Instant deadline) {
    if (waited) return waited;
    if (waited.error() == Error::timed_out) return fail(Error::would_block);
    if (waited.error() == Error::interrupted && deadline != Instant::never()) current_task().limited_wait_ended = true;
    return waited;
}

/// try_until_ready() for sockets.
template <typename Attempt>
auto wait_at_socket(fs::PollSource& source, fs::Ready wanted, Instant deadline, Attempt&& attempt) -> decltype(attempt()) {
    return after_wait(try_until_ready(source, wanted, deadline, std::forward<Attempt>(attempt)), deadline);
}

}  // namespace spore::linux
