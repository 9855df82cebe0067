#include "xen.hpp"

#include "../../isa/x86_64/cpu/features.hpp"
#include "../clock/system_time.hpp"
#include "../instructions.hpp"
#include "../mmu/kernel_map.hpp"
#include "../trap/interrupts.hpp"
#include "arch/mmu.hpp"
#include "kernel/core/log.hpp"
#include "kernel/memory/frame.hpp"

namespace spore::arch::xen {

using namespace wire::xen;

namespace {

constinit SharedInfo* shared = nullptr;
constinit bool amd = false;

Result<void> set_callback(u64 value) {
    ParameterValue callback{own_domain, 0, Parameter::callback, value};
    if (call(Call::machine, parameter_set, reinterpret_cast<u64>(&callback)) < 0) return fail(Error::not_supported);
    return {};
}

Result<void> map_shared_info() {
    // The page has the form that suits the code which sets this: the machine was started in 32-bit mode, and not all is where it is for 64 bits.
    TRY(set_callback(0));
    auto* frame = TRY(memory::allocate_zeroed_frames());
    TRY(replace_frame(memory::address_of(*frame), Space::shared_info, 0));
    shared = reinterpret_cast<SharedInfo*>(memory::bytes_of_frame(*frame));
    return {};
}

/// Leaf 0x40000000 names the hypervisor; behind it comes Xen's where that shows another one's first, for Windows [xen/include/public/arch-x86/cpuid.h].
bool is_below() {
    if (!features.hypervisor) return false;
    auto name = cpuid(0x40000000);
    if (name.ebx == 0x7263694d) name = cpuid(0x40000100);                                       // "Micr"
    return name.ebx == 0x566e6558 && name.ecx == 0x65584d4d && name.edx == 0x4d4d566e;  // "XenVMMXenVMM"
}

}  // namespace

bool present() { return shared; }
SharedInfo& shared_info() { return *shared; }

i64 call(Call number, u64 first, u64 second, u64 third) {
    i64 result = static_cast<i64>(number);
    // The hypercall page holds the same: AMD's instruction, or Intel's.
    if (amd) asm volatile("vmmcall" : "+a"(result), "+D"(first), "+S"(second), "+d"(third) : : "r10", "r8", "memory");
    else asm volatile("vmcall" : "+a"(result), "+D"(first), "+S"(second), "+d"(third) : : "r10", "r8", "memory");
    return result;
}

Result<u64> parameter(Parameter which) {
    ParameterValue asked{own_domain, 0, which, 0};
    if (call(Call::machine, parameter_get, reinterpret_cast<u64>(&asked)) < 0 || !asked.value) return fail(Error::not_found);
    return asked.value;
}

Result<void> replace_frame(PhysAddr frame, Space space, u64 index) {
    AddMemory add{own_domain, 0, space, index, frame.value >> page_shift};
    if (call(Call::memory, memory_add, reinterpret_cast<u64>(&add)) < 0) return fail(Error::no_memory);
    return {};
}

Result<void*> map_frame(u64 number) { return map_memory({number << page_shift}, page_size); }

Result<void> connect_events(InterruptHandler handler, void* context) {
    u8 vector = TRY(connect_vector(handler, context));
    return set_callback(callback_by_vector | vector);
}

void shut_down(Shutdown reason) {
    drain_console();
    call(Call::schedule, schedule_shutdown, reinterpret_cast<u64>(&reason));
}

void start(const BootInfo& info) {
    if (std::string_view(info.protocol) != "PVH" || !is_below()) return;
    auto vendor = cpuid(0).ebx;
    amd = vendor == 0x68747541 || vendor == 0x6f677948;  // "Auth", "Hygo"
    if (!map_shared_info()) core::error("Xen gives no shared page: its devices cannot be used");
    else start_console();
}

u32 tsc_khz() { return shared ? khz_of(read_time(shared->processors[0].time)) : 0; }

std::optional<i64> wall_nanoseconds() {
    if (!shared) return std::nullopt;
    volatile auto& now = *shared;
    u32 version;
    u64 seconds;
    u32 nanoseconds;
    do {
        version = now.wall_version;
        asm volatile("" ::: "memory");
        seconds = now.wall_seconds | u64{now.wall_seconds_high} << 32;
        nanoseconds = now.wall_nanoseconds;
        asm volatile("" ::: "memory");
    } while ((version & 1) || version != now.wall_version);
    return arch::wall_nanoseconds(read_time(now.processors[0].time), seconds, nanoseconds);
}

}  // namespace spore::arch::xen
