// Message queues [msgget(2), msgop(2), msgctl(2)].
#pragma once

#include "kernel/linux/ipc/table.hpp"
#include "kernel/linux/limits.hpp"
#include "kernel/linux/small_text.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace spore::linux::ipc {

struct Message {
    ListLink<Message> link;
    i64 type = 0;  ///< above 0
    HeapArray<std::byte> text;
};

/// Which message a receiver wants [msgrcv(2)].
struct Choice {
    enum class Kind : u8 { first, of_type, not_of_type, lowest_up_to, at_place };
    Kind kind;
    i64 number;
    Choice(i64 type, bool except, bool copy);
};

class Queue : public Counted, public Object {
public:
    ~Queue();
    static u64 most() { return system_limits.keyed_queues.load(std::memory_order_relaxed); }
    /// would_block, interrupted, identifier_removed.
    Result<void> send(Owned<Message> message, i32 process, bool may_wait);
    /// no_message when there is none and it may not wait; argument_list_too_long when it is longer than `room` and may not be cut: then it stays.
    Result<Owned<Message>> receive(const Choice& choice, u64 room, bool may_cut, i32 process, bool may_wait);
    /// A copy, of at most `into` bytes; its type and length. The message stays.
    struct Copied {
        i64 type;
        u64 size;
    };
    Result<Copied> copy(const Choice& choice, std::span<std::byte> into, bool may_cut);

    struct State {
        u64 bytes, messages, room;
        i32 last_sender, last_receiver;
        i64 sent, received;  ///< seconds
    };
    State state();
    void remove();
    void change_owner(u32 uid, u32 gid, u32 mode, u64 room);

    ListLink<Queue> link;

private:
    Message* find(const Choice& choice);

    sync::Spin lock_;
    List<Message, &Message::link> messages_;
    State state_{.bytes = 0, .messages = 0, .room = system_limits.keyed_queue_bytes.load(std::memory_order_relaxed), .last_sender = 0, .last_receiver = 0, .sent = 0, .received = 0};
    sync::WaitQueue senders_, receivers_;
};

Table<Queue>& queues();

}  // namespace spore::linux::ipc
