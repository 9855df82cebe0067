// What a program can choose for its TCP connections. Kept by a socket before it has one; a listener's are inherited by what it accepts.
#pragma once

#include "base/time.hpp"
#include "base/types.hpp"
#include "kernel/net/filter.hpp"

namespace spore::net::tcp {

enum class CongestionControl : u8 { cubic, new_reno };

struct Options {
    bool no_delay = false;          ///< TCP_NODELAY: no Nagle
    bool cork = false;              ///< TCP_CORK: only full segments, for at most 200 ms
    bool quick_ack = true;          ///< TCP_QUICKACK: for now no delayed acknowledgements
    bool keep_alive = false;        ///< SO_KEEPALIVE
    bool urgent_inline = false;     ///< SO_OOBINLINE
    bool fast_open_connect = false; ///< TCP_FASTOPEN_CONNECT
    CongestionControl congestion = CongestionControl::cubic;
    u8 hop_limit = 0;               ///< 0: as is usual on the link
    u8 traffic_class = 0;
    u8 least_hops_v4 = 0, least_hops_v6 = 0;  ///< IP_MINTTL: what has fewer left comes from too far away, and is dropped [RFC 5082]
    bool may_be_cut = false;        ///< IP_MTU_DISCOVER: IPv4 routers may fragment
    u16 max_segment = 0;            ///< TCP_MAXSEG; 0: what the path takes
    u16 fast_open_queue = 0;        ///< TCP_FASTOPEN of a listener; 0: off
    u8 keep_alive_count = 9;
    u8 syn_retries = 6;
    Duration keep_alive_idle = Duration::seconds(7200);
    Duration keep_alive_interval = Duration::seconds(75);
    Duration user_timeout{};        ///< 0: the retransmission limit [RFC 5482]
    Duration defer_accept{};        ///< TCP_DEFER_ACCEPT; 0: off
    u32 send_buffer = 0, receive_buffer = 0;  ///< bytes; 0: tuned automatically
    u32 not_sent_low = ~u32{0};     ///< TCP_NOTSENT_LOWAT
    u32 receive_low = 1;            ///< SO_RCVLOWAT
    bool linger = false;            ///< SO_LINGER
    i16 fin_wait_seconds = 60;      ///< TCP_LINGER2: how long an orphan waits for the peer's FIN; negative: not at all
    Duration linger_time{};
    Shared<const Filter> filter;    ///< what comes in passes it first; null: nothing does
};

}  // namespace spore::net::tcp
