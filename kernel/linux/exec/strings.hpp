// The argument and environment strings of a program, end to end with their zeros, as they will lie on its stack.
#pragma once

#include <cstring>

#include "kernel/linux/small_text.hpp"
#include "kernel/linux/user.hpp"
#include "kernel/memory/frame.hpp"

namespace spore::linux {

/// The most that arguments and environment can take: they lie in one piece.
inline constexpr u64 most_string_bytes = page_size << memory::max_order;

class StringBlock {
public:
    u32 count() const { return count_; }
    std::size_t size() const { return used_; }
    /// `count()` strings, each with its zero.
    std::string_view bytes() const { return {bytes_.data(), used_}; }
    std::string_view first() const { return used_ ? std::string_view(bytes_.data()) : std::string_view(); }

    /// argument_list_too_long beyond most_string_bytes.
    Result<void> add(std::string_view text);
    /// Adds the strings of a null-terminated array of pointers in the program. argument_list_too_long beyond `limit` bytes.
    Result<void> add_from_program(VirtAddr pointers, std::size_t limit);
    /// Adds all of another block, but for its first `skip` strings.
    Result<void> add_all(const StringBlock& other, u32 skip = 0);

private:
    Result<char*> grow(std::size_t size);

    HeapArray<char> bytes_;
    std::size_t used_ = 0;
    u32 count_ = 0;
};

}  // namespace spore::linux
