#include "kernel/net/tcp/reassembly.hpp"

#include <algorithm>

#include "kernel/net/tcp/sequence.hpp"

namespace spore::net::tcp {

using device::Packet;

namespace {
ReceiveNote& note_of(Packet& packet) { return packet.note<ReceiveNote>(); }
}  // namespace

[[gnu::always_inline]] u32 packet_cost(const Packet& packet) {
    u32 cost = sizeof(Packet);
    for (auto& slice : packet.slices()) cost += memory::is_managed(*slice.frame) ? static_cast<u32>(page_size) << slice.frame.get()->order : 0;
    return cost;
}

Reassembly::~Reassembly() {
    while (first_) {
        auto* packet = first_;
        first_ = packet->next;
        delete packet;
    }
}

i64 Reassembly::insert(Owned<Packet> packet, wire::tcp::SackBlock& duplicate) {
    auto& note = note_of(*packet);
    duplicate = {note.begin, note.begin};
    Packet* previous = nullptr;
    Packet* next = first_;
    if (hint_ && !after(note_of(*hint_).begin, note.begin)) previous = hint_, next = hint_->next;
    while (next && !after(note_of(*next).begin, note.begin)) previous = next, next = next->next;

    i64 change = 0;
    if (previous) {
        auto& held = note_of(*previous);
        if (!before(held.end, note.end)) {
            duplicate = {note.begin, note.end};
            // A FIN may come with bytes that are there already.
            if (note.fin && held.end == note.end) held.fin = true;
            remember(held);
            return 0;
        }
        if (after(held.end, note.begin)) {
            duplicate = {note.begin, held.end};
            packet->drop_front(held.end - note.begin);
            note.begin = held.end;
        }
    }
    while (next && before(note_of(*next).begin, note.end)) {
        auto& held = note_of(*next);
        if (before(note.end, held.end)) {
            duplicate = {held.begin, note.end};
            packet->truncate(held.begin - note.begin);
            note.end = held.begin;
            note.fin = false;
            break;
        }
        duplicate = {held.begin, held.end};
        note.fin = note.fin || (held.fin && held.end == note.end);
        change -= held.cost;
        if (hint_ == next) hint_ = nullptr;
        auto* gone = next;
        next = next->next;
        delete gone;
        --count_;
    }
    change += note.cost;
    remember(note);
    auto* item = packet.release();
    item->next = next;
    (previous ? previous->next : first_) = item;
    hint_ = item;
    ++count_;
    return change;
}

Owned<Packet> Reassembly::take(u32 next) {
    if (!first_ || after(note_of(*first_).begin, next)) return {};
    auto* packet = first_;
    first_ = packet->next;
    packet->next = nullptr;
    if (hint_ == packet) hint_ = nullptr;
    --count_;
    // What is in order now is no longer reported.
    u32 done = later(note_of(*packet).end, next), kept = 0;
    for (u32 i = 0; i < recent_count_; ++i)
        if (after(recent_[i].end, done)) recent_[kept++] = recent_[i];
    recent_count_ = kept;
    return Owned<Packet>(packet);
}

u32 Reassembly::drop_last() {
    auto** link = &first_;
    while ((*link)->next) link = &(*link)->next;
    auto note = note_of(**link);
    delete *link;
    *link = nullptr;
    hint_ = nullptr;
    --count_;
    u32 kept = 0;
    for (u32 i = 0; i < recent_count_; ++i) {
        auto block = recent_[i];
        block.end = earlier(block.end, note.begin);
        if (before(block.begin, block.end)) recent_[kept++] = block;
    }
    recent_count_ = kept;
    return note.cost;
}

void Reassembly::remember(const ReceiveNote& note) {
    u32 begin = note.begin, end = note.end + (note.fin ? 1 : 0), kept = 0;  // a FIN has a sequence number, too
    wire::tcp::SackBlock others[wire::tcp::Options::max_sack_blocks];
    for (u32 i = 0; i < recent_count_; ++i) {
        auto& block = recent_[i];
        if (before(block.end, begin) || after(block.begin, end)) {
            others[kept++] = block;
        } else {
            begin = earlier(begin, block.begin);
            end = later(end, block.end);
        }
    }
    recent_[0] = {begin, end};  // the block with the latest segment comes first [RFC 2018 4]
    kept = std::min<u32>(kept, wire::tcp::Options::max_sack_blocks - 1);
    std::copy_n(others, kept, recent_ + 1);
    recent_count_ = kept + 1;
}

u32 Reassembly::blocks(wire::tcp::SackBlock* into, u32 most) const {
    u32 count = std::min(most, recent_count_);
    std::copy_n(recent_, count, into);
    return count;
}

}  // namespace spore::net::tcp
