// arch_prctl: the segment bases that x86-64 threads find their data by.
#include "arch/registers.hpp"
#include "kernel/linux/calls/calls.hpp"

namespace spore::linux::calls {

Result<u64> arch_prctl(Task& task, i32 code, UserAddress address) {
    enum Code : i32 { set_gs = 0x1001, set_fs = 0x1002, get_fs = 0x1003, get_gs = 0x1004 };
    auto& state = *task.thread().program_state();
    switch (code) {
    case set_fs:
        if (address.value >= arch::program_end) return fail(Error::not_permitted);
        arch::set_thread_pointer(state, address.value);
        return 0;
    case set_gs:
        if (address.value >= arch::program_end) return fail(Error::not_permitted);
        arch::set_gs_base(state, address.value);
        return 0;
    case get_fs: TRY(UserOut<u64>{address}.write(arch::thread_pointer(state))); return 0;
    case get_gs: TRY(UserOut<u64>{address}.write(arch::gs_base(state))); return 0;
    default: return fail(Error::invalid);  // CET and CPUID faulting are not there
    }
}

}  // namespace spore::linux::calls
