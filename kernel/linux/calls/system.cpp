// The system as a whole.
#include "kernel/core/random.hpp"
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/machine/name.hpp"
#include "kernel/linux/process/tree.hpp"
#include "kernel/linux/system.hpp"
#include "kernel/memory/frame.hpp"

namespace spore::linux::calls {

Result<u64> uname(Task&, UserOut<NewUtsName> result) {
    NewUtsName names{};
    system_name.copy(names.system, sizeof names.system - 1);
    host_name(std::span(names.node).first(name_limit));
    release.copy(names.release, sizeof names.release - 1);
    version.copy(names.version, sizeof names.version - 1);
    machine::name.copy(names.machine, sizeof names.machine - 1);
    char domain[name_limit];
    domain_name(domain).copy(names.domain, sizeof names.domain - 1);
    TRY(result.write(names));
    return 0;
}

Result<u64> sysinfo(Task&, UserOut<SystemInfo> result) {
    auto use = memory::memory_use();
    SystemInfo info{};
    info.uptime = static_cast<i64>(time::now().nanoseconds / 1'000'000'000);
    info.total_memory = use.total, info.free_memory = use.free, info.buffer_memory = use.cached;
    info.memory_unit = 1;
    {
        TreeGuard guard(tree_lock());
        info.processes = static_cast<u16>(tree().task_count);
    }
    TRY(result.write(info));
    return 0;
}

Result<u64> getrandom(Task& task, UserBytes buffer, u64 size, Flags flags) {
    constexpr u32 known = 7, random = 2, insecure = 4;
    if ((flags & ~known) || (flags & (random | insecure)) == (random | insecure)) return fail(Error::invalid);
    size = std::min<u64>(size, 0x1ff'ffff);
    std::byte bytes[256];
    for (u64 done = 0; done < size;) {
        auto part = std::span(bytes).first(std::min<u64>(sizeof bytes, size - done));
        core::fill_random(part);
        if (auto copied = arch::copy_to_program(buffer + done, part.data(), part.size()); !copied) return done ? Result<u64>(done) : fail(copied.error());
        done += part.size();
        if (task.wants_signals() && done < size && done >= 256) return done;
    }
    return size;
}

namespace {
template <typename F>
Result<u64> set_name(Task& task, UserBytes name, u64 size, F&& set) {
    if (!task.process().credentials().may(Capability::admin)) return fail(Error::not_permitted);
    if (size > name_limit) return fail(Error::invalid);
    char text[name_limit];
    TRY(arch::copy_from_program(text, name, size));
    set(std::string_view(text, size));
    return 0;
}
}  // namespace
Result<u64> sethostname(Task& task, UserData name, u64 size) { return set_name(task, name, size, set_host_name); }
Result<u64> setdomainname(Task& task, UserData name, u64 size) { return set_name(task, name, size, set_domain_name); }

}  // namespace spore::linux::calls
