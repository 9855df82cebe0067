#include "host/run/accelerator.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>

namespace spore::host {

namespace {

/// VMX [intel/vol2 CPUID.1:ECX.5] or SVM [amd/vol3 CPUID 8000_0001:ECX.2]. A /dev/kvm without either is an emulation in software,
/// which runs only the kernels it was written for.
bool processor_virtualises() {
#if !defined(__x86_64__)
    return true;  // on others the device alone tells
#else
    unsigned a, b, c, d;
    if (__get_cpuid(1, &a, &b, &c, &d) && (c & (1u << 5))) return true;
    return __get_cpuid(0x80000001, &a, &b, &c, &d) && (c & (1u << 2));
#endif
}

bool emulates(const FileDescriptor& machine, Gic gic) {
    kvm_create_device device{.type = gic == Gic::v2 ? KVM_DEV_TYPE_ARM_VGIC_V2 : KVM_DEV_TYPE_ARM_VGIC_V3, .fd = 0, .flags = KVM_CREATE_DEVICE_TEST};
    return ::ioctl(machine.number(), KVM_CREATE_DEVICE, &device) == 0;
}

}  // namespace

KvmState probe_kvm(std::optional<Gic> gic) {
    if (!processor_virtualises()) return {false, "this processor shows no hardware virtualisation (VMX or SVM)"};
    FileDescriptor kvm(::open("/dev/kvm", O_RDWR | O_CLOEXEC));
    if (!kvm && errno == EACCES) return {false, "no permission to open /dev/kvm: join its group (sudo usermod -aG kvm $USER, then log in again)"};
    if (!kvm) return {false, fmt::format("/dev/kvm cannot be opened: {}", error_text())};
    if (::ioctl(kvm.number(), KVM_GET_API_VERSION, 0) != KVM_API_VERSION) return {false, "/dev/kvm speaks another version"};
    FileDescriptor machine(::ioctl(kvm.number(), KVM_CREATE_VM, 0));
    if (!machine) return {false, fmt::format("/dev/kvm creates no machine: {}", error_text())};
    FileDescriptor processor(::ioctl(machine.number(), KVM_CREATE_VCPU, 0));
    if (!processor) return {false, fmt::format("/dev/kvm creates no processor: {}", error_text())};
    if (gic && !emulates(machine, *gic)) return {false, fmt::format("this machine's KVM has no GICv{} for guests: leave --gic away", name_of(*gic))};
    return {true, ""};
}

Outcome<Accelerator> choose_accelerator(Accelerator wanted, Architecture guest, std::optional<Gic> gic) {
    if (wanted == Accelerator::tcg) return Accelerator::tcg;
    if (guest != native_architecture) {
        if (wanted == Accelerator::automatic) return Accelerator::tcg;
        return failure(ExitStatus::failed, "--accel kvm: the guest's CPU is {} and this machine's {}: use --accel tcg", facts_of(guest).title,
                       facts_of(native_architecture).title);
    }
    auto state = probe_kvm(gic);
    if (state.usable) return Accelerator::kvm;
    if (wanted == Accelerator::automatic) return Accelerator::tcg;
    return failure(ExitStatus::failed, "--accel kvm: {}; or use --accel tcg", state.reason);
}

}  // namespace spore::host
