// An address of a sample as a frame of the picture: the function and whose it is.
#pragma once

#include <functional>
#include <map>
#include <optional>

#include "host/profile/flame_graph.hpp"
#include "host/profile/guest_maps.hpp"
#include "host/symbols/function_table.hpp"

namespace spore::host {

class FrameNames {
public:
    /// `find_file` gives the file of this machine that a path of the guest was copied from.
    using FindFile = std::function<std::optional<fs::path>(std::string_view guest)>;
    FrameNames(const fs::path& kernel, const GuestMaps& maps, FindFile find_file);

    enum class Place : u8 { inner, caller };  ///< a caller's address is that after the call
    Frame name(u64 address, Place place);

private:
    Frame in_host(u64 address);
    Frame in_program(u64 address);
    const FunctionTable* load(std::string_view guest);

    std::optional<FunctionTable> kernel_;
    std::map<u64, std::string> host_;  ///< this Linux's own functions, by address; empty when it does not tell them
    const GuestMaps& maps_;
    FindFile find_file_;
    std::map<std::string, std::optional<FunctionTable>, std::less<>> files_;
};

}  // namespace spore::host
