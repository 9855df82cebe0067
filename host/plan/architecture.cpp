#include "host/plan/architecture.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "host/common/files.hpp"
#include "host/common/first_line.hpp"

namespace spore::host {

namespace {

FileDescriptor open_of_guest(const Plan& plan, const std::string& path) {
    constexpr int flags = O_RDONLY | O_NONBLOCK;  // it may be anything, such as a pipe
    if (path == plan.program && !plan.host_program.empty()) return FileDescriptor(::open(plan.host_program.c_str(), flags | O_CLOEXEC));
    for (const auto& volume : plan.volumes)
        if (volume.guest == path && volume.kind != VolumeKind::disk) return FileDescriptor(::open(volume.host.c_str(), flags | O_CLOEXEC));
    return open_inside(plan.root ? *plan.root : plan.sysroot.value_or("/"), path, flags);
}

/// A name without a slash is looked up in the guest's $PATH.
FileDescriptor open_program(const Plan& plan, const std::string& name) {
    if (name.find('/') != std::string::npos) return open_of_guest(plan, name);
    for (const auto& entry : plan.environment) {
        if (!entry.starts_with("PATH=")) continue;
        std::string_view folders = std::string_view(entry).substr(5);
        while (!folders.empty()) {
            auto folder = folders.substr(0, folders.find(':'));
            folders.remove_prefix(std::min(folder.size() + 1, folders.size()));
            if (auto file = open_of_guest(plan, fmt::format("{}/{}", folder, name))) return file;
        }
    }
    return {};
}

}  // namespace

std::optional<Architecture> find_architecture(const Plan& plan) {
    auto name = plan.program;
    constexpr int longest_chain = 4;
    for (int depth = 0; depth < longest_chain; ++depth) {
        auto file = open_program(plan, name);
        if (!file) return std::nullopt;
        char head[512];
        auto size = ::read(file.number(), head, sizeof head);
        if (size <= 0) return std::nullopt;
        std::string_view text(head, static_cast<std::size_t>(size));
        auto first = parse_first_line(text);
        if (!first) return architecture_of(std::as_bytes(std::span(text)));
        name = first->name_for_env().value_or(first->interpreter);
    }
    return std::nullopt;
}

}  // namespace spore::host
