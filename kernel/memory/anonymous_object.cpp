#include "kernel/memory/anonymous_object.hpp"

#include <algorithm>
#include <string_view>

namespace spore::memory {
namespace {

class AnonymousObject final : public MappedObject, private PageSource {
public:
    explicit AnonymousObject(u64 size) : size_(size) {}

    PageCache& pages() override { return pages_; }
    u64 size() const override { return size_; }
    void describe(std::span<char>& path, u64& inode, u64& device) const override {
        constexpr std::string_view name = "/dev/zero (deleted)";  // what Linux calls it
        path = path.first(std::min(path.size(), name.size()));
        std::copy_n(name.begin(), path.size(), path.begin());
        inode = device = 0;
    }

private:
    Result<FrameRef> load_page(u64) override { return FrameRef::adopt(TRY(allocate_zeroed_frames())); }

    u64 size_;
    PageCache pages_{*this, PageCache::Keep::always};
};

}  // namespace

Result<Shared<MappedObject>> create_anonymous_object(u64 size) { return Shared<MappedObject>(TRY(make_shared<AnonymousObject>(size))); }

}  // namespace spore::memory
