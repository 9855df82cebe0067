// What a machine says when it comes to a network of machines, and what it is answered: a line of JSON each. Frames follow on the same connection.
#pragma once

#include <string>
#include <vector>

#include "host/plan/network.hpp"

namespace spore::host::lan {

/// Longer lines are not read.
inline constexpr std::size_t most_greeting = 64_KiB;

struct Arrival {
    std::string name;                ///< by which the others find it
    bool insists = false;            ///< on that name; else it gets another one where this is taken
    std::vector<PortForward> ports;  ///< of this machine, that lead to it

    std::string to_line() const;
    /// `failed` when it is not as to_line() writes it.
    static Outcome<Arrival> from_line(std::string_view line);
};

struct Welcome {
    unsigned number = 0;  ///< see addresses.hpp
    std::string name;

    std::string to_line() const;
    static std::string refusal(std::string_view why);
    /// `failed`, with the reason of a refusal.
    static Outcome<Welcome> from_line(std::string_view line);
};

}  // namespace spore::host::lan
