// One request and its reply, with the memory that they lie in.
#pragma once

#include "kernel/device/share.hpp"
#include "kernel/memory/frame.hpp"
#include "wire/ninep.hpp"

namespace spore::fs::ninep {

class Client;
using Pieces = std::span<const device::TransferPiece>;

class Call {
public:
    /// How much of names and data the messages themselves carry.
    enum class Size : u8 { small, large };
    /// Sleeps until there is a tag. no_memory; never for `clunk`, which has memory of its own.
    static Result<Call> begin(Client& client, wire::ninep::Type type, Size size = Size::small);
    Call(Call&& other) noexcept;
    ~Call();

    wire::ninep::Writer request;

    /// The reply's fields, which lie in this call's memory.
    Result<wire::ninep::Reader> run();
    /// The same for a request that ends with what lies in `data`.
    Result<wire::ninep::Reader> run_with(Pieces data);
    /// The same for a reply that ends with `size` bytes at most, which go to `data`: how many there are.
    Result<u32> run_into(Pieces data, u32 size);

    /// How many bytes the reply to a large call can have.
    static constexpr u32 large_reply = 8_KiB;

private:
    struct Layout {
        u8 order;
        u16 request, reply;
    };
    Call(Client& client, wire::ninep::Type type, u16 tag, memory::FrameRef frame, const Layout& layout);
    Result<u32> exchange(Pieces data_out, u32 out_size, Pieces data_in, u32 head_size);
    ByteSpan reply_bytes(u32 size) const { return {frame_.bytes() + layout_->request, size}; }

    static const Layout layouts[2];
    Client* client_;
    memory::FrameRef frame_;
    const Layout* layout_;
    wire::ninep::Type type_;
    u16 tag_;
};

}  // namespace spore::fs::ninep
