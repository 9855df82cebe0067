// Beginning a connection: the path, a port that is free for this peer [RFC 6056], a place in the table, and the SYN.
#include "kernel/net/tcp/batch.hpp"
#include "kernel/net/tcp/control_block.hpp"
#include "kernel/net/tcp/fast_open.hpp"
#include "kernel/net/tcp/secret.hpp"
#include "kernel/net/tcp/time_wait.hpp"

namespace spore::net::tcp {

static_assert(sizeof(ControlBlock) <= 1024, "an idle connection is to stay small");

ControlBlock::ControlBlock(const Endpoint& from, const Endpoint& to, const Options& options, Path path)
    : TableEntry(Kind::connection, from, to), v4_(to.address.is_v4()), filtered_(static_cast<bool>(options.filter)), path_(std::move(path)), options_(options) {
    u32 sum = pseudo_header_sum(from.address, to.address, wire::tcp::protocol_number, 0);
    address_sum_ = static_cast<u16>(sum);
    if (options_.receive_buffer) window_limit_ = std::max(options_.receive_buffer / 2, 2 * default_mss_v6);
    options_.quick_ack = false;
}

ControlBlock::~ControlBlock() = default;

Result<Shared<ControlBlock>> ControlBlock::create(const Endpoint& local, const Endpoint& remote, const Options& options, Path path) {
    auto* block = new (std::nothrow) ControlBlock(local, remote, options, std::move(path));
    if (!block) return fail(Error::no_memory);
    return Shared<ControlBlock>::adopt(block);
}

namespace {

/// Takes the place in the table, if it is free or what is there has ended long enough ago. `iss` is what to begin with.
bool claim(ControlBlock& block, u32& iss) {
    u32 hash = flow_hash(block.TableEntry::local, block.local_port, block.TableEntry::remote, block.remote_port);
    {
        auto& stripe = table.stripe(hash);
        Guard guard(stripe.lock);
        if (auto* entry = table.find(hash, block.TableEntry::local, block.local_port, block.TableEntry::remote, block.remote_port)) {
            if (entry->kind != TableEntry::Kind::time_wait) return false;
            if (!static_cast<TimeWait&>(*entry).give_up_for_new(stripe, iss)) return false;
        }
        block.retain();  // the table's
        table.insert(block, hash);
    }
    table.grow_if_needed(hash);
    return true;
}

}  // namespace

Result<Shared<Connection>> Connection::connect(Owned<Binding> binding, const Endpoint& remote, const Options& options, EndpointListener* listener) {
    if (remote.port == 0) return fail(Error::address_not_available);
    if (remote.address.is_multicast() || remote.address.is_limited_broadcast()) return fail(Error::network_unreachable);
    PathHints hints{.interface = remote.scope};
    if (binding) {
        if (!binding->local().address.is_unspecified()) hints.source = binding->local().address;
        if (binding->options().interface) hints.interface = binding->options().interface;
        else if (!hints.interface) hints.interface = binding->local().scope;
    }
    // A connection to the unspecified address is one to this machine, as in Linux.
    Endpoint peer = remote;
    if (peer.address.is_unspecified()) peer.address = peer.address.is_v4() ? IpAddress::v4(0x7f00'0001) : IpAddress::v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
    auto path = TRY(Path::find(peer.address, hints));
    Endpoint local{path.source(), static_cast<u16>(binding ? binding->local().port : 0), peer.scope};
    u32 first = port_offset(local.address, peer);
    auto block = TRY(ControlBlock::create(local, peer, options, std::move(path)));
    u32 iss = 0;
    if (local.port) {
        if (!claim(*block, iss)) return fail(Error::address_not_available);
    } else {
        constexpr u32 count = last_chosen_port - first_chosen_port + 1;
        static constinit std::atomic<u32> next = 0;
        u32 begin = first + next.fetch_add(1, std::memory_order_relaxed), tried = 0;
        for (; tried < count; ++tried) {
            block->local_port = static_cast<u16>(first_chosen_port + (begin + tried) % count);
            if (!is_bound(Transport::tcp, block->local_port) && claim(*block, iss)) break;
        }
        if (tried == count) return fail(Error::address_not_available);
        if (tried) next.fetch_add(tried, std::memory_order_relaxed);
    }
    TRY(block->begin(std::move(binding), listener, iss));
    return Shared<Connection>(std::move(block));
}

Result<void> ControlBlock::begin(Owned<Binding> binding, EndpointListener* listener, u32 iss) {
    Session session(*this);
    stamp(time::now());
    binding_ = std::move(binding);
    listener_ = listener;
    iss_ = iss ? iss : initial_sequence(local(), remote());
    timestamp_offset_ = tcp::timestamp_offset(local(), remote());
    send_unacknowledged_ = small_end_ = iss_;
    send_next_ = iss_ + 1;
    receive_scale_ = scale_for(options_.receive_buffer);  // as every SYN of ours says, whatever the buffer becomes until one is answered
    state_ = State::syn_sent;
    update_mss();
    congestion_.start(options_.congestion, mss_);
    if (options_.fast_open_connect && knows_fast_open(TableEntry::remote)) {
        syn_deferred_ = true;  // until there is data to go with it
        publish(Ready::none);
        return {};
    }
    send_syn();
    return {};
}

void ControlBlock::set_listener(EndpointListener* listener) {
    Session session(*this);
    listener_ = listener;
}

void ControlBlock::set_owner(u64 inode, u32 user) {
    Session session(*this);
    owner_inode_ = inode;
    owner_user_ = user;
}

Result<void> ControlBlock::take_error() {
    Session session(*this);
    if (!has_error_) return {};
    has_error_ = false;
    publish(Ready::none);
    return fail(error_);
}

State ControlBlock::state() const {
    Guard guard(lock_);
    return state_;
}

bool ControlBlock::is_on_the_way(u32 sequence) const {
    Guard guard(lock_);
    return state_ != State::closed && !before(sequence, send_unacknowledged_) && before(sequence, send_next_);
}

/// What ICMP says of a packet that we sent [RFC 5927, RFC 9293 3.9.2.2]. `sequence` is the packet's: only one that is on the way counts.
void ControlBlock::path_error(const PathError& error, u32 sequence) {
    stamp(time::now());
    if (state_ == State::closed || before(sequence, send_unacknowledged_) || after(sequence, send_next_)) return;
    using Kind = PathError::Kind;
    if (error.kind == Kind::too_big) {
        u32 before_mss = mss_;
        update_mss();
        if (mss_ >= before_mss || !synchronized()) return;
        // What was too large is lost, and not because of congestion.
        for (u32 i = 0; i < board_.count(); ++i)
            if (board_[i].segment_size > mss_ && !board_[i].sacked) {
                board_[i].segment_size = mss_;
                board_.mark_lost(board_[i]);
            }
        retransmit_lost();
        return output();
    }
    Error reason = Error::host_unreachable;
    if (error.kind == Kind::port_unreachable || error.kind == Kind::protocol_unreachable) reason = Error::connection_refused;
    else if (error.kind == Kind::network_unreachable) reason = Error::network_unreachable;
    else if (error.kind == Kind::parameter_problem) reason = Error::protocol;
    bool opening = state_ == State::syn_sent || state_ == State::syn_received;
    if (opening && !passive_ && error.kind != Kind::time_exceeded) return abort(reason);
    error_ = reason;  // a reason to name when it times out, nothing more; an established connection bears it
}

void path_error(const PathError& error) {
    if (error.quoted.size() < 8) return;
    auto& header = *reinterpret_cast<const wire::tcp::Header*>(error.quoted.data());  // its first eight bytes are there
    u16 from = header.source_port, to = header.destination_port;
    u32 sequence = header.sequence, hash = flow_hash(error.source, from, error.destination, to);
    Shared<ControlBlock> block;
    {
        auto& stripe = table.stripe(hash);
        Guard guard(stripe.lock);
        auto* entry = table.find(hash, error.source, from, error.destination, to);
        if (!entry || entry->kind != TableEntry::Kind::connection) return;
        block = Shared<ControlBlock>(static_cast<ControlBlock&>(*entry));
    }
    if (error.kind == PathError::Kind::too_big) {
        if (!block->is_on_the_way(sequence)) return;
        accept_path_mtu(error);  // without the connection's lock
    }
    ControlBlock::Session session(*block);
    block->path_error(error, sequence);
}

}  // namespace spore::net::tcp
