// Options that all sockets have [socket(7)].
#include "kernel/linux/limits.hpp"
#include "kernel/linux/process/process.hpp"
#include "kernel/linux/socket/socket.hpp"
#include "kernel/linux/uapi/types.hpp"

namespace spore::linux {

namespace {

Result<u64> give(MutableByteSpan value, ByteSpan from) {
    u64 size = std::min(value.size(), from.size());
    std::memcpy(value.data(), from.data(), size);
    return size;
}

/// Options that this kernel only remembers.
constexpr bool is_switch(i32 name) {
    switch (name) {
    case so_debug: case so_reuse_address: case so_dont_route: case so_broadcast: case so_keep_alive: case so_oob_inline: case so_no_check:
    case so_reuse_port: case so_timestamp: case so_timestamp_ns: case so_pass_credentials: case so_pass_security: case so_zerocopy: case so_tell_drops: return true;
    default: return false;
    }
}

}  // namespace

Result<u64> Socket::get_option(i32 level, i32 name, MutableByteSpan value) {
    if (level != level_socket) return fail(Error::not_supported);
    auto all = options();
    auto number = [&](i64 n) { return give(value, bytes_of(static_cast<i32>(n))); };
    if (is_switch(name)) return number(is_on(static_cast<SocketOption>(name)));
    switch (name) {
    case so_type: return number(type_);
    case so_domain: return number(family_);
    case so_protocol: return number(protocol_);
    case so_error: return number(take_error());
    case so_accepting: return number(listening());
    case so_send_buffer: return number(all.send_buffer);
    case so_receive_buffer: return number(all.receive_buffer);
    case so_receive_low: return number(all.receive_low);
    case so_send_low: return number(1);
    case so_priority: return number(all.priority);
    case so_mark: return number(all.mark);
    case so_busy_poll: return number(all.busy_poll);
    case so_incoming_cpu: return number(all.incoming_cpu);
    case so_max_pacing_rate: return value.size() >= sizeof(u64) ? give(value, bytes_of(all.pacing_rate)) : number(static_cast<i32>(all.pacing_rate));
    case so_bind_to_interface: return number(all.interface);
    case so_peek_offset:
        if (!peeks_further_on()) return fail(Error::not_supported);
        return number(peek_offset_.load(std::memory_order_relaxed));
    case so_lock_filter: return number(is_on(so_lock_filter));
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

Result<void> check_may_steer() {
    auto who = current_task().process().credentials();
    if (!who.may(Capability::net_admin) && !who.may(Capability::net_raw)) return fail(Error::not_permitted);
    return {};
}

Result<void> Socket::set_number(i32 name, i32 value) {
    // Linux counts its own bookkeeping against the buffer, and doubles what is asked for [socket(7)].
    constexpr u64 largest = 0x3fff'ffff;
    auto doubled = [&](u32 least, u64 most) {
        return std::max(least, static_cast<u32>(std::min({static_cast<u64>(static_cast<u32>(value)), most, largest}) * 2));
    };
    auto limit = [](const std::atomic<u64>& setting) { return setting.load(std::memory_order_relaxed); };
    if (name == so_zerocopy && !borrows_pages()) return fail(Error::not_supported);
    if (name == so_zerocopy && (value < 0 || value > 1)) return fail(Error::invalid);
    if (name == so_debug && value && !current_task().process().credentials().may(Capability::net_admin)) return fail(Error::access_denied);
    if (is_switch(name)) {
        u64 bit = u64{1} << name, clock = u64{1} << so_timestamp | u64{1} << so_timestamp_ns;
        if (bit & clock) switches_.fetch_and(~clock, std::memory_order_relaxed);  // in one unit or the other
        if (value) switches_.fetch_or(bit, std::memory_order_relaxed);
        else switches_.fetch_and(~bit, std::memory_order_relaxed);
        return {};
    }
    switch (name) {
    case so_send_buffer: return change_options([&](Options& all) { all.send_buffer = doubled(4608, limit(system_limits.send_buffer)); });
    case so_receive_buffer: return change_options([&](Options& all) { all.receive_buffer = doubled(2304, limit(system_limits.receive_buffer)); });
    case so_send_buffer_force:
    case so_receive_buffer_force: {
        if (!current_task().process().credentials().may(Capability::net_admin)) return fail(Error::not_permitted);
        value = std::max(value, 0);
        return change_options([&](Options& all) {
            (name == so_send_buffer_force ? all.send_buffer : all.receive_buffer) = doubled(name == so_send_buffer_force ? 4608 : 2304, largest);
        });
    }
    case so_receive_low: return change_options([&](Options& all) { all.receive_low = value > 0 ? value : 1; });
    case so_priority:
        if (value < 0 || value > 6) TRY(check_may_steer());
        return change_options([&](Options& all) { all.priority = value; });
    case so_mark:
        TRY(check_may_steer());
        return change_options([&](Options& all) { all.mark = static_cast<u32>(value); });
    case so_busy_poll:
        if (value < 0) return fail(Error::invalid);
        return change_options([&](Options& all) { all.busy_poll = value; });
    case so_peek_offset:
        if (!peeks_further_on()) return fail(Error::not_supported);
        peek_offset_.store(value, std::memory_order_relaxed);
        return {};
    case so_incoming_cpu: return change_options([&](Options& all) { all.incoming_cpu = value; });
    default: return fail(Error::no_protocol_option);
    }
}

Result<void> Socket::set_option(i32 level, i32 name, ByteSpan value) {
    if (level != level_socket) return fail(Error::not_supported);
    switch (name) {
    case so_linger: {
        struct Linger {
            i32 on, seconds;
        };
        auto linger = TRY(value_as<Linger>(value));
        TRY(change_options([&](Options& all) { all.linger_on = linger.on != 0, all.linger_seconds = linger.seconds; }));
        break;
    }
    case so_receive_timeout:
    case so_send_timeout: {
        auto span = TRY(value_as<Timeval>(value));
        if (span.microseconds < 0 || span.microseconds >= 1'000'000) return fail(Error::out_of_domain);
        auto timeout = span.seconds < 0 ? Duration::ns(1) : span.duration();
        TRY(change_options([&](Options& all) { (name == so_send_timeout ? all.send_timeout : all.receive_timeout) = timeout; }));
        break;
    }
    case so_max_pacing_rate: {
        u64 rate = value.size() >= sizeof(u64) ? TRY(value_as<u64>(value)) : TRY(value_as<u32>(value));
        TRY(change_options([&](Options& all) { all.pacing_rate = rate; }));
        break;
    }
    case so_attach_filter:
    case so_detach_filter:
    case so_attach_chooser:
    case so_detach_chooser:
    case so_lock_filter: TRY(set_filter(name, value)); break;
    case so_type:
    case so_error:
    case so_domain:
    case so_protocol:
    case so_accepting: return fail(Error::no_protocol_option);
    default: TRY(set_number(name, TRY(value_as<i32>(value))));
    }
    return option_set(name);
}

}  // namespace spore::linux
