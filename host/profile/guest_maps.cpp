#include "host/profile/guest_maps.hpp"

#include <cstdio>

namespace spore::host {

void GuestMaps::take(std::string_view text) {
    while (!text.empty()) {
        std::string line(text.substr(0, text.find('\n')));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        unsigned long long start = 0, end = 0, offset = 0;
        char rights[5] = {};
        int path_at = 0;
        if (std::sscanf(line.c_str(), "%llx-%llx %4s %llx %*s %*s %n", &start, &end, rights, &offset, &path_at) < 4 || !path_at) continue;
        if (rights[2] != 'x' || end <= start) continue;
        auto overlapping = areas_.lower_bound(start);
        if (overlapping != areas_.begin() && std::prev(overlapping)->second.end > start) --overlapping;
        while (overlapping != areas_.end() && overlapping->first < end) overlapping = areas_.erase(overlapping);
        areas_[start] = {end, offset, line.substr(static_cast<std::size_t>(path_at))};
    }
}

GuestMaps::Place GuestMaps::find(u64 address) const {
    auto after = areas_.upper_bound(address);
    if (after == areas_.begin()) return {};
    auto& [start, area] = *std::prev(after);
    if (address >= area.end) return {};
    return {area.file, area.offset + (address - start)};
}

}  // namespace spore::host
