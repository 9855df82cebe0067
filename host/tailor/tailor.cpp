#include "host/tailor/tailor.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/defer.hpp"
#include "host/check/load.hpp"
#include "host/common/ending_signals.hpp"
#include "host/common/fingerprint.hpp"
#include "host/image/image_cache.hpp"
#include "host/image/root_image.hpp"
#include "host/symbols/symboliser.hpp"
#include "host/tailor/relink.hpp"
#include "host/tailor/report.hpp"
#include "host/tailor/selection.hpp"

namespace spore::host {

namespace {

/// Raise it when the same facts lead to another selection than before.
constexpr std::string_view tailor_format = "spore-tailor-1";
/// As many bytes of programs and libraries are looked into: some seconds of work, once.
constexpr u64 most_code = 64_MiB;

void add_version(Fingerprint& fingerprint, const fs::path& file) {
    struct stat status{};
    if (::stat(file.c_str(), &status) != 0) return;
    for (auto number : {status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec}) fingerprint.add_number(static_cast<u64>(number));
}

/// Stands for all that the selection is made from, without the work of making it.
std::string key_of(const Plan& plan, const Assembled& assembled, RootPlace root) {
    Fingerprint fingerprint;
    fingerprint.add(tailor_format);
    fingerprint.add(plan.kernel.native());
    add_version(fingerprint, plan.kernel);
    add_version(fingerprint, "/proc/self/exe");
    fingerprint.add(image_key(assembled.root));
    fingerprint.add(assembled.program);
    for (const auto& name : plan.kept) fingerprint.add(name);
    auto has = [&](VolumeKind kind) { return u64(std::ranges::contains(plan.volumes, kind, &Volume::kind)); };
    for (u64 fact : {u64(plan.platform), u64(plan.machine), u64(plan.bus), u64(plan.network.present()), u64(plan.network.nic), u64(root), plan.disk ? 1 + u64(*plan.disk) : 0,
                     has(VolumeKind::shared), has(VolumeKind::disk),
                     u64(plan.memory >= smallest_memory_with_balloon), u64(plan.trace.has_value())})
        fingerprint.add_number(fact);
    return fingerprint.text();
}

/// Looks into the programs of the root.
Outcome<Selection> select_for(const Plan& plan, Assembled& assembled, RootPlace root) {
    auto loaded = TRY(load_program(assembled.root, assembled.program, plan.architecture));
    ProgramFacts facts;
    facts.saw_all = load_others(assembled.root, plan.architecture, most_code, loaded);
    facts.findings = find_calls(loaded.code);
    return select_parts(plan, root, facts);
}

/// `known`: what the selection is, for who has it already.
Outcome<void> find_or_make(Plan& plan, Assembled& assembled, RootPlace root, const Selection* known) {
    auto folder = TRY(cache_directory()) / "kernels";
    auto image = folder / (key_of(plan, assembled, root) + ".kernel");
    auto debug = fs::path(image.string() + ".debug");
    if (find_sealed_image(image) && find_sealed_image(debug)) {
        plan.kernel = image;
        return {};
    }
    std::error_code error;
    fs::create_directories(folder, error);
    trim_cache(folder, {".kernel", ".debug"});
    if (::isatty(STDERR_FILENO)) std::fprintf(stderr, "spore: tailoring the kernel to %s; it is kept for the next run\n", plan.program.c_str());
    auto header = header_of(known ? *known : TRY(select_for(plan, assembled, root)));
    EndingSignalsWait signals;
    auto work = fs::path(fmt::format("{}.{}.d", image.string(), ::getpid()));
    if (::mkdir(work.c_str(), 0700) != 0) return failure(ExitStatus::failed, "cannot create {}: {}", work.string(), error_text());
    defer { fs::remove_all(work, error); };
    auto made = work / "kernel";
    TRY(relink(plan.kernel, header, work, made));
    // The image last: who finds it finds its symbols too.
    TRY(keep_image(made.string() + ".debug", debug));
    TRY(keep_image(made, image));
    plan.kernel = image;
    return {};
}

}  // namespace

Outcome<void> tailor(Plan& plan, Assembled& assembled, RootPlace root) { return find_or_make(plan, assembled, root, nullptr); }

Outcome<std::string> explain_tailored(Plan& plan, const fs::path& output, bool json) {
    auto assembled = TRY(assemble_root(plan));
    auto root = place_of_root(plan, TRY(ensure_root_image(assembled.root)));
    auto selection = TRY(select_for(plan, assembled, root));
    std::error_code error;
    KernelSizes sizes{.whole = fs::file_size(plan.kernel, error), .tailored = 0};
    TRY(find_or_make(plan, assembled, root, &selection));
    sizes.tailored = fs::file_size(plan.kernel, error);
    if (!output.empty()) {
        TRY(copy_whole_file(plan.kernel, output));
        TRY(copy_whole_file(debug_file_of(plan.kernel), debug_file_of(output)));
    }
    return tailor_report(plan, selection, sizes, json);
}

}  // namespace spore::host
