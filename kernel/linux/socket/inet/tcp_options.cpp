// The options of TCP sockets [tcp(7)]. Where they are kept: in the connection or listener once there is one, before that in the preparation.
#include "kernel/linux/limits.hpp"
#include "kernel/linux/socket/inet/tcp_socket.hpp"
#include "kernel/linux/socket/inet/tcp_state.hpp"
#include "kernel/linux/uapi/inet.hpp"
#include "kernel/time/timer.hpp"

namespace spore::linux {

namespace tcp = net::tcp;
using tcp::State;

namespace {
constexpr i32 most_seconds = 32767, most_tries = 127, longest_fin_wait = 120;  // MAX_TCP_KEEPIDLE, MAX_TCP_KEEPCNT, TCP_FIN_TIMEOUT_MAX
}  // namespace

/// As /proc/sys/net/ipv4 says.
tcp::Options TcpSocket::usual_options() {
    auto within = [](const std::atomic<u64>& value, i64 most) { return static_cast<i64>(std::clamp<u64>(value.load(std::memory_order_relaxed), 1, static_cast<u64>(most))); };
    tcp::Options options;
    options.keep_alive_idle = Duration::seconds(within(system_limits.keep_alive_idle, most_seconds));
    options.keep_alive_interval = Duration::seconds(within(system_limits.keep_alive_interval, most_seconds));
    options.keep_alive_count = static_cast<u8>(within(system_limits.keep_alive_probes, most_tries));
    options.syn_retries = static_cast<u8>(within(system_limits.syn_retries, most_tries));
    options.fin_wait_seconds = static_cast<i16>(within(system_limits.fin_wait, longest_fin_wait));
    return options;
}

tcp::Options TcpSocket::tcp_options() {
    if (auto current = connection()) return current->options();
    if (auto accepting = listener()) return accepting->options();
    Guard guard(lock_);
    return preparation_ ? preparation_->options : usual_options();
}

Result<void> TcpSocket::set_tcp_options(const tcp::Options& options) {
    if (auto current = connection()) current->set_options(options);
    else if (auto accepting = listener()) accepting->set_options(options);
    else TRY(prepare());
    Guard guard(lock_);
    if (preparation_) preparation_->options = options;  // for the next connection, when this one fails
    return {};
}

InetSocket::HeaderFields TcpSocket::header_fields() {
    auto all = tcp_options();
    return {all.hop_limit, all.traffic_class};
}
Result<void> TcpSocket::set_header_fields(const HeaderFields& fields) {
    return change_tcp_options([&](tcp::Options& all) {
        all.hop_limit = fields.hop_limit;
        all.traffic_class = static_cast<u8>(fields.traffic_class & ~3);  // ECN is TCP's own [RFC 3168 6.1]
    });
}

Result<void> TcpSocket::ip_choice_set() {
    return change_tcp_options([&](tcp::Options& all) {
        enum Discovery : u8 { want = 1, probe = 3 };
        all.least_hops_v4 = choice(IpChoice::least_hops_v4), all.least_hops_v6 = choice(IpChoice::least_hops_v6);
        all.may_be_cut = choice(IpChoice::discovery_v4) < want || choice(IpChoice::discovery_v4) > probe;
    });
}

Result<u32> TcpSocket::path_mtu() {
    auto current = connection();
    if (!current) return fail(Error::not_connected);
    return current->info().path_mtu;
}

Result<void> TcpSocket::option_set(i32 name) {
    auto all = options();
    switch (name) {
    case so_reuse_address: {
        Guard guard(lock_);
        if (preparation_ && preparation_->binding) preparation_->binding->set_reuse_address(is_on(so_reuse_address));
        return {};
    }
    case so_keep_alive: return change_tcp_options([&](tcp::Options& o) { o.keep_alive = is_on(so_keep_alive); });
    case so_oob_inline: return change_tcp_options([&](tcp::Options& o) { o.urgent_inline = is_on(so_oob_inline); });
    case so_linger:
        return change_tcp_options([&](tcp::Options& o) { o.linger = all.linger_on, o.linger_time = Duration::seconds(all.linger_seconds); });
    case so_send_buffer:
    case so_send_buffer_force: return change_tcp_options([&](tcp::Options& o) { o.send_buffer = all.send_buffer; });
    case so_receive_buffer:
    case so_receive_buffer_force: return change_tcp_options([&](tcp::Options& o) { o.receive_buffer = all.receive_buffer; });
    case so_attach_filter:
    case so_detach_filter: return change_tcp_options([&](tcp::Options& o) { o.filter = all.filter; });
    case so_receive_low: return change_tcp_options([&](tcp::Options& o) { o.receive_low = static_cast<u32>(all.receive_low); });
    default: return {};
    }
}

namespace {

i32 whole_seconds(Duration span) { return static_cast<i32>(span.nanoseconds / 1'000'000'000); }
std::string_view name_of_control(tcp::CongestionControl control) { return control == tcp::CongestionControl::cubic ? "cubic" : "reno"; }

}  // namespace

u64 TcpSocket::give_info(MutableByteSpan value) {
    TcpInfo out{};
    auto current = connection();
    out.state = listener() ? tcp_state_number(State::listen) : tcp_state_number(State::closed);
    if (current) {
        auto info = current->info();
        enum Option : u8 { timestamps = 1, sack = 2, window_scale = 4, ecn = 8 };
        out.state = tcp_state_number(info.state);
        out.retransmits = info.retransmits, out.backoff = info.backoff;
        out.options = static_cast<u8>((info.timestamps ? timestamps : 0) | (info.sack ? sack : 0) | (info.ecn ? ecn : 0) |
                                      (info.send_scale || info.receive_scale ? window_scale : 0));
        out.scales = static_cast<u8>((info.send_scale & 15) | info.receive_scale << 4);
        out.rto = info.rto_us, out.ato = info.ato_us, out.send_mss = info.send_mss, out.receive_mss = info.receive_mss;
        out.unacked = info.unacked, out.sacked = info.sacked, out.lost = info.lost, out.retransmitted = info.retransmitted;
        out.last_data_sent = info.last_data_sent_ms, out.last_data_received = info.last_data_received_ms;
        out.last_ack_received = info.last_ack_received_ms;
        out.path_mtu = info.path_mtu, out.receive_threshold = info.receive_threshold, out.rtt = info.rtt_us, out.rtt_variance = info.rtt_variance_us;
        out.slow_start_threshold = info.slow_start_threshold, out.congestion_window = info.congestion_window;
        out.advertised_mss = info.receive_mss, out.reordering = info.reordering;
        out.receive_rtt = info.receive_rtt_us, out.receive_space = info.receive_space, out.total_retransmits = info.total_retransmits;
        out.pacing_rate = out.most_pacing_rate = ~u64{0};
        out.bytes_acked = info.bytes_acked, out.bytes_received = info.bytes_received;
        out.segments_out = info.segments_out, out.segments_in = info.segments_in;
        out.not_sent_bytes = info.not_sent_bytes, out.min_rtt = info.min_rtt_us, out.send_window = info.send_window;
        out.bytes_sent = info.bytes_sent, out.bytes_retransmitted = info.bytes_retransmitted;
    } else if (auto accepting = listener()) {
        out.unacked = accepting->waiting(), out.sacked = accepting->backlog();  // where Linux puts them
    }
    return give_option(value, bytes_of(out));
}

Result<u64> TcpSocket::get_tcp_option(i32 name, MutableByteSpan value) {
    auto all = tcp_options();
    switch (name) {
    case tcp_no_delay: return give_option(value, all.no_delay);
    case tcp_cork: return give_option(value, all.cork);
    case tcp_quick_ack: return give_option(value, all.quick_ack);
    case tcp_max_segment: {
        auto current = connection();
        constexpr i32 usual = 536;  // [RFC 9293 3.7.1]
        return give_option(value, current ? static_cast<i32>(current->info().send_mss) : all.max_segment ? all.max_segment : usual);
    }
    case tcp_keep_idle: return give_option(value, whole_seconds(all.keep_alive_idle));
    case tcp_keep_interval: return give_option(value, whole_seconds(all.keep_alive_interval));
    case tcp_keep_count: return give_option(value, all.keep_alive_count);
    case tcp_syn_count: return give_option(value, all.syn_retries);
    case tcp_linger2: return give_option(value, std::max<i32>(all.fin_wait_seconds, -1));
    case tcp_defer_accept: return give_option(value, whole_seconds(all.defer_accept));
    case tcp_window_clamp: return give_option(value, 0);
    case tcp_info: return give_info(value);
    case tcp_user_timeout: return give_option(value, static_cast<i32>(all.user_timeout.nanoseconds / 1'000'000));
    case tcp_fast_open: return give_option(value, all.fast_open_queue);
    case tcp_fast_open_connect: return give_option(value, all.fast_open_connect);
    case tcp_not_sent_low: return give_option(value, static_cast<i32>(all.not_sent_low));
    case tcp_timestamp: return give_option(value, static_cast<i32>(time::now().nanoseconds / 1'000'000));
    case tcp_inq: return give_option(value, tells_queued_.load(std::memory_order_relaxed));
    case tcp_congestion: {
        std::byte text[16] = {};  // TCP_CA_NAME_MAX
        auto chosen = name_of_control(all.congestion);
        std::memcpy(text, chosen.data(), chosen.size());
        return give_option(value, text);
    }
    case tcp_upper_protocol: return 0;
    default: return fail(Error::no_protocol_option);
    }
}

Result<u64> TcpSocket::get_transport_option(i32 level, i32 name, MutableByteSpan value) {
    if (level == level_tcp) return get_tcp_option(name, value);
    return fail(level == level_ip || level == level_ipv6 ? Error::no_protocol_option : unknown_level());
}

Result<void> TcpSocket::set_tcp_number(i32 name, i32 value) {
    auto in = [&](i32 least, i32 most) { return value >= least && value <= most; };
    auto change = [&](auto&& to) { return change_tcp_options([&](tcp::Options& all) { to(all); }); };
    switch (name) {
    case tcp_no_delay: return change([&](tcp::Options& all) { all.no_delay = value != 0; });
    case tcp_cork: return change([&](tcp::Options& all) { all.cork = value != 0; });
    case tcp_quick_ack: return change([&](tcp::Options& all) { all.quick_ack = value != 0; });
    case tcp_max_segment:
        if (value && !in(88, 32767)) return fail(Error::invalid);  // TCP_MIN_MSS, MAX_TCP_WINDOW
        return change([&](tcp::Options& all) { all.max_segment = static_cast<u16>(value); });
    case tcp_keep_idle:
        if (!in(1, most_seconds)) return fail(Error::invalid);
        return change([&](tcp::Options& all) { all.keep_alive_idle = Duration::seconds(value); });
    case tcp_keep_interval:
        if (!in(1, most_seconds)) return fail(Error::invalid);
        return change([&](tcp::Options& all) { all.keep_alive_interval = Duration::seconds(value); });
    case tcp_keep_count:
        if (!in(1, most_tries)) return fail(Error::invalid);
        return change([&](tcp::Options& all) { all.keep_alive_count = static_cast<u8>(value); });
    case tcp_syn_count:
        if (!in(1, most_tries)) return fail(Error::invalid);
        return change([&](tcp::Options& all) { all.syn_retries = static_cast<u8>(value); });
    case tcp_defer_accept: return change([&](tcp::Options& all) { all.defer_accept = Duration::seconds(value > 0 ? value : 0); });
    case tcp_user_timeout:
        if (value < 0) return fail(Error::invalid);
        return change([&](tcp::Options& all) { all.user_timeout = Duration::ms(value); });
    case tcp_fast_open:
        if (value < 0) return fail(Error::invalid);
        return change([&](tcp::Options& all) { all.fast_open_queue = static_cast<u16>(std::min(value, 65535)); });
    case tcp_fast_open_connect:
        if (!in(0, 1) || connection() || listener()) return fail(Error::invalid);
        return change([&](tcp::Options& all) { all.fast_open_connect = value != 0; });
    case tcp_inq:
        if (!in(0, 1)) return fail(Error::invalid);
        tells_queued_.store(value != 0, std::memory_order_relaxed);
        return {};
    case tcp_not_sent_low: return change([&](tcp::Options& all) { all.not_sent_low = static_cast<u32>(value); });
    case tcp_linger2: {
        i32 seconds = value < 0 ? -1 : value == 0 ? usual_options().fin_wait_seconds : std::min(value, longest_fin_wait);
        return change([&](tcp::Options& all) { all.fin_wait_seconds = static_cast<i16>(seconds); });
    }
    // A hint that the windows' own tuning makes needless, and a counter's base.
    case tcp_window_clamp:
    case tcp_timestamp: return {};
    default: return fail(Error::no_protocol_option);
    }
}

Result<void> TcpSocket::set_transport_option(i32 level, i32 name, ByteSpan value) {
    if (level == level_tcp && name == tcp_congestion) {
        std::string_view wanted(reinterpret_cast<const char*>(value.data()), value.size());
        wanted = wanted.substr(0, wanted.find('\0'));
        if (wanted != "cubic" && wanted != "reno") return fail(Error::not_found);
        return change_tcp_options([&](tcp::Options& all) {
            all.congestion = wanted == "cubic" ? tcp::CongestionControl::cubic : tcp::CongestionControl::new_reno;
        });
    }
    if (level == level_tcp && name == tcp_upper_protocol) return fail(Error::not_found);  // no kernel TLS
    if (level == level_tcp) {
        if (value.size() < sizeof(i32)) return fail(Error::invalid);
        return set_tcp_number(name, TRY(option_number(value)));
    }
    // Multicast means nothing to a stream, but may be set [linux: do_ip_setsockopt].
    return fail(Error::no_protocol_option);
}

}  // namespace spore::linux
