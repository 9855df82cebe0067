// The names of a network's members, as its name server answers for them [RFC 1035]. All other names are the resolver's of this machine.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"

namespace spore::host::lan {

class Names {
public:
    /// False when another member has it. Names do not differ by their letters' size.
    bool add(const std::string& name, unsigned number);
    void remove(unsigned number);
    std::optional<unsigned> find(std::string_view name) const;

    /// The frame that answers, when this one asks the network's name server, over UDP and IPv4, for a member's IPv4 address or the name of one.
    std::optional<std::vector<std::byte>> answer(ByteSpan frame) const;

private:
    std::optional<std::vector<std::byte>> answer_message(ByteSpan query) const;
    std::map<std::string, unsigned, std::less<>> numbers_;  ///< in small letters
};

}  // namespace spore::host::lan
