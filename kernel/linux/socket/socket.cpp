#include "kernel/linux/socket/socket.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "kernel/linux/limits.hpp"
#include "kernel/linux/process/process.hpp"
#include "kernel/linux/uapi/types.hpp"
#include "kernel/time/timer.hpp"

namespace spore::linux {

constinit std::atomic<u64> Socket::next_number_ = 1;

Socket::Options Socket::options() const {
    if (!has_options_.load(std::memory_order_acquire)) return {};
    Guard guard(options_lock_);
    return *options_;
}

Result<void> Socket::ensure_options() {
    if (has_options_.load(std::memory_order_acquire)) return {};
    auto made = TRY(make_owned<Options>());
    Guard guard(options_lock_);
    if (!options_) options_ = std::move(made);
    has_options_.store(true, std::memory_order_release);
    return {};
}

Result<void> Socket::inherit(const Socket& listener) {
    switches_.store(listener.switches_.load(std::memory_order_relaxed), std::memory_order_relaxed);
    if (!listener.has_options_.load(std::memory_order_acquire)) return {};
    return change_options([&](Options& mine) { mine = listener.options(); });
}

Instant Socket::deadline(Duration Options::*timeout) const {
    if (!has_options_.load(std::memory_order_acquire)) return Instant::never();
    auto span = options().*timeout;
    return span == Duration{} ? Instant::never() : time::now() + span;
}

void Socket::move_peek_offset(bool peek, u64 size) {
    i32 offset = peek_offset_.load(std::memory_order_relaxed);
    if (offset < 0) return;
    i64 moved = peek ? i64{offset} + static_cast<i64>(size) : i64{offset} - static_cast<i64>(size);
    peek_offset_.store(static_cast<i32>(std::clamp<i64>(moved, 0, 0x7fff'ffff)), std::memory_order_relaxed);
}

Result<void> Socket::listen(i32) { return fail(Error::not_supported); }
Result<Shared<Socket>> Socket::accept(fs::OpenMode) { return fail(Error::not_supported); }
Result<u64> Socket::send_pages(std::span<const memory::FrameRef>, u32, u64, u32) { return fail(Error::not_supported); }

Result<u64> Socket::read(fs::IoBuffer& into) {
    ReceiveRequest request{.data = into};
    return receive(request);
}
Result<u64> Socket::write(fs::IoBuffer& from) {
    SendRequest request{.data = from};
    return send(request);
}
Result<fs::Stat> Socket::stat() { return fs::Stat{.inode = number_, .device = 8, .type = fs::FileType::socket, .permissions = 0777}; }
std::string_view Socket::describe(std::span<char> buffer) { return format_to(buffer, "socket:[{}]", number_); }

Result<void> Socket::put_timestamp(ReceiveRequest& request, Instant at) const {
    bool exactly = is_on(so_timestamp_ns);
    if (!request.control || !(exactly || is_on(so_timestamp))) return {};
    auto exact = Timespec::of(time::wall_base() + static_cast<i64>(at.nanoseconds));
    if (exactly) return request.control->put(level_socket, so_timestamp_ns, bytes_of(exact), request.result_flags);
    Timeval rounded{exact.seconds, exact.nanoseconds / 1000};
    return request.control->put(level_socket, so_timestamp, bytes_of(rounded), request.result_flags);
}

Result<void> Socket::put_drops(ReceiveRequest& request, u32 drops) const {
    if (!request.control || drops == 0 || !is_on(so_tell_drops)) return {};
    return request.control->put(level_socket, so_tell_drops, bytes_of(drops), request.result_flags);
}

}  // namespace spore::linux
