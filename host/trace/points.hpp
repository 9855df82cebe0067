// The moments that the kernel can record, as abi/trace_points.list.hpp declares them, and how a user chooses among them.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "abi/trace.hpp"
#include "host/common/failure.hpp"

namespace spore::host {

struct DeclaredPoint {
    std::string_view name, arguments, text;
};
/// In the order of their numbers.
std::span<const DeclaredPoint> declared_points();

/// "call,fault" or "disk": a set of abi::trace_bit(). A word chooses the points that it begins the names of, up to a "_". Those that say which thread
/// runs are always among them, since the others are nothing without.
Outcome<u32> parse_points(std::string_view text);

/// A line for each, for people.
std::string list_points();

}  // namespace spore::host
