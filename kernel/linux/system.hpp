// What the whole system has one of: its names.
#pragma once

#include <span>
#include <string_view>

#include "base/types.hpp"

namespace spore::linux {

/// What uname and /proc/version say. Programs look at the release to learn what the kernel can do: this is the Linux version whose
/// interface Spore follows.
inline constexpr std::string_view system_name = "Linux";
inline constexpr std::string_view release = "6.1.0-spore";
inline constexpr std::string_view version = "#1 SMP Spore";

inline constexpr std::size_t name_limit = 64;
void set_host_name(std::string_view name);
void set_domain_name(std::string_view name);
/// Copies the name to `buffer` (at least name_limit bytes) and returns it.
std::string_view host_name(std::span<char> buffer);
std::string_view domain_name(std::span<char> buffer);

}  // namespace spore::linux
