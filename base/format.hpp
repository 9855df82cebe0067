// A small formatter for messages, without allocation: `{}` prints numbers, strings, characters, bools, pointers and
// addresses; `{:x}` prints a number in hexadecimal. What does not fit the buffer is cut. Format strings are checked
// when compiled.
#pragma once

#include <span>
#include <string_view>
#include <type_traits>

#include "base/types.hpp"

namespace spore {

namespace detail {
/// Not constexpr, so that a call while compiling stops the build with this name (the kernel has no exceptions to throw).
void format_error(const char* why);

consteval std::size_t count_fields(std::string_view format) {
    std::size_t fields = 0;
    for (std::size_t i = 0; i < format.size(); ++i) {
        if (format[i] != '{') continue;
        if (format.substr(i).starts_with("{}")) ++fields;
        else if (format.substr(i).starts_with("{:x}")) ++fields;
        else format_error("only {} and {:x} are known");
    }
    return fields;
}

/// One argument, reduced to what can be printed.
struct FormatArgument {
    enum class Kind : u8 { signed_number, unsigned_number, text, character, boolean, address } kind;
    u64 number = 0;
    std::string_view text;

    constexpr FormatArgument(Kind k, u64 n) : kind(k), number(n) {}
    constexpr FormatArgument(std::string_view t) : kind(Kind::text), text(t) {}
};

template <typename T>
FormatArgument to_argument(const T& value) {
    using Kind = FormatArgument::Kind;
    if constexpr (std::is_same_v<T, bool>) return {Kind::boolean, value};
    else if constexpr (std::is_same_v<T, char>) return {Kind::character, static_cast<u8>(value)};
    else if constexpr (std::is_same_v<T, PhysAddr> || std::is_same_v<T, VirtAddr>) return {Kind::address, value.value};
    else if constexpr (std::is_convertible_v<T, std::string_view>) return {std::string_view(value)};
    else if constexpr (std::is_enum_v<T>) return {Kind::unsigned_number, static_cast<u64>(value)};
    else if constexpr (std::is_signed_v<T>) return {Kind::signed_number, static_cast<u64>(static_cast<i64>(value))};
    else if constexpr (std::is_unsigned_v<T>) return {Kind::unsigned_number, static_cast<u64>(value)};
    else return {Kind::address, reinterpret_cast<u64>(value)};
}

std::string_view format_arguments(std::span<char> buffer, std::string_view format, std::span<const FormatArgument> arguments);
}  // namespace detail

/// A format string with as many fields as there are arguments, or the build fails.
template <typename... Args>
struct BasicFormatString {
    std::string_view text;
    template <typename S>
        requires std::is_convertible_v<const S&, std::string_view>
    consteval BasicFormatString(const S& s) : text(s) {
        if (detail::count_fields(text) != sizeof...(Args)) detail::format_error("fields and arguments differ in number");
    }
};
template <typename... Args>
using FormatString = BasicFormatString<std::type_identity_t<Args>...>;

/// Formats into `buffer` and returns the part that was written. No terminating zero.
template <typename... Args>
std::string_view format_to(std::span<char> buffer, FormatString<Args...> format, const Args&... args) {
    const detail::FormatArgument arguments[sizeof...(Args) + 1] = {detail::to_argument(args)..., std::string_view{}};
    return detail::format_arguments(buffer, format.text, {arguments, sizeof...(Args)});
}

}  // namespace spore
