// A socket's filter: a program of the user's that sees what is about to come into the socket, and says how much of it does (SO_ATTACH_FILTER) [socket(7)].
#pragma once

#include "base/owned.hpp"
#include "kernel/device/packet.hpp"
#include "kernel/net/endpoint_events.hpp"
#include "kernel/net/interface.hpp"
#include "wire/net/bpf.hpp"

namespace spore::net {

class Filter final : public Counted {
public:
    using Instruction = wire::bpf::Instruction;
    /// Takes so many instructions. invalid when that is none, too many, or no program that may run; bad_address, no_memory.
    static Result<Shared<Filter>> create(ByteSource& from, u32 count);
    ~Filter() { delete[] program_; }

    std::span<const Instruction> program() const { return {program_, count_}; }
    /// As bpf::run().
    u32 run(const wire::bpf::Subject& subject) const { return wire::bpf::run(program(), subject); }

private:
    Filter(Instruction* program, u32 count) : program_(program), count_(count) {}
    Instruction* program_;
    u32 count_;
};

/// A packet as a filter sees it.
class FilteredPacket final : public wire::bpf::Subject {
public:
    static constexpr i32 no_header = INT32_MIN;
    struct Place {
        u32 shown = 0;                        ///< where what is shown begins; this and the others count from the head's first byte
        i32 network = no_header, link = no_header;
        const Interface* interface = nullptr;
        u16 protocol = 0;                     ///< an EtherType
        u8 kind = 0;                          ///< PACKET_*: for whom it is
    };
    FilteredPacket(const device::Packet& packet, const Place& place) : packet_(packet), place_(place) {}
    /// One whose head begins with what is shown, behind an IP header that was taken off or is shown, too.
    static FilteredPacket from_ip(const device::Packet& packet, const Interface* interface, bool v4, u8 kind);

    u32 size() const override { return packet_.size() - place_.shown; }
    bool read(From from, u32 offset, MutableByteSpan into) const override;
    std::optional<u32> fact(wire::bpf::Fact which) const override;

private:
    const device::Packet& packet_;
    Place place_;
};

}  // namespace spore::net
