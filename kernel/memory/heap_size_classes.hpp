// The sizes that the heap's slabs are cut into. Steps of at most a third keep the waste low.
#pragma once

#include <algorithm>
#include <array>

#include "base/types.hpp"

namespace spore::memory {

struct SizeClass {
    u32 size;
    u8 slab_order;
};
inline constexpr std::array<SizeClass, 15> size_classes{{
    {16, 0}, {32, 0}, {48, 0}, {64, 0}, {96, 0}, {128, 0}, {192, 0}, {256, 0}, {384, 0}, {512, 0}, {768, 0}, {1024, 0},
    {1280, 2}, {1536, 2}, {2048, 0},
}};
inline constexpr unsigned size_class_count = size_classes.size();
inline constexpr std::size_t largest_small = size_classes.back().size;

constexpr u32 objects_per_slab(unsigned size_class) {
    return static_cast<u32>((page_size << size_classes[size_class].slab_order) / size_classes[size_class].size);
}
namespace detail {
/// The class of each size, in steps of 16 bytes.
inline constexpr auto class_table = [] {
    std::array<u8, largest_small / 16 + 1> table{};
    unsigned size_class = 0;
    for (std::size_t i = 0; i < table.size(); ++i) {
        while (size_classes[size_class].size < i * 16) ++size_class;
        table[i] = static_cast<u8>(size_class);
    }
    return table;
}();

inline constexpr auto batch_table = [] {
    std::array<u8, size_class_count> table{};
    for (unsigned i = 0; i < size_class_count; ++i) table[i] = static_cast<u8>(std::clamp<u32>(2048 / size_classes[i].size, 2, 16));
    return table;
}();

inline constexpr auto limit_table = [] {
    std::array<u8, size_class_count> table{};
    for (unsigned i = 0; i < size_class_count; ++i) table[i] = static_cast<u8>(std::clamp<u32>(24576 / size_classes[i].size, 2, 32));
    return table;
}();
}  // namespace detail

/// How many objects a CPU's list gets from the slabs at once.
constexpr u32 batch_size(unsigned size_class) { return detail::batch_table.data()[size_class]; }
/// How many it holds at most. More than it gets: what comes and goes in bursts, as packets do, stays with the CPU once it has had a burst.
constexpr u32 list_limit(unsigned size_class) { return detail::limit_table.data()[size_class]; }

/// `size` is at most largest_small.
constexpr unsigned class_of_size(std::size_t size) { return detail::class_table.data()[(size + 15) / 16]; }

}  // namespace spore::memory
