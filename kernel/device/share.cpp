#include "kernel/device/share.hpp"

namespace spore::device {
namespace {
constexpr std::size_t max_shares = 32;
constinit Share* shares[max_shares] = {};
constinit std::size_t count = 0;
}  // namespace

Share* share(std::string_view tag) {
    for (auto* share : std::span(shares).first(count))
        if (share->tag() == tag) return share;
    return nullptr;
}
void add_share(Share& share) {
    if (count < max_shares) shares[count++] = &share;
}

}  // namespace spore::device
