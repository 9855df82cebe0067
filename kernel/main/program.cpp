#include "kernel/main/program.hpp"

#include "kernel/linux/start.hpp"
#include "kernel/linux/strace.hpp"
#include "kernel/main/channel.hpp"
#include "kernel/main/ending.hpp"
#include "kernel/main/report.hpp"
#include "kernel/main/stop.hpp"
#include "kernel/main/stream_file.hpp"

namespace spore::main {
namespace {

/// A list of strings whose length only the manifest knows.
class Strings {
public:
    explicit Strings(std::size_t size) : items_(new (std::nothrow) std::string_view[size]) {
        if (!items_) stop(abi::StartFailure::no_memory, "too little memory for the program's arguments: give the VM more with -m");
    }
    Strings(const Strings&) = delete;
    ~Strings() { delete[] items_; }
    void add(std::string_view text) { items_[count_++] = text; }
    std::span<const std::string_view> view() const { return {items_, count_}; }

private:
    std::string_view* items_;
    std::size_t count_ = 0;
};

constexpr std::size_t max_limits = 16;

}  // namespace

void start_program(const wire::Manifest& manifest, Shared<fs::Dentry> root, device::Console& console) {
    Strings arguments(manifest.argument_count()), environment(manifest.environment_count());
    manifest.for_each_argument([&](std::string_view text) { arguments.add(text); });
    manifest.for_each_environment([&](std::string_view text) { environment.add(text); });
    linux::StartLimit limits[max_limits];
    std::size_t limit_count = 0;
    manifest.for_each_limit([&](const wire::Manifest::Limit& limit) {
        if (limit_count < max_limits) limits[limit_count++] = {limit.resource, limit.soft, limit.hard};
    });
    auto user = manifest.user().value_or(wire::Manifest::User{0, 0});
    auto files = open_standard_files(console, *root, user);
    if (!files) stop(abi::StartFailure::no_memory, "too little memory to start: give the VM more with -m");

    if (manifest.strace()) linux::set_strace_sink(send_strace_line);
    auto started = linux::start_init({
        .program = manifest.program(),
        .arguments = arguments.view(),
        .environment = environment.view(),
        .directory = manifest.directory(),
        .hostname = manifest.hostname(),
        .uid = user.uid,
        .gid = user.gid,
        .limits = {limits, limit_count},
        .root = root,
        .standard_in = files->in,
        .standard_out = files->out,
        .standard_err = files->err,
        .strace = manifest.strace(),
        .fixed_addresses = manifest.fixed_addresses(),
        .ended = end_after_program,
        .restart = restart_for_program,
    });
    if (!started) stop(abi::StartFailure::no_memory, "too little memory to start the program: give the VM more with -m");
    set_stop_signal(manifest.stop_signal());
    set_channel_actions({
        .signal = [](u32 number) { linux::signal_first_group(static_cast<i32>(number)); },
        .shutdown = [] { ask_to_stop(device::AfterEnd::power_off); },
        .query = start_reports(root),
    });
    device::set_stop_listener(ask_to_stop);
}

}  // namespace spore::main
