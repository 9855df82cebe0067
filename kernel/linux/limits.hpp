// Limits of the whole machine that programs can read and root can change in /proc/sys, and that something here acts upon.
#pragma once

#include <atomic>

#include "base/types.hpp"

namespace spore::linux {

struct SystemLimits {
    std::atomic<u64> inotify_instances = 128;   ///< fs/inotify/max_user_instances
    std::atomic<u64> inotify_watches = 65536;   ///< fs/inotify/max_user_watches
    std::atomic<u64> inotify_events = 16384;    ///< fs/inotify/max_queued_events: of one instance
    std::atomic<u64> asynchronous_requests = 65536;  ///< fs/aio-max-nr: that all contexts have room for
    /// Message queues by key, kernel/msgmax and msgmnb: bytes of a message, and of all in a new queue.
    std::atomic<u64> keyed_message_bytes = 8192, keyed_queue_bytes = 16384;
    std::atomic<u64> keyed_queues = 32000;      ///< kernel/msgmni
    /// Shared memory by key, kernel/shmmax, shmall and shmmni: bytes of a segment, pages of all, and how many. Memory is the bound of the first two.
    std::atomic<u64> segment_bytes = ~u64{0} - (1 << 24), segment_pages = ~u64{0} - (1 << 24), segments = 4096;
    // Message queues by name, fs/mqueue/*: how many, and how large one may be, or is when nothing is asked for.
    std::atomic<u64> named_queues = 256, queue_messages = 10, default_queue_messages = 10, message_bytes = 8192, default_message_bytes = 8192;
    std::atomic<u64> backlog = 4096;            ///< net/core/somaxconn: connections that wait for accept()
    std::atomic<u64> receive_buffer = 212'992, send_buffer = 212'992;  ///< net/core/[rw]mem_max: what SO_RCVBUF and SO_SNDBUF may ask for
    std::atomic<u64> first_free_port = 1024;    ///< net/ipv4/ip_unprivileged_port_start
    // What new TCP sockets begin with, net/ipv4/tcp_*, in seconds.
    std::atomic<u64> keep_alive_idle = 7200, keep_alive_interval = 75, keep_alive_probes = 9, syn_retries = 6, fin_wait = 60;
};
extern constinit SystemLimits system_limits;

}  // namespace spore::linux
