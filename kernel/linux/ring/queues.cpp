#include "kernel/linux/ring/queues.hpp"

#include <algorithm>

namespace spore::linux::ring {

namespace {

/// The same pages at all places where programs look for them.
class Mapping final : public memory::MappedObject, private memory::PageSource {
public:
    Mapping(const RingMemory& rings, const RingMemory& submissions) : rings_(rings.object()), submissions_(submissions.object()) {}

    memory::PageCache& pages() override { return pages_; }
    u64 size() const override { return map_submissions + submissions_->size(); }
    void describe(std::span<char>& path, u64& inode, u64& device) const override {
        constexpr std::string_view name = "anon_inode:[io_uring]";
        name.copy(path.data(), path.size());
        path = path.first(std::min(path.size(), name.size()));
        inode = device = 0;
    }

private:
    Result<memory::FrameRef> load_page(u64 index) override {
        u64 at = index * page_size;
        auto& part = at < map_submissions ? rings_ : submissions_;
        u64 within = at % (at < map_submissions ? map_completion_ring : map_submissions);
        if (within >= part->size()) return fail(Error::invalid);
        return part->pages().get(within / page_size);
    }
    Shared<memory::MappedObject> rings_, submissions_;
    memory::PageCache pages_{*this, memory::PageCache::Keep::always};
};

}  // namespace

u64 Queues::rings_size() const { return align_up(at_array() + (setup_ & setup_no_array ? 0 : submissions_ * sizeof(u32)), page_size); }
u64 Queues::entries_size() const { return align_up(submissions_ * submission_size(), page_size); }

u64 Queues::memory_for(u32 submissions, u32 completions, u32 setup) {
    Queues empty(submissions, completions, setup);
    return empty.rings_size() + empty.entries_size();
}

Result<Queues> Queues::create(u32 submissions, u32 completions, u32 setup) {
    Queues made(submissions, completions, setup);
    made.rings_ = TRY(RingMemory::create(made.rings_size()));
    made.entries_ = TRY(RingMemory::create(made.entries_size()));
    made.mapping_ = TRY(make_shared<Mapping>(made.rings_, made.entries_));
    auto& rings = made.rings_;
    rings.put(at_mask, submissions - 1), rings.put(at_entries, submissions);
    rings.put(at_completion_mask, completions - 1), rings.put(at_completion_entries, completions);
    return made;
}

void Queues::describe(Parameters& parameters) const {
    parameters.submissions = submissions_, parameters.completions = completions_;
    parameters.submission = {.head = at_head, .tail = at_tail, .mask = at_mask, .entries = at_entries, .flags = at_flags, .dropped = at_dropped,
                             .array = setup_ & setup_no_array ? 0 : static_cast<u32>(at_array()), .padding = 0, .address = 0};
    parameters.completion = {.head = at_completion_head, .tail = at_completion_tail, .mask = at_completion_mask, .entries = at_completion_entries, .overflow = at_overflow,
                             .completions = at_completions, .flags = at_completion_flags, .padding = 0, .address = 0};
}

u32 Queues::submitted() const { return std::min(rings_.word(at_tail).load(std::memory_order_acquire) - std::atomic_ref(head_).load(std::memory_order_relaxed), submissions_); }

std::optional<Submission> Queues::take() {
    u32 index = std::atomic_ref(head_).fetch_add(1, std::memory_order_relaxed) & (submissions_ - 1);
    if (!(setup_ & setup_no_array)) index = rings_.word(at_array() + index * sizeof(u32)).load(std::memory_order_relaxed);
    if (index >= submissions_) {
        rings_.word(at_dropped).fetch_add(1, std::memory_order_relaxed);
        return std::nullopt;
    }
    return entries_.get<Submission>(index * submission_size());
}

void Queues::put(const Completion& completion) {
    u64 at = at_completions + (tail_ & (completions_ - 1)) * completion_size();
    rings_.put(at, completion);
    if (setup_ & setup_large_completions) rings_.put(at + sizeof completion, Completion{});
    rings_.word(at_completion_tail).store(++tail_, std::memory_order_release);
}

}  // namespace spore::linux::ring
