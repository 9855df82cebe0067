#include "host/plan/origin.hpp"

#include <sys/stat.h>

#include "host/common/fingerprint.hpp"

namespace spore::host {

namespace {

void add_version(Fingerprint& fingerprint, const fs::path& file) {
    struct stat status{};
    if (file.empty() || ::stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return;
    for (auto number : {static_cast<u64>(status.st_ino), static_cast<u64>(status.st_size), static_cast<u64>(status.st_mtim.tv_sec), static_cast<u64>(status.st_mtim.tv_nsec)})
        fingerprint.add_number(number);
}

}  // namespace

std::string origin_of(const Plan& given, const Restart& restart) {
    auto plan = given;
    plan.network.mac = {};  // drawn by lot, where it was not chosen
    Fingerprint fingerprint;
    fingerprint.add(describe(plan));
    // What people do not want to read in full.
    for (const auto& argument : plan.arguments) fingerprint.add(argument);
    for (const auto& tmpfs : plan.tmpfs) fingerprint.add_number(tmpfs.size), fingerprint.add_number(tmpfs.mode);
    add_version(fingerprint, plan.host_program);
    add_version(fingerprint, plan.kernel);
    for (const auto& volume : plan.volumes)
        if (volume.kind == VolumeKind::copy) add_version(fingerprint, volume.host);
    fingerprint.add_number(static_cast<u64>(restart.when));
    fingerprint.add_number(restart.most.value_or(0));
    return fingerprint.text();
}

}  // namespace spore::host
