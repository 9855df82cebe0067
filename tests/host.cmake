# Tests of the host tool: one binary of unit tests, and fuzzers for everything that reads what others wrote.
file(GLOB_RECURSE unit_host_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/unit/host/*.cpp)
set_source_files_properties(${CMAKE_BINARY_DIR}/generated/host/declared_calls.inc PROPERTIES GENERATED TRUE)
add_executable(unit-host ${unit_host_sources} ${SPORE_HOST_SOURCES})
add_dependencies(unit-host spore)  # which makes the generated tables
target_include_directories(unit-host PRIVATE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated/host)
target_precompile_headers(unit-host PRIVATE ${SPORE_HOST_PRECOMPILED} <gtest/gtest.h>)
target_compile_definitions(unit-host PRIVATE ${SPORE_HOST_DEFINITIONS})
target_compile_options(unit-host PRIVATE ${SPORE_WARNINGS} ${SPORE_SANITIZERS} -stdlib=libc++ -O0 -g -Wno-global-constructors)
target_link_libraries(unit-host PRIVATE ${SPORE_CAPSTONE} ${SPORE_YAML} gtest gtest_main Threads::Threads)
target_link_options(unit-host PRIVATE ${SPORE_SANITIZERS} -stdlib=libc++ -fuse-ld=lld-19)
add_test(NAME unit-host COMMAND unit-host)

# add_fuzzer(<name> <source>…): tests/fuzz/<name>.cpp with a short run as a test.
function(add_fuzzer name)
    add_executable(fuzz-${name} ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/${name}.cpp ${ARGN})
    target_include_directories(fuzz-${name} PRIVATE ${CMAKE_SOURCE_DIR})
    target_compile_definitions(fuzz-${name} PRIVATE ${SPORE_HOST_DEFINITIONS})
    target_compile_options(fuzz-${name} PRIVATE ${SPORE_WARNINGS} ${SPORE_SANITIZERS} -fsanitize=fuzzer -stdlib=libc++ -O1 -g)
    target_link_options(fuzz-${name} PRIVATE ${SPORE_SANITIZERS} -fsanitize=fuzzer -stdlib=libc++ -fuse-ld=lld-19)
    # Debian's libFuzzer is built with libstdc++, whose names do not meet libc++'s. `-lstdc++` would give libc++ again.
    target_link_libraries(fuzz-${name} PRIVATE -l:libstdc++.so.6)
    # The same inputs each time, as far as they depend on the seed: what a test finds must be found again. Long runs choose their own.
    add_test(NAME fuzz-${name} COMMAND fuzz-${name} -seed=1 -max_total_time=10)
endfunction()
add_fuzzer(elf ${CMAKE_SOURCE_DIR}/wire/elf.cpp ${CMAKE_SOURCE_DIR}/wire/elf_dynamic.cpp)
add_fuzzer(bundle ${CMAKE_SOURCE_DIR}/wire/bundle.cpp ${CMAKE_SOURCE_DIR}/wire/manifest.cpp)
add_fuzzer(config ${CMAKE_SOURCE_DIR}/host/plan/config.cpp ${CMAKE_SOURCE_DIR}/host/plan/project.cpp ${CMAKE_SOURCE_DIR}/host/plan/merge.cpp ${CMAKE_SOURCE_DIR}/host/plan/values.cpp ${CMAKE_SOURCE_DIR}/host/plan/disk.cpp
    ${CMAKE_SOURCE_DIR}/wire/ext4/superblock.cpp ${CMAKE_SOURCE_DIR}/wire/ext4/checksum.cpp
    ${CMAKE_SOURCE_DIR}/host/plan/network_values.cpp ${CMAKE_SOURCE_DIR}/host/check/call_table.cpp
    ${CMAKE_SOURCE_DIR}/host/common/files.cpp ${CMAKE_SOURCE_DIR}/host/common/failure.cpp ${CMAKE_SOURCE_DIR}/host/common/colour.cpp ${CMAKE_SOURCE_DIR}/host/common/format.cpp
    ${CMAKE_SOURCE_DIR}/host/common/signals.cpp)
add_dependencies(fuzz-config spore)
target_include_directories(fuzz-config PRIVATE ${CMAKE_BINARY_DIR}/generated/host)

add_fuzzer(compose ${CMAKE_SOURCE_DIR}/host/compose/yaml.cpp ${CMAKE_SOURCE_DIR}/host/compose/interpolation.cpp ${CMAKE_SOURCE_DIR}/host/compose/service.cpp
    ${CMAKE_SOURCE_DIR}/host/compose/compose.cpp ${CMAKE_SOURCE_DIR}/host/plan/project.cpp ${CMAKE_SOURCE_DIR}/host/plan/config.cpp ${CMAKE_SOURCE_DIR}/host/plan/merge.cpp
    ${CMAKE_SOURCE_DIR}/host/plan/values.cpp ${CMAKE_SOURCE_DIR}/host/plan/disk.cpp ${CMAKE_SOURCE_DIR}/wire/ext4/superblock.cpp ${CMAKE_SOURCE_DIR}/wire/ext4/checksum.cpp
    ${CMAKE_SOURCE_DIR}/host/plan/network_values.cpp ${CMAKE_SOURCE_DIR}/host/check/call_table.cpp ${CMAKE_SOURCE_DIR}/host/common/files.cpp ${CMAKE_SOURCE_DIR}/host/common/failure.cpp
    ${CMAKE_SOURCE_DIR}/host/common/colour.cpp ${CMAKE_SOURCE_DIR}/host/common/format.cpp ${CMAKE_SOURCE_DIR}/host/common/signals.cpp)
target_link_libraries(fuzz-compose PRIVATE ${SPORE_YAML})
add_dependencies(fuzz-compose spore)
target_include_directories(fuzz-compose PRIVATE ${CMAKE_BINARY_DIR}/generated/host)
add_fuzzer(oci ${CMAKE_SOURCE_DIR}/host/oci/spec.cpp ${CMAKE_SOURCE_DIR}/host/plan/values.cpp ${CMAKE_SOURCE_DIR}/host/plan/disk.cpp ${CMAKE_SOURCE_DIR}/wire/ext4/superblock.cpp
    ${CMAKE_SOURCE_DIR}/wire/ext4/checksum.cpp ${CMAKE_SOURCE_DIR}/host/plan/network_values.cpp ${CMAKE_SOURCE_DIR}/host/check/call_table.cpp ${CMAKE_SOURCE_DIR}/host/common/files.cpp
    ${CMAKE_SOURCE_DIR}/host/common/failure.cpp ${CMAKE_SOURCE_DIR}/host/common/colour.cpp ${CMAKE_SOURCE_DIR}/host/common/format.cpp ${CMAKE_SOURCE_DIR}/host/common/signals.cpp)
add_dependencies(fuzz-oci spore)
target_include_directories(fuzz-oci PRIVATE ${CMAKE_BINARY_DIR}/generated/host)
add_fuzzer(lan ${CMAKE_SOURCE_DIR}/host/lan/names.cpp ${CMAKE_SOURCE_DIR}/host/lan/sender.cpp ${CMAKE_SOURCE_DIR}/wire/net/ipv6.cpp ${CMAKE_SOURCE_DIR}/host/lan/greeting.cpp ${CMAKE_SOURCE_DIR}/host/plan/network_values.cpp
    ${CMAKE_SOURCE_DIR}/host/common/failure.cpp ${CMAKE_SOURCE_DIR}/host/common/format.cpp ${CMAKE_SOURCE_DIR}/host/common/colour.cpp ${CMAKE_SOURCE_DIR}/wire/net/checksum.cpp)
add_fuzzer(acpi ${CMAKE_SOURCE_DIR}/wire/acpi.cpp ${CMAKE_SOURCE_DIR}/wire/acpi_arm.cpp ${CMAKE_SOURCE_DIR}/wire/acpi_button.cpp)
add_fuzzer(fdt ${CMAKE_SOURCE_DIR}/wire/fdt.cpp ${CMAKE_SOURCE_DIR}/wire/fdt_key.cpp)
add_fuzzer(efi ${CMAKE_SOURCE_DIR}/wire/efi.cpp)
add_fuzzer(start_request ${CMAKE_SOURCE_DIR}/wire/start_request.cpp)
add_fuzzer(copy ${CMAKE_SOURCE_DIR}/wire/copy.cpp)
add_fuzzer(bpf ${CMAKE_SOURCE_DIR}/wire/net/bpf_check.cpp ${CMAKE_SOURCE_DIR}/wire/net/bpf_run.cpp)
add_fuzzer(tcp ${CMAKE_SOURCE_DIR}/wire/net/tcp.cpp)
add_fuzzer(dhcp ${CMAKE_SOURCE_DIR}/wire/net/dhcp.cpp)
add_fuzzer(dhcp6 ${CMAKE_SOURCE_DIR}/wire/net/dhcp6.cpp)
add_fuzzer(headers ${CMAKE_SOURCE_DIR}/wire/net/checksum.cpp ${CMAKE_SOURCE_DIR}/wire/net/ipv6.cpp ${CMAKE_SOURCE_DIR}/wire/net/nd.cpp)
# add_kernel_fuzzer(<name>): over the kernel's code and the fakes of the unit tests.
function(add_kernel_fuzzer name)
    add_fuzzer(${name})
    target_include_directories(fuzz-${name} PRIVATE ${CMAKE_SOURCE_DIR}/kernel/arch/include ${CMAKE_SOURCE_DIR}/kernel/arch/x86_64/include ${CMAKE_SOURCE_DIR}/kernel/arch/isa/x86_64/include)
    target_compile_options(fuzz-${name} PRIVATE -Wno-global-constructors -Ulinux)
    target_link_libraries(fuzz-${name} PRIVATE kernel_under_test gtest Threads::Threads)
endfunction()
add_kernel_fuzzer(erofs)
add_kernel_fuzzer(ext4)
add_kernel_fuzzer(ninep)
add_kernel_fuzzer(virtio_net)
add_kernel_fuzzer(e1000)
add_kernel_fuzzer(vmxnet3)
add_kernel_fuzzer(ena)
add_kernel_fuzzer(gve)
add_kernel_fuzzer(xen_net)
add_kernel_fuzzer(hyperv_net)
add_kernel_fuzzer(net)
add_kernel_fuzzer(ip)
add_kernel_fuzzer(calls)
add_kernel_fuzzer(sockets)

find_package(Python3 COMPONENTS Interpreter)
add_test(NAME layering COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/layering/check.py)

# What tests/coverage.py runs.
get_property(targets DIRECTORY PROPERTY BUILDSYSTEM_TARGETS)
list(FILTER targets INCLUDE REGEX "^fuzz-|^unit-kernel$")
add_custom_target(coverage DEPENDS ${targets})
