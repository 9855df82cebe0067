// PACKET_RX_RING: memory that a program maps, into which the kernel puts frames, so that reading them takes no call [packet(7), linux
// Documentation/networking/packet_mmap]. Version 2 has a slot for each frame; version 3 fills blocks, and hands one over when it is full or its time is up.
//
// A status word says whose a slot or block is: the kernel's, or from its store (release) on the program's, until that stores the kernel's back. The program
// can write what it likes anywhere: nothing but that word is ever read from there.
#pragma once

#include "kernel/linux/ring/memory.hpp"
#include "kernel/linux/uapi/packet.hpp"
#include "kernel/net/link/socket.hpp"
#include "kernel/time/timer.hpp"

namespace spore::linux {

class PacketRing : public net::link::Tap {
public:
    struct Shape {
        PacketVersion version{};
        RingRequest request{};
        u32 reserve = 0;           ///< PACKET_RESERVE: room before each frame's headers
        net::link::Headers headers{};
    };
    /// invalid when the sizes do not fit each other. `listener` hears of blocks whose time is up.
    static Result<Owned<PacketRing>> create(const Shape& shape, net::EndpointListener& listener);
    virtual ~PacketRing() = default;
    /// Whether the program has something to look at. Any context.
    virtual bool readable() = 0;
    Shared<memory::MappedObject> object() const { return memory_.object(); }

protected:
    PacketRing(const Shape& shape, RingMemory memory) : shape_(shape), memory_(std::move(memory)) {}
    /// Where in its slot a frame's parts lie, and how much of it there is room for.
    struct Places {
        u32 address, link, network;
        u32 size, copied;
        bool possible = true;  ///< not, where so much room is reserved that the headers' places cannot be told
    };
    Places places_of(const device::Packet& packet, u32 begin, u32 network, u32 most, u32 header_size, u32 room) const;
    void put_frame(u64 slot, const Places& places, const device::Packet& packet, u32 begin, const net::link::Address& from);

    const Shape shape_;
    RingMemory memory_;
};

}  // namespace spore::linux
