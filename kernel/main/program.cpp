#include "kernel/main/program.hpp"

#include "kernel/linux/strace.hpp"
#include "kernel/main/channel.hpp"
#include "kernel/main/ending.hpp"
#include "kernel/main/execution.hpp"
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

}  // namespace

void start_program(const wire::Manifest& manifest, Shared<fs::Dentry> root, device::Console& console) {
    Strings arguments(manifest.argument_count()), environment(manifest.environment_count());
    manifest.for_each_argument([&](std::string_view text) { arguments.add(text); });
    manifest.for_each_environment([&](std::string_view text) { environment.add(text); });
    StartLimits limits(manifest);
    auto user = manifest.user().value_or(wire::Manifest::User{});
    auto files = open_standard_files(console, *root, user);
    if (!files) stop(abi::StartFailure::no_memory, "too little memory to start: give the VM more with -m");

    if (manifest.strace()) linux::set_strace_sink(send_strace_line);
    auto started = linux::start_init({
        .program = {.path = manifest.program(),
                    .arguments = arguments.view(),
                    .environment = environment.view(),
                    .directory = manifest.directory(),
                    .uid = user.uid,
                    .gid = user.gid,
                    .groups = user.groups,
                    .limits = limits.view(),
                    .root = root,
                    .standard_in = files->in,
                    .standard_out = files->out,
                    .standard_err = files->err,
                    .ended = [](void*, linux::End end) { end_after_program(end); }},
        .hostname = manifest.hostname(),
        .core_pattern = manifest.core_pattern(),
        .strace = manifest.strace(),
        .fixed_addresses = manifest.fixed_addresses(),
        .restart = restart_for_program,
    });
    if (!started) stop(abi::StartFailure::no_memory, "too little memory to start the program: give the VM more with -m");
    set_stop_signal(manifest.stop_signal());
    auto listening = listen_on_channel({
        .signal = [](u32 number) { linux::signal_first_group(static_cast<i32>(number)); },
        .shutdown = [] { ask_to_stop(device::AfterEnd::power_off); },
        .query = start_reports(root),
        .nested = start_executions(manifest, root),
    });
    if (!listening) stop(abi::StartFailure::no_memory, "too little memory for the channel: give the VM more with -m");
    device::set_stop_listener(ask_to_stop);
}

}  // namespace spore::main
