// A program and a file for tests of address spaces: loads and stores go through the page table and fault as on a CPU.
#pragma once

#include <gtest/gtest.h>

#include <map>

#include "kernel/memory/address_space.hpp"
#include "tests/fakes/mmu.hpp"

namespace spore::tests {

/// Page `i` of it begins with the byte `i`.
class TestFile final : public memory::MappedObject, private memory::PageSource {
public:
    explicit TestFile(u64 size) : size_(size) {}
    static Shared<TestFile> create(u64 size) { return *make_shared<TestFile>(size); }

    memory::PageCache& pages() override { return pages_; }
    u64 size() const override { return size_; }
    void describe(std::span<char>& path, u64&, u64&) const override { path = {}; }

    int loads(u64 index) { return loads_[index]; }
    int byte(u64 index) { return static_cast<int>(pages_.get(index)->bytes()[0]); }

private:
    Result<memory::FrameRef> load_page(u64 index) override {
        auto frame = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
        ++loads_[index];
        frame.bytes()[0] = static_cast<std::byte>(index);
        return frame;
    }
    u64 size_;
    std::map<u64, int> loads_;
    memory::PageCache pages_{*this, memory::PageCache::Keep::while_memory_lasts};
};

struct Program {
    Shared<memory::AddressSpace> space;
    u64 faults = 0;

    explicit Program(Shared<memory::AddressSpace> of = *memory::AddressSpace::create()) : space(std::move(of)) {}

    VirtAddr map(const memory::MapRequest& request) {
        auto at = space->map(request);
        EXPECT_TRUE(at);
        return at.value_or(VirtAddr{});
    }
    memory::FaultOutcome fault(VirtAddr at, arch::Access wanted) { return space->handle_fault(at, wanted); }
    std::byte* touch(VirtAddr at, arch::Access wanted) {
        space->page_table().activate();
        for (int i = 0; i < 4; ++i) {
            if (auto* byte = fakes::translate(at, wanted)) return byte;
            ++faults;
            if (fault(at, wanted) != memory::FaultOutcome::served) return nullptr;
        }
        ADD_FAILURE() << "a fault that was served comes again";
        return nullptr;
    }
    /// The byte there, or -1.
    int load(VirtAddr at) {
        auto* byte = touch(at, {.read = true});
        return byte ? static_cast<int>(*byte) : -1;
    }
    bool store(VirtAddr at, int value) {
        auto* byte = touch(at, {.write = true});
        if (byte) *byte = static_cast<std::byte>(value);
        return byte;
    }
    std::size_t area_count() {
        std::size_t count = 0;
        space->visit_areas([](void* context, const memory::AddressSpace::AreaInfo&) { ++*static_cast<std::size_t*>(context); }, &count);
        return count;
    }
};

}  // namespace spore::tests
