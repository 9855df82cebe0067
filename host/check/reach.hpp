// Which system calls a program can make: what its code, and that of its libraries, can reach.
//
// Reached is what a reached function calls, jumps to or mentions by address, across files by symbol. What stands in tables of
// data counts as reached as soon as its file is loaded, so the answer errs towards too much. It errs towards too little only
// where it says so: code made at run time, plug-ins, and call numbers that could not be followed.
#pragma once

#include <map>
#include <set>

#include "host/common/failure.hpp"
#include "host/check/code.hpp"

namespace spore::host {

/// How we know of a call, in order of certainty.
enum class Evidence : u8 { possible, by_name, seen };

struct FoundCall {
    Evidence evidence = Evidence::possible;
    std::set<std::string> by;  ///< functions that make it, as "file: function"
};

struct Findings {
    std::map<u32, FoundCall> calls;
    std::set<std::string> unclear;  ///< functions that make a call whose number is not known
    bool loads_plugins = false;     ///< uses dlopen
};

enum class Role : u8 {
    program,
    library,  ///< what others ask for by name may be called
    other,    ///< a program or plug-in: all that it offers may be called
};
struct NamedCode {
    std::string name;
    Code code;
    Role role = Role::library;
    std::string path{};  ///< in the guest
};
std::string_view name_of(Evidence evidence);
/// "f and 3 more".
std::string first_of(const std::set<std::string>& by);
Findings find_calls(const std::vector<NamedCode>& files);

}  // namespace spore::host
