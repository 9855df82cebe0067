#include "kernel/linux/event/request_context.hpp"

#include <algorithm>

#include "kernel/linux/limits.hpp"
#include "kernel/linux/process/process.hpp"
#include "kernel/memory/anonymous_object.hpp"

namespace spore::linux {

namespace {
/// All there are, to tell their areas from others.
struct Contexts {
    List<RequestContext, &RequestContext::link> list;
    u64 capacity = 0;
};
constinit Locked<Contexts, sync::Spin> contexts;

struct Search {
    u64 address;
    i32 process;
    Shared<RequestContext> found{};
};
/// The area holds its object meanwhile, so that one that is in the list cannot be going.
void look_at_area(void* context, const memory::AddressSpace::AreaInfo& area) {
    auto& search = *static_cast<Search*>(context);
    if (area.start.value != search.address || !area.object) return;
    contexts.with([&](Contexts& all) {
        auto at = std::ranges::find_if(all.list, [&](RequestContext& one) { return &one == area.object && one.process() == search.process; });
        if (at != all.list.end()) search.found = Shared<RequestContext>(*at);
    });
}
}  // namespace

Result<Shared<RequestContext>> RequestContext::create(i32 process, u32 capacity) {
    auto made = TRY(make_shared<RequestContext>());
    made->process_ = process;
    u64 limit = system_limits.asynchronous_requests.load(std::memory_order_relaxed);
    bool fits = contexts.with([&](Contexts& all) {
        if (all.capacity > limit || capacity > limit - all.capacity) return false;
        all.capacity += made->capacity_ = capacity;
        all.list.push_back(*made);
        return true;
    });
    if (!fits) return fail(Error::would_block);
    made->page_ = TRY(memory::create_anonymous_object(page_size));
    made->events_ = TRY(HeapArray<RequestEvent>::create(capacity));
    return made;
}

RequestContext::~RequestContext() {
    contexts.with([&](Contexts& all) {
        if (!link.linked) return;
        all.list.remove(*this);
        all.capacity -= capacity_;
    });
}

Result<Shared<RequestContext>> RequestContext::find(Task& task, u64 address) {
    Search search{.address = address, .process = task.process().id()};
    task.memory().visit_area_at({address}, look_at_area, &search);
    if (!search.found) return fail(Error::invalid);
    return search.found;
}

u64 RequestContext::all_capacities() {
    return contexts.with([](Contexts& all) { return all.capacity; });
}

Result<void> RequestContext::begin() {
    Guard guard(mutex_);
    if (under_way_ + count_ == events_.size()) return fail(Error::would_block);
    ++under_way_;
    return {};
}

void RequestContext::give_back() {
    Guard guard(mutex_);
    --under_way_;
}

void RequestContext::end(const RequestEvent& event) {
    Guard guard(mutex_);
    --under_way_;
    events_[(first_ + count_++) % events_.size()] = event;
    ended_.wake_all();
}

Result<u64> RequestContext::fetch(UserOut<RequestEvent> into, u64 least, u64 most, Instant deadline) {
    u64 fetched = 0;
    Guard guard(mutex_);
    while (true) {
        while (count_ && fetched < most) {
            auto copied = into.write(events_[first_], fetched);
            if (!copied) return fetched ? Result<u64>(fetched) : fail(copied.error());
            first_ = (first_ + 1) % events_.size();
            --count_, ++fetched;
        }
        if (fetched >= least) return fetched;
        if (closed_) return fail(Error::invalid);
        if (auto waited = ended_.wait(mutex_, sync::Interruptible::yes, deadline); !waited) {
            if (fetched || waited.error() == Error::timed_out) return fetched;
            return fail(waited.error());
        }
    }
}

void RequestContext::close() {
    Guard guard(mutex_);
    closed_ = true;
    ended_.wake_all();
}

void RequestContext::describe(std::span<char>& path, u64& inode, u64& device) const {
    constexpr std::string_view name = "/[aio] (deleted)";
    name.copy(path.data(), path.size());
    path = path.first(std::min(path.size(), name.size()));
    inode = device = 0;
}

}  // namespace spore::linux
