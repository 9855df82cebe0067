#include "clock.hpp"

#include <elf.h>
#include <time.h>

#include <cstring>

#include "../../common/clock/clock.hpp"
#include "arch/boot.hpp"
#include "arch/cpu.hpp"
#include "call.hpp"
#include "machine_layout.hpp"

namespace spore::arch {
namespace host {
namespace {

using ReadClock = int (*)(clockid_t, timespec*);
constinit ReadClock clock_of_vdso = nullptr;
constinit u64 origin = 0;

/// The vDSO's function of that name [linux Documentation/ABI/stable/vdso]: the host's own code, so it is taken at its word.
ReadClock find_function(u64 base, const char* name) {
    auto* header = reinterpret_cast<const Elf64_Ehdr*>(base);
    auto* segments = reinterpret_cast<const Elf64_Phdr*>(base + header->e_phoff);
    const Elf64_Dyn* dynamic = nullptr;
    u64 bias = base;
    for (unsigned i = 0; i < header->e_phnum; ++i) {
        if (segments[i].p_type == PT_LOAD) bias = base + segments[i].p_offset - segments[i].p_vaddr;
        if (segments[i].p_type == PT_DYNAMIC) dynamic = reinterpret_cast<const Elf64_Dyn*>(base + segments[i].p_offset);
    }
    if (!dynamic) return nullptr;
    const char* strings = nullptr;
    const Elf64_Sym* symbols = nullptr;
    const u32* hash = nullptr;
    for (; dynamic->d_tag != DT_NULL; ++dynamic) {
        u64 at = bias + dynamic->d_un.d_ptr;
        if (dynamic->d_tag == DT_STRTAB) strings = reinterpret_cast<const char*>(at);
        if (dynamic->d_tag == DT_SYMTAB) symbols = reinterpret_cast<const Elf64_Sym*>(at);
        if (dynamic->d_tag == DT_HASH) hash = reinterpret_cast<const u32*>(at);
    }
    if (!strings || !symbols) return nullptr;
    // Without the old kind of hash table, which tells the number of symbols, the string table ends them: it follows in every vDSO.
    u64 count = hash ? hash[1] : (reinterpret_cast<u64>(strings) - reinterpret_cast<u64>(symbols)) / sizeof(Elf64_Sym);
    for (u64 i = 0; i < count; ++i)
        if (symbols[i].st_shndx != SHN_UNDEF && std::strcmp(strings + symbols[i].st_name, name) == 0)
            return reinterpret_cast<ReadClock>(bias + symbols[i].st_value);
    return nullptr;
}

}  // namespace

void find_clock(u64 vdso) {
    if (vdso >= program_end) clock_of_vdso = find_function(vdso, "__vdso_clock_gettime");
    origin = read_clock();
}

u64 read_clock() {
    timespec now{};
    if (!clock_of_vdso || clock_of_vdso(CLOCK_MONOTONIC, &now) != 0) call(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    return static_cast<u64>(now.tv_sec) * 1'000'000'000 + static_cast<u64>(now.tv_nsec);
}

u64 clock_origin() { return origin; }

}  // namespace host

/// The host's clock counts nanoseconds, so that is this machine's counter.
u64 cycles() { return host::read_clock() - host::clock_origin(); }

i64 read_wall_clock() {
    timespec now{};
    host::call(SYS_clock_gettime, CLOCK_REALTIME, &now);
    return static_cast<i64>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

}  // namespace spore::arch
