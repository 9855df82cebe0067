// Which multicast groups an interface receives: counted, since several sockets may want the same one.
#include <algorithm>

#include "kernel/net/interface.hpp"
#include "kernel/net/ip/group_reports.hpp"
#include "wire/net/ethernet.hpp"

namespace spore::net {

namespace {
device::MacAddress link_group(const IpAddress& group) {
    return {group.is_v4() ? wire::ethernet::group_of_ipv4(group.v4_value()) : wire::ethernet::group_of_ipv6(group.bytes())};
}
}  // namespace

/// The lock stays held, so that the device is told of changes in their order.
void Interface::tell_device(const Groups& groups) {
    if (!device_) return;
    device::MacAddress macs[max_groups];
    for (u32 i = 0; i < groups.count; ++i) macs[i] = link_group(groups.list[i].address);
    device_->set_multicast(std::span(macs, groups.count));
}

Result<void> Interface::join(const IpAddress& group) {
    if (!group.is_multicast()) return fail(Error::invalid);
    bool first = true;
    TRY(groups_.with([&](Groups& groups) -> Result<void> {
        for (auto& one : std::span(groups.list, groups.count))
            if (one.address == group) return first = false, ++one.members, Result<void>{};
        if (groups.count == max_groups) return fail(Error::no_memory);
        groups.list[groups.count++] = {group, 1};
        tell_device(groups);
        return {};
    }));
    if (first) group_reports::joined(*this, group);
    return {};
}

void Interface::leave(const IpAddress& group) {
    bool others_told = false;
    bool last = groups_.with([&](Groups& groups) {
        for (auto& one : std::span(groups.list, groups.count)) {
            if (one.address != group) continue;
            if (--one.members) return false;
            others_told = one.others_told_last;
            one = groups.list[--groups.count];
            tell_device(groups);
            return true;
        }
        return false;
    });
    if (last) group_reports::left(*this, group, others_told ? group_reports::LastReport::others : group_reports::LastReport::ours);
}

bool Interface::is_member(const IpAddress& group) const {
    return groups_.with([&](const Groups& groups) {
        return std::any_of(groups.list, groups.list + groups.count, [&](auto& one) { return one.address == group; });
    });
}

std::size_t Interface::groups(std::span<IpAddress> into) const {
    return groups_.with([&](const Groups& groups) -> std::size_t {
        std::size_t copied = std::min<std::size_t>(groups.count, into.size());
        std::transform(groups.list, groups.list + copied, into.begin(), [](auto& one) { return one.address; });
        return groups.count;
    });
}

}  // namespace spore::net
