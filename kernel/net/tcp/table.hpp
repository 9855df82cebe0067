// Every connection by its addresses and ports, whichever form it has: a whole connection, a request that waits for the handshake's last segment, or the memory of
// one that has ended. Buckets share a lock with others of their stripe, and so do the queues in which small entries wait for their time.
#pragma once

#include "base/list.hpp"
#include "base/time.hpp"
#include "kernel/net/address.hpp"
#include "kernel/sync/spin.hpp"

namespace spore::net::tcp {

struct TableEntry {
    enum class Kind : u8 { connection, request, time_wait };

    TableEntry* next = nullptr;
    u32 hash = 0;
    Kind kind;
    bool in_table = false;
    u16 local_port, remote_port;
    u32 scope;            ///< of link-local addresses; else 0
    IpAddress local, remote;

    TableEntry(Kind what, const Endpoint& from, const Endpoint& to)
        : kind(what), local_port(from.port), remote_port(to.port), scope(to.scope), local(from.address), remote(to.address) {}
    bool is(const IpAddress& from, u16 from_port, const IpAddress& to, u16 to_port) const {
        return local_port == from_port && remote_port == to_port && remote == to && local == from;
    }
    Endpoint local_endpoint() const { return {local, local_port, local.is_link_local() ? scope : 0}; }
    Endpoint remote_endpoint() const { return {remote, remote_port, scope}; }
};

class Request;
class TimeWait;

struct Stripe {
    sync::Spin lock;
    u32 count = 0;
    // First in, first out: all time-waits last equally long, and so do requests that were answered equally often.
    static constexpr u32 request_levels = 6;
    Request* first_request[request_levels] = {};
    Request* last_request[request_levels] = {};
    TimeWait* first_time_wait = nullptr;
    TimeWait* last_time_wait = nullptr;
};

class Table {
public:
    static constexpr u32 stripe_count = 64, first_size = 512;

    /// Before anything else, and without harm again. Nothing in the table has a first value but zero, so that the image does not carry it.
    void start() {
        if (!buckets_) buckets_ = first_buckets_, mask_ = first_size - 1;
    }

    Stripe& stripe(u32 hash) { return stripes_[hash % stripe_count]; }
    Stripe& stripe_at(u32 index) { return stripes_[index]; }

    // With the stripe's lock:
    TableEntry* find(u32 hash, const IpAddress& local, u16 local_port, const IpAddress& remote, u16 remote_port);
    void insert(TableEntry& entry, u32 hash);
    void remove(TableEntry& entry);
    void replace(TableEntry& before, TableEntry& with);

    /// Without: more buckets when there are more entries than buckets. After an insertion.
    void grow_if_needed(u32 hash) {
        if (stripe(hash).count * stripe_count > mask_) grow();
    }
    /// Calls visit(entry) for all entries of one stripe, under its lock.
    template <typename F>
    void for_each(u32 stripe_index, F&& visit) {
        Guard guard(stripes_[stripe_index].lock);
        for (u32 bucket = stripe_index; bucket <= mask_; bucket += stripe_count)
            for (auto* entry = buckets_[bucket]; entry; entry = entry->next) visit(*entry);
    }

private:
    void grow();

    Stripe stripes_[stripe_count];
    TableEntry* first_buckets_[first_size] = {};
    // Changed with all stripes' locks only.
    TableEntry** buckets_ = nullptr;
    u32 mask_ = 0;
    sync::Spin growing_;
};

extern constinit Table table;

}  // namespace spore::net::tcp
