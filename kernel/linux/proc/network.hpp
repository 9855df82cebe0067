// /proc/net and /sys/class/net.
#pragma once

#include "kernel/device/net.hpp"
#include "kernel/linux/proc/table_tree.hpp"

namespace spore::linux::proc {

/// The directory /proc/net.
Result<Shared<fs::generated::Node>> make_network_directory();
/// The directory /sys/class: it holds only net, with a directory for each interface.
Result<Shared<fs::generated::Node>> make_class_directory();

// What the files say.
/// Interfaces, their addresses and the routes, one on each line, for the host's tool: what Linux tells through rtnetlink only.
Result<void> show_network(TextSink& out);
/// 52:54:00:12:34:56
Result<void> print_mac(TextSink& out, const device::MacAddress& mac);
Result<void> show_tcp(TextSink& out, u32 v6);
Result<void> show_udp(TextSink& out, u32 v6);
Result<void> show_raw(TextSink& out, u32 v6);
Result<void> show_ping(TextSink& out, u32 v6);
Result<void> show_unix(TextSink& out);
Result<void> show_packet_sockets(TextSink& out);
Result<void> show_socket_counts(TextSink& out);

/// A number in hexadecimal, with zeros in front: %08X.
class Hex {
public:
    Hex(u64 value, unsigned digits) : size_(digits) {
        for (unsigned i = digits; i-- > 0; value >>= 4) text_[i] = "0123456789ABCDEF"[value & 15];
    }
    operator std::string_view() const { return {text_, size_}; }

private:
    char text_[16];
    unsigned size_;
};

}  // namespace spore::linux::proc
