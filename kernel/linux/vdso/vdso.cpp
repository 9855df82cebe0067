#include "kernel/linux/vdso/vdso.hpp"

#include <cstring>

#include "arch/registers.hpp"
#include "base/format.hpp"
#include "base/locked.hpp"
#include "kernel/time/timer.hpp"

namespace spore::linux {

namespace {

constexpr u64 data_pages = 2;  // the machine's clock, the wall clock

/// The pages in the kernel's own memory: the data, then the code.
class VdsoObject final : public memory::MappedObject, private memory::PageSource {
public:
    explicit VdsoObject(const arch::ProgramClock& clock) : clock_(clock), pages_(*this, memory::PageCache::Keep::always) {}
    memory::PageCache& pages() override { return pages_; }
    u64 size() const override { return data_pages * page_size + clock_.code_size; }
    void describe(std::span<char>& path, u64& inode, u64& device) const override {
        path = {};
        inode = device = 0;
    }

private:
    Result<memory::FrameRef> load_page(u64 index) override {
        PhysAddr at = index == 0 ? clock_.page
                    : index == 1 ? arch::physical(time::wall_page())
                                 : clock_.code + (index - data_pages) * page_size;
        return memory::FrameRef::of(memory::frame_of(at));
    }

    arch::ProgramClock clock_;
    memory::PageCache pages_;
};

constinit Locked<Shared<memory::MappedObject>, sync::Mutex> shared_object;

/// How far into the object its entry point is [gABI 4-3, e_entry].
u64 entry_of(const arch::ProgramClock& clock) {
    constexpr std::size_t entry_offset = 24;
    u64 entry;
    std::memcpy(&entry, static_cast<const std::byte*>(arch::direct(clock.code)) + entry_offset, sizeof entry);
    return entry;
}

}  // namespace

Result<Vdso> map_vdso(memory::AddressSpace& memory) {
    auto clock = arch::program_clock();
    if (!clock.code_size) return Vdso{};
    auto object = TRY(shared_object.with([&](Shared<memory::MappedObject>& made) -> Result<Shared<memory::MappedObject>> {
        if (!made) made = TRY(make_shared<VdsoObject>(clock));
        return made;
    }));
    // One area first, so that both find room beside each other.
    constexpr u64 data_size = data_pages * page_size;
    auto at = TRY(memory.map({.size = data_size + clock.code_size, .access = {.read = true}, .access_limit = {.read = true},
                              .object = object, .name = "[vvar]"}));
    TRY(memory.map({.hint = at + data_size, .size = clock.code_size, .access = {.read = true, .execute = true},
                    .placement = memory::Placement::exactly, .object = std::move(object), .offset = data_size, .name = "[vdso]"}));
    auto start = at + data_size;
    return Vdso{start, start + entry_of(clock)};
}

}  // namespace spore::linux
