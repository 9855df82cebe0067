// Turns the places in the kernel's reports into names: "at 0x…" of a panic by the kernel's symbols, and
// "at 0x… FILE+0x…" of a program's crash by the file in the root that was mapped there.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "host/symbols/function_table.hpp"

namespace spore::host {

class Symboliser {
public:
    /// `find_file` gives the file of this machine that a path of the guest was copied from.
    using FindFile = std::function<std::optional<fs::path>(const std::string& guest)>;
    Symboliser(fs::path kernel, FindFile find_file) : kernel_(std::move(kernel)), find_file_(std::move(find_file)) {}

    /// The line with a name for its place, and file and line where the debug information tells; other lines unchanged.
    std::string explain(std::string_view line);

private:
    const FunctionTable* load(const fs::path& path);
    std::string name_of(const FunctionTable& loaded, u64 address, bool is_return);

    fs::path kernel_;
    FindFile find_file_;
    std::map<fs::path, std::optional<FunctionTable>> loaded_;
    bool first_place_ = true;  ///< of a report: where it happened; the others are return addresses
};

/// The kernel's file with symbols: beside the image that boots.
fs::path debug_file_of(const fs::path& kernel);

}  // namespace spore::host
