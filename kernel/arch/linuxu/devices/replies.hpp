// Replies of a 9P server as a stream brings them, in any order [9P2000 intro(5)]: each goes straight to the memory of the exchange that waits for it. The
// server is not trusted with more than that memory.
#pragma once

#include <sys/uio.h>

#include "base/list.hpp"
#include "kernel/device/share.hpp"
#include "wire/ninep.hpp"

namespace spore::arch {

/// Its owner locks.
class Replies {
public:
    enum class State : u8 { waits, answered, lost };
    struct Exchange {
        u16 tag;
        std::span<const device::TransferPiece> room;
        State state = State::waits;
        u32 size = 0;  ///< of the reply
        ListLink<Exchange> link{};
    };

    /// Whose tag is no other's that waits.
    void expect(Exchange& exchange) { waiting_.push_back(exchange); }
    bool expects_any() const { return !waiting_.empty(); }

    static constexpr u32 max_parts = device::Share::max_pieces;
    /// Where the next bytes belong: no more than to the end of a header or a reply. How many parts.
    u32 parts(iovec* into);
    /// So many bytes have come there. The exchange that is answered with them, or null; protocol for a reply that nobody waits for, or
    /// that is larger than its place: nothing that follows can be understood then.
    Result<Exchange*> take(u32 count);
    /// One of those that wait, to which no reply will come any more. Null when none is left.
    Exchange* lose();

private:
    u32 parts_of_reply(iovec* into) const;
    Result<void> begin_reply();
    static u32 size_of(std::span<const device::TransferPiece> pieces);

    List<Exchange, &Exchange::link> waiting_;
    wire::ninep::Header header_{};
    u32 have_ = 0;                 ///< of the reply, its header included
    Exchange* current_ = nullptr;  ///< whose reply it is, once the header is there
};

}  // namespace spore::arch
