#include "kernel/net/filter.hpp"

#include "arch/cpu.hpp"
#include "kernel/core/random.hpp"
#include "wire/net/ethernet.hpp"

namespace spore::net {

namespace bpf = wire::bpf;

Result<Shared<Filter>> Filter::create(ByteSource& from, u32 count) {
    if (count == 0 || count > bpf::most_instructions) return fail(Error::invalid);
    auto* program = new (std::nothrow) Instruction[count];
    if (!program) return fail(Error::no_memory);
    auto* made = new (std::nothrow) Filter(program, count);
    if (!made) {
        delete[] program;
        return fail(Error::no_memory);
    }
    auto filter = Shared<Filter>::adopt(made);
    TRY(from.take(std::as_writable_bytes(std::span(program, count))));
    auto* reached = new (std::nothrow) u16[count];
    if (!reached) return fail(Error::no_memory);
    auto checked = bpf::check(filter->program(), {reached, count});
    delete[] reached;
    TRY(checked);
    return filter;
}

FilteredPacket FilteredPacket::from_ip(const device::Packet& packet, const Interface* interface, bool v4, u8 kind) {
    return {packet, {.network = packet.layer_offset(device::Layer::network), .interface = interface,
                     .protocol = v4 ? wire::ethernet::type_ipv4 : wire::ethernet::type_ipv6, .kind = kind}};
}

bool FilteredPacket::read(From from, u32 offset, MutableByteSpan into) const {
    i32 begin = from == From::shown ? static_cast<i32>(place_.shown) : from == From::network ? place_.network : place_.link;
    if (begin == no_header) return false;
    i64 at = i64{begin} + offset, size = static_cast<i64>(into.size());
    auto head = packet_.head();
    // A header that was taken off lies in front of the head, where the layer was marked.
    if (at + size <= static_cast<i64>(head.size())) [[likely]] {
        std::memcpy(into.data(), head.data() + at, into.size());
        return true;
    }
    if (at < 0 || at + size > static_cast<i64>(packet_.size())) return false;
    packet_.copy_out(static_cast<u32>(at), into);
    return true;
}

std::optional<u32> FilteredPacket::fact(bpf::Fact which) const {
    using bpf::Fact;
    constexpr u32 ethernet = 1, loopback = 772;  // ARPHRD_*
    switch (which) {
    case Fact::protocol: return place_.protocol;
    case Fact::kind: return place_.kind;
    case Fact::interface:
        if (!place_.interface) return std::nullopt;
        return place_.interface->index();
    case Fact::link_type:
        if (!place_.interface) return std::nullopt;
        return place_.interface->loopback() ? loopback : ethernet;
    case Fact::hash: return packet_.hash;
    case Fact::cpu: return arch::cpu_id();
    case Fact::random: return static_cast<u32>(core::random_u64());
    // Nobody marks packets here, they are told by no queue, and tags stay in their place among the bytes.
    case Fact::mark: case Fact::queue: case Fact::vlan_tag: case Fact::vlan_present: case Fact::vlan_protocol: return 0;
    }
    return std::nullopt;
}

}  // namespace spore::net
