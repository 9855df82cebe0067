// Objects of the kernel under test come from the host's heap, where AddressSanitizer watches them, and can fail on purpose as frames can. Kernel code
// allocates by the nothrow forms only, and nobody else here does.
#include <new>

#include "kernel/memory/fault_injection.hpp"

namespace {
template <typename Allocate>
void* unless_injected(Allocate allocate) {
    return spore::memory::must_fail() ? nullptr : allocate();
}
}  // namespace

void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return unless_injected([=] { return ::operator new(size); });
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    return unless_injected([=] { return ::operator new[](size); });
}
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    return unless_injected([=] { return ::operator new(size, alignment); });
}
void* operator new[](std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    return unless_injected([=] { return ::operator new[](size, alignment); });
}
