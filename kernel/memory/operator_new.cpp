// C++'s operators over the kernel's heap. Kernel code allocates with the nothrow forms only (make_owned, make_shared): there are
// no exceptions that the plain forms could report a failure with, so these end the system.
#include <new>

#include "kernel/core/panic.hpp"
#include "kernel/memory/heap.hpp"

const std::nothrow_t std::nothrow{};

namespace {
using spore::memory::allocate;
using spore::memory::deallocate;

void* allocate_or_panic(std::size_t size, std::size_t alignment) {
    void* pointer = allocate(size, alignment);
    if (!pointer) spore::core::panic_with("out of memory in an allocation that cannot report it");
    return pointer;
}
constexpr std::size_t bytes(std::align_val_t alignment) { return static_cast<std::size_t>(alignment); }
}  // namespace

void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return allocate(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return allocate(size); }
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept { return allocate(size, bytes(alignment)); }
void* operator new[](std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept { return allocate(size, bytes(alignment)); }

void* operator new(std::size_t size) { return allocate_or_panic(size, 16); }
void* operator new[](std::size_t size) { return allocate_or_panic(size, 16); }
void* operator new(std::size_t size, std::align_val_t alignment) { return allocate_or_panic(size, bytes(alignment)); }
void* operator new[](std::size_t size, std::align_val_t alignment) { return allocate_or_panic(size, bytes(alignment)); }

void operator delete(void* pointer) noexcept { deallocate(pointer); }
void operator delete[](void* pointer) noexcept { deallocate(pointer); }
void operator delete(void* pointer, std::size_t) noexcept { deallocate(pointer); }
void operator delete[](void* pointer, std::size_t) noexcept { deallocate(pointer); }
void operator delete(void* pointer, std::align_val_t) noexcept { deallocate(pointer); }
void operator delete[](void* pointer, std::align_val_t) noexcept { deallocate(pointer); }
void operator delete(void* pointer, std::size_t, std::align_val_t) noexcept { deallocate(pointer); }
void operator delete[](void* pointer, std::size_t, std::align_val_t) noexcept { deallocate(pointer); }
void operator delete(void* pointer, const std::nothrow_t&) noexcept { deallocate(pointer); }
void operator delete[](void* pointer, const std::nothrow_t&) noexcept { deallocate(pointer); }
void operator delete(void* pointer, std::align_val_t, const std::nothrow_t&) noexcept { deallocate(pointer); }
void operator delete[](void* pointer, std::align_val_t, const std::nothrow_t&) noexcept { deallocate(pointer); }
