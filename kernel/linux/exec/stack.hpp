// The stack that a new program finds: argc, argv, envp, the auxiliary vector, and what these point to [psABI x86-64 3.4.1].
// Pure: it makes the bytes and says where they belong.
#pragma once

#include "kernel/linux/exec/strings.hpp"

namespace spore::linux {

enum class Auxiliary : u64 {
    end = 0, program_headers = 3, program_header_size = 4, program_header_count = 5, page_size = 6, base = 7, flags = 8, entry = 9,
    uid = 11, effective_uid = 12, gid = 13, effective_gid = 14, platform = 15, capabilities = 16, clock_tick = 17, secure = 23,
    random = 25, capabilities_2 = 26, program_name = 31, vdso = 33, minimum_signal_stack = 51,
};

struct StackRequest {
    VirtAddr top;  ///< the first byte above the stack; page aligned
    std::string_view program_name;
    const StringBlock& arguments;
    const StringBlock& environment;
    std::string_view platform;
    ByteSpan random;  ///< 16 bytes
    struct Entry {
        Auxiliary type;
        u64 value;
    };
    /// Everything but random, program_name, platform and the end, which this adds.
    std::span<const Entry> auxiliary;
};

struct StackImage {
    HeapArray<std::byte> bytes;  ///< to be copied to `pointer`
    VirtAddr pointer;            ///< where the program's stack pointer is; 16-byte aligned
    VirtAddr arguments, arguments_end, environment, environment_end, auxiliary, auxiliary_end;
};

/// argument_list_too_long when it takes more than `limit` bytes.
Result<StackImage> build_stack(const StackRequest& request, std::size_t limit);

}  // namespace spore::linux
