// What system call arguments are, once decoded: addresses in the program's memory that know what lies there, descriptors, flags.
// The types also say how strace shows them (strace.cpp).
#pragma once

#include "arch/mmu.hpp"
#include "arch/user_memory.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"
#include "kernel/linux/small_text.hpp"

namespace spore::linux {

/// A number that `open` gave out.
struct Descriptor {
    i32 value;
    /// Not numbers: the files that an operation of a ring works on (Task::operands), and nothing to a program's own calls.
    static constexpr i32 operand = -2, second_operand = -3;
};
/// The same where a relative path begins; or AT_FDCWD.
struct DirectoryDescriptor {
    static constexpr i32 current = -100;
    i32 value;
};
/// A set of bits; shown in hexadecimal.
struct Flags {
    u32 value;
    constexpr operator u32() const { return value; }
};
/// Permission bits; shown in octal.
struct ModeBits {
    u32 value;
};
struct SignalNumber {
    i32 value;
};

/// An address that the call uses in its own way.
struct UserAddress : VirtAddr {
    explicit operator bool() const { return value != 0; }
};
/// Bytes whose number is another argument.
struct UserBytes : VirtAddr {
    explicit operator bool() const { return value != 0; }
};

/// Of these the call reads as many as the next argument says.
struct UserData : UserBytes {};
/// Into these it writes as many as it returns.
struct UserBuffer : UserBytes {};

/// True when [at, at + size) lies in the program's half.
constexpr bool is_program_range(VirtAddr at, u64 size) { return at.value <= arch::program_end && size <= arch::program_end - at.value; }

/// An object, or an array of them, that the call reads.
template <typename T>
    requires std::is_trivially_copyable_v<T>
struct UserIn {
    VirtAddr at;
    explicit operator bool() const { return at.value != 0; }
    Result<T> read(u64 index = 0) const {
        T value;
        TRY(arch::copy_from_program(&value, at + index * sizeof(T), sizeof value));
        return value;
    }
    Result<void> read_all(std::span<T> into) const { return arch::copy_from_program(into.data(), at, into.size_bytes()); }
};

/// An object, or an array of them, that the call writes.
template <typename T>
    requires std::is_trivially_copyable_v<T>
struct UserOut {
    VirtAddr at;
    explicit operator bool() const { return at.value != 0; }
    Result<void> write(const T& value, u64 index = 0) const { return arch::copy_to_program(at + index * sizeof(T), &value, sizeof value); }
    Result<void> write_all(std::span<const T> from) const { return arch::copy_to_program(at, from.data(), from.size_bytes()); }
};

/// Both.
template <typename T>
    requires std::is_trivially_copyable_v<T>
struct UserInOut {
    VirtAddr at;
    explicit operator bool() const { return at.value != 0; }
    Result<T> read(u64 index = 0) const { return UserIn<T>{at}.read(index); }
    Result<void> write(const T& value, u64 index = 0) const { return UserOut<T>{at}.write(value, index); }
};

/// A zero-terminated string.
struct UserString {
    VirtAddr at;
    explicit operator bool() const { return at.value != 0; }
    /// A copy of at most `limit` bytes, the zero included; name_too_long when it does not end by then.
    Result<SmallText> read(std::size_t limit) const;
};
/// A zero-terminated path of at most PATH_MAX bytes.
struct UserPath : UserString {
    static constexpr std::size_t limit = 4096;
    Result<SmallText> read() const { return UserString::read(limit); }
};

}  // namespace spore::linux
