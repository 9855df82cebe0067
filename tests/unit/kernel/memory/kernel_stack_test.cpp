#include "kernel/memory/kernel_stack.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "kernel/memory/fault_injection.hpp"
#include "kernel/memory/frame.hpp"

namespace spore::memory {
namespace {

TEST(KernelStack, IsWritableAboveItsGuardPage) {
    auto top = allocate_kernel_stack();
    ASSERT_TRUE(top);
    auto* bytes = static_cast<volatile char*>(*top);
    for (u64 i = 1; i <= kernel_stack_size; ++i) bytes[-static_cast<i64>(i)] = 1;
    EXPECT_DEATH(bytes[-static_cast<i64>(kernel_stack_size) - 1] = 1, "");
    free_kernel_stack(*top);
}

TEST(KernelStack, IsUsedAgain) {
    auto first = allocate_kernel_stack(), second = allocate_kernel_stack();
    ASSERT_TRUE(first && second);
    EXPECT_NE(*first, *second);
    free_kernel_stack(*first);
    auto third = allocate_kernel_stack();
    EXPECT_EQ(*first, *third);
    free_kernel_stack(*second);
    free_kernel_stack(*third);
}

TEST(KernelStack, FailureLeavesNothingBehind) {
    void* held[64];
    for (auto*& stack : held) stack = *allocate_kernel_stack();
    for (u64 nth = 1; nth <= 8; ++nth) {
        u64 free = memory_use().free;
        fail_allocation(nth);
        EXPECT_EQ(allocate_kernel_stack().error(), Error::no_memory) << nth;
        EXPECT_EQ(memory_use().free, free);
    }
    fail_allocation(0);
    for (auto* stack : held) free_kernel_stack(stack);
}

TEST(KernelStack, AFloodOfThemGivesItsMemoryBack) {
    auto flood = [] {
        std::vector<void*> all;
        for (int i = 0; i < 500; ++i) all.push_back(*allocate_kernel_stack());
        std::set<void*> different(all.begin(), all.end());
        EXPECT_EQ(different.size(), all.size());
        for (auto* top : all) static_cast<char*>(top)[-static_cast<i64>(kernel_stack_size)] = 1;
        for (std::size_t i = 0; i < all.size(); i += 2) free_kernel_stack(all[i]);
        for (std::size_t i = 1; i < all.size(); i += 2) free_kernel_stack(all[i]);
    };
    u64 before = memory_use().free;
    for (int i = 0; i < 5; ++i) {
        flood();
        EXPECT_GE(memory_use().free, before - 96 * kernel_stack_size);
    }
}

}  // namespace
}  // namespace spore::memory
