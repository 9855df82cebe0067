// Stand-ins for parts of the kernel that a build may lack; the real ones take precedence where they are linked.
#include <cstring>
#include <map>

#include "arch/user_memory.hpp"
#include "kernel/memory/page_cache.hpp"

namespace spore {
namespace arch {
[[gnu::weak]] Result<void> copy_from_program(void* to, VirtAddr from, std::size_t size) { return std::memcpy(to, from.as<void>(), size), Result<void>(); }
[[gnu::weak]] Result<void> copy_to_program(VirtAddr to, const void* from, std::size_t size) { return std::memcpy(to.as<void>(), from, size), Result<void>(); }
[[gnu::weak]] Result<void> zero_program(VirtAddr to, std::size_t size) { return std::memset(to.as<void>(), 0, size), Result<void>(); }
}  // namespace arch
namespace memory {
struct PageCache::Impl {
    PageSource& source;
    std::map<u64, FrameRef> pages;
};
[[gnu::weak]] PageCache::PageCache(PageSource& source, Keep) : impl_(new Impl{source, {}}) {}
[[gnu::weak]] PageCache::~PageCache() { delete impl_; }
[[gnu::weak]] Result<FrameRef> PageCache::get(u64 index) {
    if (auto found = find(index)) return found;
    return impl_->pages[index] = TRY(impl_->source.load_page(index));
}
[[gnu::weak]] FrameRef PageCache::find(u64 index) const { return impl_->pages.contains(index) ? impl_->pages[index] : FrameRef{}; }
[[gnu::weak]] void PageCache::drop(u64 first, u64 end) { std::erase_if(impl_->pages, [&](auto& p) { return p.first >= first && p.first < end; }); }
[[gnu::weak]] u64 PageCache::size() const { return impl_->pages.size(); }
}  // namespace memory
}  // namespace spore
