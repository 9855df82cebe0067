#include "kernel/linux/ipc/queues.hpp"

#include <algorithm>

namespace spore::linux::ipc {

namespace {
constinit Table<Queue> all;
}  // namespace
Table<Queue>& queues() { return all; }

Choice::Choice(i64 type, bool except, bool copy) : kind(Kind::first), number(type) {
    if (copy) kind = Kind::at_place;
    else if (type > 0) kind = except ? Kind::not_of_type : Kind::of_type;
    else if (type < 0) kind = Kind::lowest_up_to, number = type == std::numeric_limits<i64>::min() ? std::numeric_limits<i64>::max() : -type;
}

Queue::~Queue() {
    while (auto* message = messages_.pop_front()) delete message;
}

Message* Queue::find(const Choice& choice) {
    Message* lowest = nullptr;
    i64 place = 0;
    for (auto& message : messages_) {
        switch (choice.kind) {
        case Choice::Kind::first: return &message;
        case Choice::Kind::of_type:
            if (message.type == choice.number) return &message;
            break;
        case Choice::Kind::not_of_type:
            if (message.type != choice.number) return &message;
            break;
        case Choice::Kind::lowest_up_to:
            if (message.type <= choice.number && (!lowest || message.type < lowest->type)) lowest = &message;
            break;
        case Choice::Kind::at_place:
            if (place++ == choice.number) return &message;
            break;
        }
    }
    return lowest;
}

Result<void> Queue::send(Owned<Message> message, i32 process, bool may_wait) {
    u64 size = message->text.size();
    Guard guard(lock_);
    // An empty message takes a place, too.
    while (!removed && (state_.bytes + size > state_.room || state_.messages + 1 > state_.room)) {
        if (!may_wait) return fail(Error::would_block);
        auto woken = senders_.wait(lock_, sync::Interruptible::yes);
        if (!woken && !removed) return fail(woken.error());
    }
    if (removed) return fail(Error::identifier_removed);
    state_.bytes += size, ++state_.messages, state_.last_sender = process, state_.sent = now();
    messages_.push_back(*message.release());
    receivers_.wake_all();
    return {};
}

Result<Owned<Message>> Queue::receive(const Choice& choice, u64 room, bool may_cut, i32 process, bool may_wait) {
    Guard guard(lock_);
    while (true) {
        if (removed) return fail(Error::identifier_removed);
        if (auto* message = find(choice)) {
            if (message->text.size() > room && !may_cut) return fail(Error::argument_list_too_long);
            messages_.remove(*message);
            state_.bytes -= message->text.size(), --state_.messages, state_.last_receiver = process, state_.received = now();
            senders_.wake_all();
            return Owned<Message>(message);
        }
        if (!may_wait) return fail(Error::no_message);
        auto woken = receivers_.wait(lock_, sync::Interruptible::yes);
        if (!woken && !removed) return fail(woken.error());
    }
}

Result<Queue::Copied> Queue::copy(const Choice& choice, std::span<std::byte> into, bool may_cut) {
    Guard guard(lock_);
    if (removed) return fail(Error::identifier_removed);
    auto* message = find(choice);
    if (!message) return fail(Error::no_message);
    if (message->text.size() > into.size() && !may_cut) return fail(Error::argument_list_too_long);
    u64 size = std::min(message->text.size(), into.size());
    std::ranges::copy(message->text.span().first(size), into.begin());
    return Copied{message->type, size};
}

Queue::State Queue::state() {
    Guard guard(lock_);
    return state_;
}

void Queue::change_owner(u32 new_uid, u32 new_gid, u32 new_mode, u64 room) {
    Guard guard(lock_);
    Object::change_owner(new_uid, new_gid, new_mode);
    state_.room = room;
    senders_.wake_all();
}

void Queue::remove() {
    {
        Guard guard(lock_);
        removed = true;
        senders_.wake_all();
        receivers_.wake_all();
    }
    queues().remove(*this);
}

}  // namespace spore::linux::ipc
