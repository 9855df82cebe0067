#include "kernel/linux/ring/ring_file.hpp"

#include "base/format.hpp"

namespace spore::linux::ring {

namespace {

class RingFile final : public fs::File {
public:
    explicit RingFile(Shared<Ring> ring) : File({.read = true, .write = true}), ring_(std::move(ring)) {}
    ~RingFile() override { ring_->close(); }

    Ring& ring() { return *ring_; }
    fs::Ready ready() override { return ring_->ready(); }
    fs::PollSource* poll_source() override {
        (void)ring_->let_watch(current_task());  // without a helper it hears of completions only
        return &ring_->source();
    }
    Result<Shared<memory::MappedObject>> map(fs::MapWrites) override { return ring_->queues().mapping(); }
    std::string_view describe(std::span<char> buffer) override { return format_to(buffer, "anon_inode:[io_uring]"); }
    fs::FileKind kind() const override { return fs::FileKind::ring; }

private:
    Shared<Ring> ring_;
};

}  // namespace

Result<Shared<fs::File>> make_ring_file(Shared<Ring> ring) { return Shared<fs::File>(TRY(make_shared<RingFile>(std::move(ring)))); }
Ring& ring_of(fs::File& file) { return static_cast<RingFile&>(file).ring(); }

}  // namespace spore::linux::ring
