#include "host/common/process.hpp"
#include "host/inspect/inspect.hpp"
#include "host/plan/plan.hpp"
#include "host/run/accelerator.hpp"
#include "host/run/qemu_command.hpp"
#include "host/run/qemu_version.hpp"

namespace spore::host {

Diagnosis diagnose() {
    Diagnosis diagnosis{true, ""};
    auto line = [&](bool good, std::string_view what, const std::string& found) {
        diagnosis.healthy &= good;
        diagnosis.text += fmt::format("{:<8} {:<14} {}\n", good ? "ok" : "MISSING", what, found);
    };
    auto absent = [&](std::string_view what, std::string_view purpose, std::string_view package) {
        diagnosis.text += fmt::format("{:<8} {:<14} {}: 'apt install {}'\n", "absent", what, purpose, package);
    };
    auto tool = [&](std::string_view what, std::vector<std::string> command, std::string_view package, bool required = true) {
        auto result = run_to_end(command);
        auto said = result.output.empty() ? result.errors : result.output;
        auto first = said.substr(0, said.find('\n'));
        if (auto old = qemu_too_old(first)) return line(false, what, *old);
        if (result.not_found && !required) return absent(what, "for programs of that CPU", package);
        line(!result.not_found, what, result.not_found ? fmt::format("install it with 'apt install {}'", package) : first);
    };
    for (auto architecture : {Architecture::x86_64, Architecture::arm64}) {
        auto& facts = facts_of(architecture);
        tool(fmt::format("QEMU {}", facts.name), {qemu_program(architecture), "--version"}, facts.qemu_package, architecture == native_architecture);
    }
    tool("mkfs.erofs", {"mkfs.erofs", "-V"}, "erofs-utils");
    struct {
        std::string program;
        std::string_view purpose, package;
    } const of_linuxu[] = {{"passt", "the user network of --on linuxu", "passt"}, {"diod", "folders that --on linuxu shares", "diod"}, {"bwrap", "folders that --on linuxu shares", "bubblewrap"}};
    for (const auto& [program, purpose, package] : of_linuxu) {
        if (auto found = find_program(program)) line(true, program, found->string());
        else absent(program, purpose, package);
    }
    auto kvm = probe_kvm();
    diagnosis.text += fmt::format("{:<8} {:<14} {}\n", "ok", "acceleration", kvm.usable ? "KVM" : fmt::format("none, QEMU emulates (TCG): {}", kvm.reason));
    for (auto architecture : {Architecture::x86_64, Architecture::arm64}) {
        auto plan = make_plan({.program = "/proc/self/exe", .architecture = architecture});
        auto what = fmt::format("kernel {}", facts_of(architecture).name);
        if (plan || architecture == native_architecture) line(plan.has_value(), what, plan ? plan->kernel.string() : plan.error().message);
        else diagnosis.text += fmt::format("{:<8} {:<14} {}\n", "absent", what, plan.error().message);
    }
    auto cache = cache_directory();
    line(cache.has_value(), "cache", cache ? cache->string() : cache.error().message);
    return diagnosis;
}

}  // namespace spore::host
