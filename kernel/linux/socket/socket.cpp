#include "kernel/linux/socket/socket.hpp"

#include "base/format.hpp"
#include "kernel/linux/uapi/types.hpp"
#include "kernel/time/timer.hpp"

namespace spore::linux {

constinit std::atomic<u64> Socket::next_number_ = 1;

Socket::Options Socket::options() {
    return options_.with([](const Options& options) { return options; });
}

Instant Socket::deadline(u32 flags, Duration timeout) const {
    if (mode_.nonblocking || (flags & msg_dontwait)) return Instant{};
    return timeout == Duration{} ? Instant::never() : time::now() + timeout;
}

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

namespace {

Result<u64> give(MutableByteSpan value, ByteSpan from) {
    u64 size = std::min(value.size(), from.size());
    std::memcpy(value.data(), from.data(), size);
    return size;
}
template <typename T>
Result<T> as(ByteSpan value) {
    T result;
    if (value.size() < sizeof result) return fail(Error::invalid);
    std::memcpy(&result, value.data(), sizeof result);
    return result;
}

/// Options that this kernel only remembers.
constexpr bool is_switch(i32 name) {
    switch (name) {
    case so_debug: case so_reuse_address: case so_dont_route: case so_broadcast: case so_keep_alive: case so_oob_inline: case so_no_check:
    case so_reuse_port: case so_timestamp: case so_timestamp_ns: case so_pass_security: return true;
    default: return false;
    }
}

}  // namespace

Result<u64> Socket::get_option(i32 level, i32 name, MutableByteSpan value) {
    if (level != level_socket) return fail(Error::not_supported);
    auto all = options();
    auto number = [&](i64 n) { return give(value, bytes_of(static_cast<i32>(n))); };
    if (is_switch(name)) return number(all.flags >> name & 1);
    switch (name) {
    case so_type: return number(type_);
    case so_domain: return number(family_);
    case so_protocol: return number(protocol_);
    case so_error: return number(take_error());
    case so_accepting: return number(listening());
    case so_send_buffer: return number(all.send_buffer);
    case so_receive_buffer: return number(all.receive_buffer);
    case so_pass_credentials: return number(all.pass_credentials);
    case so_receive_low: return number(all.receive_low);
    case so_send_low: return number(1);
    case so_priority:
    case so_mark:
    case so_busy_poll: return number(0);
    case so_incoming_cpu: return number(-1);
    case so_peek_offset: return number(-1);
    case so_cookie: return give(value, bytes_of(number_));
    case so_linger: {
        const i32 both[] = {all.linger_on, all.linger_seconds};
        return give(value, std::as_bytes(std::span(both)));
    }
    case so_receive_timeout: return give(value, bytes_of(Timeval::of(all.receive_timeout)));
    case so_send_timeout: return give(value, bytes_of(Timeval::of(all.send_timeout)));
    default: return fail(Error::no_protocol_option);
    }
}

Result<void> Socket::set_number(i32 name, i32 value) {
    // Linux counts its own bookkeeping against the buffer, and doubles what is asked for [socket(7)].
    constexpr u32 most = 212'992;
    auto doubled = [&](u32 least) { return std::max(least, std::min(static_cast<u32>(std::max(value, 0)), most) * 2); };
    return options_.with([&](Options& all) -> Result<void> {
        if (is_switch(name)) {
            all.flags = (all.flags & ~(u64{1} << name)) | u64{value != 0} << name;
            return {};
        }
        switch (name) {
        case so_send_buffer:
        case so_send_buffer_force: all.send_buffer = doubled(4608); return {};
        case so_receive_buffer:
        case so_receive_buffer_force: all.receive_buffer = doubled(2304); return {};
        case so_pass_credentials: all.pass_credentials = value != 0; return {};
        case so_receive_low: all.receive_low = value > 0 ? value : 1; return {};
        case so_priority:
        case so_mark:
        case so_busy_poll:
        case so_incoming_cpu: return {};
        default: return fail(Error::no_protocol_option);
        }
    });
}

Result<void> Socket::set_option(i32 level, i32 name, ByteSpan value) {
    if (level != level_socket) return fail(Error::not_supported);
    switch (name) {
    case so_linger: {
        struct Linger {
            i32 on, seconds;
        };
        auto linger = TRY(as<Linger>(value));
        options_.with([&](Options& all) { all.linger_on = linger.on != 0, all.linger_seconds = linger.seconds; });
        return {};
    }
    case so_receive_timeout:
    case so_send_timeout: {
        auto span = TRY(as<Timeval>(value));
        if (span.microseconds < 0 || span.microseconds >= 1'000'000) return fail(Error::out_of_range);
        auto timeout = span.seconds < 0 ? Duration::ns(1) : span.duration();
        options_.with([&](Options& all) { (name == so_send_timeout ? all.send_timeout : all.receive_timeout) = timeout; });
        return {};
    }
    case so_type:
    case so_error:
    case so_domain:
    case so_protocol:
    case so_accepting: return fail(Error::no_protocol_option);
    default: return set_number(name, TRY(as<i32>(value)));
    }
}

}  // namespace spore::linux
