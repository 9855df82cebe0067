# How kernel code is compiled: C++23 over libc++'s headers with our own __config_site, and musl's C headers.
# See docs/building.md for why each flag is there.
set(SPORE_LIBCXX_INCLUDE /usr/lib/llvm-19/include/c++/v1 CACHE PATH "libc++ headers (libc++-19-dev)")
set(SPORE_MUSL_INCLUDE /usr/include/x86_64-linux-musl CACHE PATH "musl's C headers (musl-dev)")  # what the kernel uses of them is alike on all CPUs

set(SPORE_KERNEL_FLAGS
    -DSPORE_BOOTS -nostdlibinc -fno-stack-protector -fno-pic -fno-asynchronous-unwind-tables
    -fno-omit-frame-pointer -mno-omit-leaf-frame-pointer   # backtraces walk frame pointers
    -ffunction-sections -fdata-sections -fno-common -fno-math-errno -O2 -g)
set(SPORE_KERNEL_CXX_FLAGS
    -nostdinc++ -fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-c++-static-destructors
    -Werror=global-constructors)
set(SPORE_KERNEL_x86_64_FLAGS
    --target=x86_64-unknown-none-elf -march=x86-64 -mcmodel=kernel -mno-red-zone -mstack-alignment=8 -mno-sse -mno-mmx -mno-avx -msoft-float -mcx16)
set(SPORE_KERNEL_linuxu_FLAGS
    --target=x86_64-unknown-none-elf -march=x86-64 -D_GNU_SOURCE -fpie -mno-red-zone -mstack-alignment=8 -mno-sse -mno-mmx -mno-avx -msoft-float -mcx16)
# Atomics are calls of functions that the kernel makes suit the CPU when it starts (kernel/arch/arm64/atomics.S).
set(SPORE_KERNEL_arm64_FLAGS
    --target=aarch64-unknown-none-elf -march=armv8-a -mcmodel=small -mgeneral-regs-only -moutline-atomics -ffixed-x18)

# Read once for all files that include them: on their own they are half of what compiling a file of the kernel takes.
set(SPORE_PRECOMPILED <algorithm> <array> <atomic> <bit> <concepts> <cstddef> <cstdint> <cstring> <expected> <limits> <new> <optional> <span>
    <string_view> <type_traits> <utility>)

# add_kernel_library(<name> <machine> <instruction set> <source>…): an object library compiled as kernel code.
function(add_kernel_library name machine instruction_set)
    add_library(${name} OBJECT ${ARGN})
    target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/kernel/arch/include
        ${CMAKE_SOURCE_DIR}/kernel/arch/${machine}/include ${CMAKE_SOURCE_DIR}/kernel/arch/isa/${instruction_set}/include
        ${CMAKE_BINARY_DIR}/generated/${instruction_set})
    target_compile_options(${name} PRIVATE ${SPORE_WARNINGS} ${SPORE_KERNEL_FLAGS} ${SPORE_KERNEL_${machine}_FLAGS}
        $<$<COMPILE_LANGUAGE:CXX>:-flto=thin ${SPORE_KERNEL_CXX_FLAGS}
            -isystem${CMAKE_SOURCE_DIR}/kernel/libc/include -isystem${SPORE_LIBCXX_INCLUDE} -isystem${SPORE_MUSL_INCLUDE}
            -isystem${CMAKE_BINARY_DIR}/boost>)
    target_precompile_headers(${name} PRIVATE ${SPORE_PRECOMPILED})
    add_dependencies(${name} boost_headers)
    set_property(TARGET ${name} PROPERTY CXX_STANDARD 23)
endfunction()

# /usr/include itself would let the host's C library in, so boost's headers are reached through a link of their own.
find_path(SPORE_BOOST_INCLUDE boost/intrusive/set.hpp REQUIRED)
add_custom_target(boost_headers
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/boost
    COMMAND ${CMAKE_COMMAND} -E create_symlink ${SPORE_BOOST_INCLUDE}/boost ${CMAKE_BINARY_DIR}/boost/boost
    VERBATIM)
