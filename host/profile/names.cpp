#include "host/profile/names.hpp"

#include <cstdio>
#include <fstream>

#include "host/symbols/symboliser.hpp"

namespace spore::host {

namespace {
constexpr u64 host_start = u64{1} << 63;              // this Linux's own half
constexpr u64 kernel_start = 0x7000'0000'0000;        // kernel/arch/linuxu/include/machine_layout.hpp
constexpr u64 kernel_image_end = kernel_start + 1_GiB;

/// What /proc/kallsyms tells: to those without privileges, addresses that are all 0.
std::map<u64, std::string> host_functions() {
    std::map<u64, std::string> functions;
    std::ifstream file("/proc/kallsyms");
    for (std::string line; std::getline(file, line);) {
        unsigned long long address = 0;
        char kind = 0, name[256] = {};
        if (std::sscanf(line.c_str(), "%llx %c %255s", &address, &kind, name) == 3 && address && (kind == 't' || kind == 'T')) functions.emplace(address, name);
    }
    return functions;
}
}  // namespace

FrameNames::FrameNames(const fs::path& kernel, const GuestMaps& maps, FindFile find_file)
    : kernel_(FunctionTable::open(debug_file_of(kernel))), host_(host_functions()), maps_(maps), find_file_(std::move(find_file)) {}

Frame FrameNames::name(u64 address, Place place) {
    u64 wanted = address - (place == Place::caller);
    if (wanted >= host_start) return in_host(wanted);
    if (wanted < kernel_start) return in_program(wanted);
    auto* symbol = kernel_ && wanted < kernel_image_end ? kernel_->find(wanted) : nullptr;
    if (symbol) return {demangle(symbol->name), Frame::Owner::kernel};
    return {wanted < kernel_image_end ? "kernel" : "(stack)", Frame::Owner::kernel};
}

Frame FrameNames::in_host(u64 address) {
    auto after = host_.upper_bound(address);
    return {after == host_.begin() ? "Linux" : std::prev(after)->second, Frame::Owner::host};
}

Frame FrameNames::in_program(u64 address) {
    auto place = maps_.find(address);
    if (place.file.empty()) return {"(program)", Frame::Owner::program};
    auto* file = load(place.file);
    auto own = file ? file->offset_to_address(place.offset) : std::nullopt;
    auto* symbol = own ? file->find(*own) : nullptr;
    std::string base(place.file.substr(place.file.rfind('/') + 1));
    auto owner = base.find(".so") != std::string::npos ? Frame::Owner::library : Frame::Owner::program;
    return {symbol ? demangle(symbol->name) : base, owner};
}

const FunctionTable* FrameNames::load(std::string_view guest) {
    auto found = files_.find(guest);
    if (found == files_.end()) {
        auto file = find_file_(guest);
        found = files_.emplace(guest, file ? FunctionTable::open(*file) : std::nullopt).first;
    }
    return found->second ? &*found->second : nullptr;
}

}  // namespace spore::host
