// The list of interfaces. It grows while the machine starts; then it is only read.
#include <new>

#include "kernel/net/interface.hpp"
#include "kernel/net/ip/local_table.hpp"
#include "kernel/net/ip/route.hpp"
#include "wire/net/nd.hpp"

namespace spore::net {

namespace {
constinit std::atomic<Interface*> list[Interfaces::limit + 1] = {};  // by index; 0 stays empty
alignas(Interface) constinit std::byte loopback_storage[sizeof(Interface)] = {};
}  // namespace

Interface& Interfaces::loopback() {
    if (auto* there = list[1].load(std::memory_order_acquire)) return *there;
    auto* made = new (loopback_storage) Interface(1, nullptr);
    list[1].store(made, std::memory_order_release);
    // An interface without a device joins nothing and asks nobody: only a full table could refuse these two.
    (void)made->add_address({.address = IpAddress::v4(0x7f000001), .prefix_length = 104});
    std::array<u8, 16> one{};
    one[15] = 1;
    (void)made->add_address({.address = IpAddress::v6(one)});
    return *made;
}

Result<Interface*> Interfaces::create(device::NetDevice& device) {
    loopback();
    for (u32 index = 2; index <= limit; ++index) {
        if (list[index].load(std::memory_order_relaxed)) continue;
        auto* made = new (std::nothrow) Interface(index, &device);
        if (!made) return fail(Error::no_memory);
        list[index].store(made, std::memory_order_release);
        device.start(*made);  // before its filter is told of groups
        (void)made->join(IpAddress::v4(0xe0000001));  // all hosts [RFC 1112 4]; a new list has room
        (void)made->join(IpAddress::v6(wire::nd::all_nodes));
        return made;
    }
    return fail(Error::no_space);
}

void Interfaces::forget() {
    for (u32 index = 2; index <= limit; ++index) delete list[index].exchange(nullptr);
    if (auto* lo = list[1].exchange(nullptr)) lo->~Interface();
    forget_routes();
    rewrite_local_table();
}

Interface* interface(u32 index) { return index <= Interfaces::limit ? list[index].load(std::memory_order_acquire) : nullptr; }

Interface* find_interface(std::string_view name) {
    for (u32 index = 1; auto* one = interface(index); ++index)
        if (name == one->name()) return one;
    return nullptr;
}

Interface* interface_with(const IpAddress& address) {
    auto local = find_local(address);
    if (local.kind == LocalKind::own) return interface(local.interface);
    for (u32 index = 1; auto* one = interface(index); ++index)  // tentative ones are not in the table
        if (one->has_address(address)) return one;
    return nullptr;
}

}  // namespace spore::net
