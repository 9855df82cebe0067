#include "host/symbols/symboliser.hpp"

#include <fmt/format.h>

#include <charconv>

#include "host/common/process.hpp"

namespace spore::host {

namespace {

/// Kernels lie above programs: at the top of all addresses (arm64; x86-64 higher), or in a process from here on (linuxu).
constexpr u64 lowest_kernel_address = 0x7000'0000'0000;

std::optional<u64> parse_hexadecimal(std::string_view& text) {
    if (!text.starts_with("0x")) return std::nullopt;
    u64 value = 0;
    auto [end, error] = std::from_chars(text.data() + 2, text.data() + text.size(), value, 16);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
}

/// File and line, where a program that tells them is installed and the file has debug information. binutils' one knows its own CPU only, and takes seconds for a kernel.
std::string source_of(const fs::path& file, u64 address) {
    for (const char* program : {"llvm-addr2line-19", "llvm-addr2line", "addr2line"}) {
        auto found = run_to_end({program, "-s", "-e", file.string(), fmt::format("{:#x}", address)});
        auto text = found.output.substr(0, found.output.find_first_of("\n "));
        if (found.status == 0 && !text.empty() && !text.starts_with("??") && !text.ends_with(":?") && !text.ends_with(":0")) return text;
    }
    return "";
}

}  // namespace

fs::path debug_file_of(const fs::path& kernel) { return kernel.string() + ".debug"; }

const FunctionTable* Symboliser::load(const fs::path& path) {
    auto [place, fresh] = loaded_.try_emplace(path);
    if (fresh) place->second = FunctionTable::open(path);
    return place->second ? &*place->second : nullptr;
}

std::string Symboliser::name_of(const FunctionTable& loaded, u64 address, bool is_return) {
    // A return address may be the first byte of the next function: the call is before it.
    u64 wanted = address - is_return;
    std::string name;
    if (auto* symbol = loaded.find(wanted)) name = fmt::format("{}+{:#x}", demangle(symbol->name), address - symbol->address);
    if (auto source = source_of(loaded.path(), wanted); !source.empty()) name += (name.empty() ? "" : " ") + fmt::format("({})", source);
    return name;
}

std::string Symboliser::explain(std::string_view line) {
    constexpr std::string_view prefix = "  at ";
    if (!line.starts_with(prefix)) {
        if (!line.starts_with("  ")) first_place_ = true;  // the head of another report
        return std::string(line);
    }
    auto rest = line.substr(prefix.size());
    auto address = parse_hexadecimal(rest);
    if (!address) return std::string(line);
    bool is_return = !std::exchange(first_place_, false);
    std::string name;
    if (*address >= lowest_kernel_address && rest.empty()) {
        // A panic's first place is already a return address: that of the call to panic.
        if (auto* kernel = load(debug_file_of(kernel_))) name = name_of(*kernel, *address, true);
    } else if (auto plus = rest.rfind("+0x"); rest.starts_with(' ') && plus != std::string_view::npos) {
        auto path = std::string(rest.substr(1, plus - 1));
        auto tail = rest.substr(plus + 1);
        auto offset = parse_hexadecimal(tail);
        auto file = find_file_(path);
        auto* loaded = file ? load(*file) : nullptr;
        if (loaded && offset)
            if (auto own = loaded->offset_to_address(*offset)) name = name_of(*loaded, *own, is_return);
        if (!name.empty()) return fmt::format("  at {:#x} {} in {}{}", *address, name, path, tail);
    }
    return name.empty() ? std::string(line) : fmt::format("  at {:#x} {}", *address, name);
}

}  // namespace spore::host
