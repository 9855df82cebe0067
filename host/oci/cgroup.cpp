#include "host/oci/cgroup.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <sstream>
#include <thread>

namespace spore::host::oci {

namespace {

/// A file of the kernel's: there or not, and taken or not.
void put(const fs::path& file, std::string_view text) {
    FileDescriptor opened(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
    if (opened) (void)write_all(opened.number(), std::as_bytes(std::span(text)));
}

std::vector<fs::path> folders_of(const Spec& spec) { return cgroup_folders(spec.cgroup, read_file("/proc/self/mountinfo", most_settings).value_or("")); }

}  // namespace

std::vector<fs::path> cgroup_folders(const std::string& path, std::string_view mountinfo) {
    std::vector<fs::path> folders;
    if (path.empty() || path.find(':') != path.npos) return folders;
    auto inside = fs::path("/" + path).lexically_normal().relative_path();
    if (inside.empty() || inside == ".") return folders;
    std::istringstream lines{std::string(mountinfo)};
    for (std::string line; std::getline(lines, line);) {
        // ID PARENT MAJOR:MINOR ROOT MOUNT OPTIONS … - TYPE SOURCE OPTIONS [proc_pid_mountinfo(5)]
        std::istringstream words(line);
        std::string word, root, mount;
        words >> word >> word >> word >> root >> mount;
        while (words >> word && word != "-") {}
        words >> word;
        if ((word == "cgroup" || word == "cgroup2") && root == "/") folders.push_back(fs::path(mount) / inside);
    }
    return folders;
}

void enter_cgroup(const Spec& spec) {
    auto self = fmt::to_string(::getpid());
    for (const auto& folder : folders_of(spec)) {
        std::error_code error;
        fs::create_directories(folder, error);
        if (error) continue;
        if (spec.processors) {
            constexpr u64 period = 100'000;
            auto quota = static_cast<u64>(*spec.processors * period);
            put(folder / "cpu.max", fmt::format("{} {}", quota, period));
            put(folder / "cpu.cfs_period_us", fmt::to_string(period));
            put(folder / "cpu.cfs_quota_us", fmt::to_string(quota));
        }
        if (spec.cpu_shares) {
            put(folder / "cpu.shares", fmt::to_string(spec.cpu_shares));
            // From 2 … 262 144 to 1 … 10 000, as other runtimes do it.
            put(folder / "cpu.weight", fmt::to_string(1 + (std::clamp<u64>(spec.cpu_shares, 2, 262'144) - 2) * 9999 / 262'142));
        }
        put(folder / "cgroup.procs", self);
    }
}

void remove_cgroup(const Spec& spec) {
    // The machine follows its process, which may be gone just now.
    auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    for (const auto& folder : folders_of(spec))
        while (::rmdir(folder.c_str()) != 0 && errno == EBUSY && std::chrono::steady_clock::now() < patience) std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

}  // namespace spore::host::oci
