// From a process of the host's to a machine: its memory, its first CPU, and what the loader would have told.
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <cstring>

#include "../../common/boot/memory_map.hpp"
#include "../../common/clock/clock.hpp"
#include "../../isa/x86_64/cpu/features.hpp"
#include "../cpu/features.hpp"
#include "../host/call.hpp"
#include "../host/clock.hpp"
#include "../host/fill.hpp"
#include "../host/filter.hpp"
#include "../mmu/host_map.hpp"
#include "../trap/rewrite.hpp"
#include "../trap/signals.hpp"
#include "arch/boot.hpp"
#include "machine.hpp"
#include "machine_cpu.hpp"

extern "C" {
extern char text_start[], data_start[], data_end[], filled_start[], kernel_end[];
extern char per_cpu_start[], per_cpu_end[], per_cpu_boot[];
}

namespace spore::arch {

constinit Settings settings{};

namespace {

constinit BootInfo boot_info;
constinit char command_line[2048];
constexpr u64 cannot_start = 125;  // as `docker run` for troubles of its own

[[noreturn]] void refuse(std::string_view why) {
    host::call(SYS_write, 2, "spore-linuxu: ", 14);
    host::call(SYS_write, 2, why.data(), why.size());
    host::call(SYS_write, 2, "\n", 1);
    host::call(SYS_exit_group, cannot_start);
    __builtin_trap();
}

/// The stack that the host hands over [linux Documentation, System V ABI 3.4.1]: argc, argv, a null, the environment, a null, the vector.
struct HostStack {
    u64 count;
    const char* words[];

    const Elf64_auxv_t* vector() const {
        auto* at = words + count + 1;
        while (*at) ++at;
        return reinterpret_cast<const Elf64_auxv_t*>(at + 1);
    }
    u64 auxiliary(u64 type) const {
        for (auto* entry = vector(); entry->a_type != AT_NULL; ++entry)
            if (entry->a_type == type) return entry->a_un.a_val;
        return 0;
    }
};

Settings read_settings(const HostStack& stack) {
    Settings read;
    for (u64 i = 1; i < stack.count; ++i) read_setting(read, stack.words[i]);  // other words are the kernel's
    return read;
}

void keep_command_line(const HostStack& stack) {
    std::size_t used = 0;
    for (u64 i = 1; i < stack.count; ++i) {
        std::string_view word = stack.words[i];
        if (used + word.size() + 1 >= sizeof command_line) refuse("the command line is too long");
        if (used) command_line[used++] = ' ';
        std::memcpy(command_line + used, word.data(), word.size());
        used += word.size();
    }
    boot_info.command_line = {command_line, used};
}

bool map_at(u64 at, u64 size, int protection, int kind, int file, u64 offset) {
    return host::call(SYS_mmap, at, size, protection, kind, file, offset) == static_cast<i64>(at);
}

/// Maps the file as physical memory, and in place of the image's writable part.
void map_memory(int file, u64 size) {
    constexpr int read_write = PROT_READ | PROT_WRITE;
    if (!map_at(kernel_half::direct_map, size, read_write, MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_NORESERVE, file, 0))
        refuse("the host does not map as much memory: ask for less");
    auto at = reinterpret_cast<u64>(data_start), filled = reinterpret_cast<u64>(data_end) - at;
    if (host::call(SYS_pwrite64, file, at, filled, image_frame) != static_cast<i64>(filled)) refuse("the host does not take the image's data");
    if (!map_at(at, reinterpret_cast<u64>(kernel_end) - at, read_write, MAP_SHARED | MAP_FIXED, file, image_frame))
        refuse("the host does not map the image's memory");
    auto fill = [](const char* start, const char* end, host::Fill how) { host::fill(start, static_cast<u64>(end - start), how); };
    fill(text_start, data_start, host::Fill::to_read);
    fill(data_start, data_end, host::Fill::to_write);
    fill(filled_start, kernel_end, host::Fill::to_write);
}

/// Maps a file that nobody changes as physical memory from `start` on. Where it ends.
u64 map_file(int file, u64 start) {
    struct stat state{};
    if (host::call(SYS_fstat, file, &state) < 0 || state.st_size <= 0) refuse("the bundle or its root cannot be read");
    u64 size = align_up(static_cast<u64>(state.st_size), page_size);
    if (!map_at(kernel_half::direct_map + start, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED_NOREPLACE, file, 0))
        refuse("the host does not map the bundle or its root");
    return start + size;
}

void map_bundle() {
    if (settings.bundle < 0) refuse("this is Spore's kernel for 'spore run --on linuxu', which starts it; by itself it has no program");
    host_memory.bundle = settings.bundle;
    host_memory.bundle_start = align_up(settings.memory, large_page_size);
    u64 end = host_memory.root_start = map_file(settings.bundle, host_memory.bundle_start);
    host_memory.root = settings.root;
    if (settings.root >= 0) end = map_file(settings.root, host_memory.root_start);
    boot_info.bundle = {{host_memory.bundle_start}, {end}};
}

void describe_memory() {
    boot_info.protocol = "Linux process";
    add_ram(boot_info, 0, settings.memory);
    cover_tables(boot_info, boot_info.highest.value, boot_info.bundle.end.value);
    u64 image_size = static_cast<u64>(kernel_end - data_start);
    occupy(boot_info, image_frame, image_frame + image_size);
}

/// Where Yama is in force, only ancestors may attach unless one says otherwise [linux Documentation/admin-guide/LSM/Yama.rst].
void meet_debugger() {
    constexpr u64 set_ptracer = 0x59616d61, anybody = ~u64{0};
    if (settings.debugger) host::call(SYS_prctl, set_ptracer, anybody, 0, 0, 0);
    if (settings.paused) host::call(SYS_kill, host::call(SYS_getpid), SIGSTOP);
}

}  // namespace

/// Runs on the host's stack, and writes nothing that is not in the memory file yet.
extern "C" [[gnu::used]] void move_image(const HostStack& stack) {
    auto read = read_settings(stack);
    constexpr u64 smallest = 4_MiB;
    if (read.memory < smallest) refuse("memory=: at least 4 MiB");
    u64 size = align_down(read.memory, page_size);
    i64 file = host::call(SYS_memfd_create, "spore-memory", 1 /* close on exec */);
    if (file < 0) refuse("the host gives no memory file (memfd_create)");
    if (host::call(SYS_ftruncate, file, size) < 0) refuse("the host does not give as much memory: ask for less");
    map_memory(static_cast<int>(file), size);
    settings = read;
    settings.memory = size;
    host_memory.file = static_cast<int>(file);
    host_memory.size = size;
}

extern "C" [[noreturn, gnu::used]] void start_machine(const HostStack& stack) {
    host::find_clock(stack.auxiliary(AT_SYSINFO_EHDR));
    start_boot_clock();
    find_features();
    adapt_features(stack.auxiliary(AT_HWCAP2));
    auto& cpu = cpu_local(0);
    std::memcpy(per_cpu_boot, per_cpu_start, static_cast<std::size_t>(per_cpu_end - per_cpu_start));
    cpu.per_cpu_offset = reinterpret_cast<u64>(per_cpu_boot) - reinterpret_cast<u64>(per_cpu_start);
    prepare_stack_region();
    prepare_rewriting();
    become_cpu(cpu);
    catch_signals();
    keep_command_line(stack);
    meet_debugger();
    map_bundle();
    describe_memory();
    if (!host::close_calls()) refuse("the host has no filter for system calls (seccomp)");
    start_kernel(boot_info);
}

}  // namespace spore::arch
