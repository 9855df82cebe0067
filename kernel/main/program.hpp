// Starts the program that the manifest names.
#pragma once

#include "kernel/device/console.hpp"
#include "kernel/linux/start.hpp"
#include "wire/manifest.hpp"

namespace spore::main {

/// Those that the manifest names.
class StartLimits {
public:
    explicit StartLimits(const wire::Manifest& manifest) {
        manifest.for_each_limit([&](const wire::Manifest::Limit& limit) {
            if (count_ < most) limits_[count_++] = {limit.resource, limit.soft, limit.hard};
        });
    }
    std::span<const linux::StartLimit> view() const { return {limits_, count_}; }

private:
    static constexpr std::size_t most = 16;  // all that there are
    linux::StartLimit limits_[most];
    std::size_t count_ = 0;
};

/// Makes the first process. What goes wrong later ends the machine with a message to the host.
void start_program(const wire::Manifest& manifest, Shared<fs::Dentry> root, device::Console& console);

}  // namespace spore::main
