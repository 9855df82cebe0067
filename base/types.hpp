// Units and address spaces as types, so that they cannot be mixed up.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

namespace spore {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using i8 = std::int8_t;
using i16 = std::int16_t;
using i32 = std::int32_t;
using i64 = std::int64_t;

/// An address on the machine's memory bus.
struct PhysAddr {
    u64 value = 0;

    constexpr PhysAddr operator+(u64 offset) const { return {value + offset}; }
    constexpr PhysAddr operator-(u64 offset) const { return {value - offset}; }
    constexpr u64 operator-(PhysAddr other) const { return value - other.value; }
    friend constexpr auto operator<=>(PhysAddr, PhysAddr) = default;
};

/// An address as a program or the kernel sees it, after translation.
struct VirtAddr {
    u64 value = 0;

    constexpr VirtAddr operator+(u64 offset) const { return {value + offset}; }
    constexpr VirtAddr operator-(u64 offset) const { return {value - offset}; }
    constexpr u64 operator-(VirtAddr other) const { return value - other.value; }
    friend constexpr auto operator<=>(VirtAddr, VirtAddr) = default;

    template <typename T>
    T* as() const { return reinterpret_cast<T*>(value); }
    static VirtAddr of(const volatile void* pointer) { return {reinterpret_cast<u64>(pointer)}; }
};

inline constexpr std::size_t page_size = 4096;
inline constexpr unsigned page_shift = 12;

constexpr u64 align_down(u64 value, u64 alignment) { return value & ~(alignment - 1); }
constexpr u64 align_up(u64 value, u64 alignment) { return (value + alignment - 1) & ~(alignment - 1); }
constexpr bool is_aligned(u64 value, u64 alignment) { return (value & (alignment - 1)) == 0; }

constexpr std::size_t operator""_KiB(unsigned long long n) { return n << 10; }
constexpr std::size_t operator""_MiB(unsigned long long n) { return n << 20; }
constexpr std::size_t operator""_GiB(unsigned long long n) { return n << 30; }

}  // namespace spore
