// Sends whose pages stay the program's (MSG_ZEROCOPY): it wants to hear when the peer has them, and may change them only then
// [linux Documentation/networking/msg_zerocopy.rst]. Numbered from 0, in the order in which they began.
#pragma once

#include <optional>

#include "kernel/net/tcp/ring.hpp"
#include "kernel/net/tcp/sequence.hpp"

namespace spore::net::tcp {

/// Finished sends that are told of together.
struct FinishedSends {
    u32 first, last;
    bool copied;  ///< their pages were not needed: the bytes had been copied
};

class HandedOver {
public:
    /// A send begins; its number. no_memory.
    Result<u32> begin() {
        TRY(sends_.push_back({}));
        return first_ + sends_.size() - 1;
    }
    /// It is complete: its last byte comes before the sequence number `end`, and the peer has everything before `acknowledged`.
    void complete(u32 number, u32 end, u32 acknowledged, bool copied) {
        auto& send = sends_[number - first_];
        send = {.end = end, .copied = copied, .complete = true};
        this->acknowledged(acknowledged);
    }
    /// Nothing of it was sent: it counts only when others began after it.
    void cancel(u32 number, u32 acknowledged) {
        if (number - first_ + 1 == sends_.size()) sends_.pop_back();
        else complete(number, acknowledged, acknowledged, true);
    }
    /// The peer has everything before `sequence`.
    void acknowledged(u32 sequence) {
        while (finished_ < sends_.size() && sends_[finished_].complete && !after(sends_[finished_].end, sequence)) ++finished_;
    }
    /// The connection has ended: nothing is sent any more. Those that are being made finish when they are complete.
    void finish() {
        while (finished_ < sends_.size() && sends_[finished_].complete) ++finished_;
    }
    u32 finished() const { return finished_; }
    /// The next that are to be told of.
    std::optional<FinishedSends> take() {
        if (!finished_) return std::nullopt;
        FinishedSends told{first_, first_, sends_.front().copied};
        while (finished_ && sends_.front().copied == told.copied) {
            told.last = first_++;
            sends_.pop_front();
            --finished_;
        }
        return told;
    }

private:
    struct Send {
        u32 end = 0;
        bool copied = false;
        bool complete = false;  ///< everything is in the send queue
    };
    Ring<Send, 4> sends_;
    u32 first_ = 0;     ///< the front's number
    u32 finished_ = 0;  ///< so many of the front are done
};

}  // namespace spore::net::tcp
