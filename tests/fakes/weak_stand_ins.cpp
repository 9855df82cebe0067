// Stand-ins for parts of the kernel that a build may lack; the real ones take precedence where they are linked.
#include <map>

#include "kernel/memory/page_cache.hpp"

namespace spore::memory {

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

}  // namespace spore::memory
