// Which code ran, for llvm-profdata. The counters are a file of the host's, mapped where the compiler has put them: all machines
// that are started with the same SPORE_COVERAGE=FILE in their environment count in the same, and what is counted is not lost,
// however a machine ends.
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>

#include <profile/InstrProfData.inc>
#include <string_view>

#include "../linuxu/boot/environment.hpp"
#include "../linuxu/host/call.hpp"
#include "arch/mmu.hpp"

extern "C" {
extern char profile_names_start[], profile_names_end[], profile_functions_start[], profile_functions_end[];
extern char profile_counters_start[], profile_counters_end[];
[[noreturn]] void __real_start_machine(const spore::u64* stack);
constinit int __llvm_profile_runtime = 0;  // the compiler asks for it, to have a runtime linked
}

namespace spore::arch {
namespace {

constexpr int lock_exclusive = 2, unlock = 8;  // of flock

u64 size_of(const char* start, const char* end) { return static_cast<u64>(end - start); }

// The compiler's own list of what is in its formats.
enum ValueKind {
#define VALUE_PROF_KIND(Enumerator, Value, Descr) Enumerator = Value,
#include <profile/InstrProfData.inc>
};
using IntPtrT = void*;
struct Function {
#define INSTR_PROF_DATA(Type, LLVMType, Name, Initializer) Type Name;
#include <profile/InstrProfData.inc>
};
/// The file: this header, the functions, the counters in pages of their own, the names [llvm docs/InstrProfileFormat.rst].
struct Header {
#define INSTR_PROF_RAW_HEADER(Type, Name, Initializer) u64 Name;
#include <profile/InstrProfData.inc>
};

u64 counters_offset() { return align_up(sizeof(Header) + size_of(profile_functions_start, profile_functions_end), page_size); }
u64 counters_size() { return align_up(size_of(profile_counters_start, profile_counters_end), page_size); }

Header header() {
    u64 functions = size_of(profile_functions_start, profile_functions_end),
        counters = size_of(profile_counters_start, profile_counters_end);
    return {
        .Magic = INSTR_PROF_RAW_MAGIC_64,
        .Version = INSTR_PROF_RAW_VERSION,
        .BinaryIdsSize = 0,
        .NumData = functions / sizeof(Function),
        .PaddingBytesBeforeCounters = counters_offset() - sizeof(Header) - functions,
        .NumCounters = counters / sizeof(u64),
        .PaddingBytesAfterCounters = counters_size() - counters,
        .NumBitmapBytes = 0,
        .PaddingBytesAfterBitmapBytes = 0,
        .NamesSize = size_of(profile_names_start, profile_names_end),
        .CountersDelta = size_of(profile_functions_start, profile_counters_start),
        .BitmapDelta = 0,
        .NamesDelta = reinterpret_cast<u64>(profile_names_start),
        .NumVTables = 0,
        .VNamesSize = 0,
        .ValueKindLast = IPVK_Last,
    };
}

bool write_all(i64 file, const void* bytes, u64 size, u64 offset) {
    return host::call(SYS_pwrite64, file, bytes, size, offset) == static_cast<i64>(size);
}

bool write_profile(i64 file) {
    auto first = header();
    u64 names = counters_offset() + counters_size();
    return write_all(file, profile_functions_start, size_of(profile_functions_start, profile_functions_end), sizeof first) &&
           write_all(file, profile_counters_start, counters_size(), counters_offset()) &&
           write_all(file, profile_names_start, first.NamesSize, names) && write_all(file, &first, sizeof first, 0);
}

/// Without the few counts from before, when the file was there already.
bool count_in(const char* path) {
    i64 file = host::call(SYS_open, path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0) return false;
    host::call(SYS_flock, file, lock_exclusive);
    bool written = host::call(SYS_lseek, file, 0, 2 /* its end */) > 0 || write_profile(file);
    host::call(SYS_flock, file, unlock);
    auto at = reinterpret_cast<i64>(profile_counters_start);
    bool mapped = written && host::call(SYS_mmap, at, counters_size(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file,
                                        counters_offset()) == at;
    host::call(SYS_close, file);
    return mapped;
}

}  // namespace

extern "C" [[noreturn, gnu::used]] void __wrap_start_machine(const u64* stack) {
    auto* path = find_in_environment(stack, "SPORE_COVERAGE=");
    if (path && !count_in(path)) {
        constexpr std::string_view trouble = "spore-linuxu: the file that SPORE_COVERAGE names cannot be used\n";
        host::call(SYS_write, 2, trouble.data(), trouble.size());
        host::call(SYS_exit_group, 125);
    }
    __real_start_machine(stack);
}

}  // namespace spore::arch
