// The shadow: a byte for each 8 bytes of memory (a granule), as AddressSanitizer's compiler part writes it on stacks [llvm
// lib/Transforms/Instrumentation/AddressSanitizer.cpp]. 0: all 8 may be touched; 1 to 7: so many, from the first on; from 0x80 on: none, and why.
// Pure: where the shadow lies is passed in.
#pragma once

#include <string_view>

#include "base/types.hpp"
#include "kernel/memory/poison.hpp"

namespace spore::arch {

inline constexpr u64 granule = 8;

/// The compiler's own bytes.
namespace shadow_byte {
inline constexpr u8 stack_left = 0xf1, stack_middle = 0xf2, stack_right = 0xf3, stack_scope = 0xf8, global = 0xf9, array_left = 0xca, array_right = 0xcb;
}

class Shadow {
public:
    /// `offset`: the shadow of `at` is the byte at `offset` + `at` / 8.
    explicit constexpr Shadow(u64 offset) : offset_(offset) {}

    u8* of(u64 at) const { return reinterpret_cast<u8*>(offset_ + at / granule); }

    /// Nothing in the granules from `start` on may be touched.
    void poison(u64 start, u64 size, u8 why) const { __builtin_memset(of(start), why, size / granule); }

    /// All `size` bytes may be touched, and of the granule that they end in no more.
    void unpoison(u64 start, u64 size) const {
        __builtin_memset(of(start), 0, size / granule);
        if (size % granule) *of(start + size) = static_cast<u8>(size % granule);
    }

    /// Whether all of up to 16 bytes may be touched, as far as can be told at once: false when a granule of theirs is not whole.
    template <u64 size>
    bool is_plain(u64 at) const {
        u8 seen = *of(at) | *of(at + size - 1);
        if constexpr (size > granule) seen |= *of(at + granule);
        return seen == 0;
    }

    /// The first byte of [at, at + size) that may not be touched, or `at` + `size`.
    u64 first_bad(u64 at, u64 size) const {
        u64 end = at + size;
        while (at < end) {
            if (at % (granule * granule) == 0 && end - at >= granule * granule) {  // eight granules at once
                u64 eight;
                __builtin_memcpy(&eight, of(at), sizeof eight);
                if (eight == 0) {
                    at += granule * granule;
                    continue;
                }
            }
            u64 left = granule - at % granule, look = end - at < left ? end - at : left;
            u8 byte = *of(at);
            if (byte != 0) {
                if (byte >= granule || at % granule >= byte) return at;
                if (at % granule + look > byte) return at - at % granule + byte;
            }
            at += look;
        }
        return end;
    }

    /// Why `at` may not be touched: of a granule that is not whole, what follows it tells.
    u8 reason(u64 at) const {
        u8 byte = *of(at);
        return byte < granule ? *of(at + granule) : byte;
    }

private:
    u64 offset_;
};

/// In words, to follow "at <address>, ".
constexpr std::string_view words_for(u8 reason) {
    using memory::Poison;
    switch (reason) {
    case u8(Poison::redzone): return "out of a heap object's bounds";
    case u8(Poison::free_frame): return "in a frame that is free";
    case u8(Poison::unused_object): return "in heap memory that is no object";
    case u8(Poison::freed_object): return "in a heap object that was freed";
    case u8(Poison::idle_stack): return "on a kernel stack that nobody runs on";
    case shadow_byte::stack_left:
    case shadow_byte::stack_middle:
    case shadow_byte::stack_right: return "out of a local variable's bounds";
    case shadow_byte::stack_scope: return "in a local variable whose scope has ended";
    case shadow_byte::global: return "out of a global variable's bounds";
    case shadow_byte::array_left:
    case shadow_byte::array_right: return "out of a stack array's bounds";
    default: return "in memory that may not be touched";
    }
}

}  // namespace spore::arch
