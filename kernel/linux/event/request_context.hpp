// What io_setup makes: room for a number of requests, and the events of those that ended and were not fetched yet [io_setup(2)].
// It lives as long as its page in the program's memory is mapped, whose address is its name. Linux keeps the events in that page; libaio
// looks at it, finds no ring that it knows, and asks the kernel.
#pragma once

#include "kernel/linux/process/task.hpp"
#include "kernel/linux/small_text.hpp"
#include "kernel/memory/address_space.hpp"

namespace spore::linux {

/// struct io_event
struct RequestEvent {
    u64 data;     ///< what the request says
    u64 request;  ///< its address
    i64 result;
    i64 result_2 = 0;
};
static_assert(sizeof(RequestEvent) == 32);

class RequestContext final : public memory::MappedObject {
public:
    /// would_block when that is more than the system allows.
    static Result<Shared<RequestContext>> create(i32 process, u32 capacity);
    ~RequestContext() override;
    /// The process's context with that address; invalid when there is none.
    static Result<Shared<RequestContext>> find(Task& task, u64 address);
    /// /proc/sys/fs/aio-nr
    static u64 all_capacities();

    i32 process() const { return process_; }
    /// Takes a place for a request; would_block when there is none until events are fetched. Given back or ended.
    Result<void> begin();
    void give_back();
    void end(const RequestEvent& event);
    /// Copies events out, at most `most`, once there are `least`; how many. What came until the deadline or a signal is enough.
    Result<u64> fetch(UserOut<RequestEvent> into, u64 least, u64 most, Instant deadline);
    /// Those who wait get invalid.
    void close();

    memory::PageCache& pages() override { return page_->pages(); }
    u64 size() const override { return page_->size(); }
    void describe(std::span<char>& path, u64& inode, u64& device) const override;

    ListLink<RequestContext> link;

private:
    i32 process_ = 0;
    u32 capacity_ = 0;
    Shared<memory::MappedObject> page_;
    sync::Mutex mutex_;
    sync::WaitQueue ended_;
    HeapArray<RequestEvent> events_;  ///< a ring
    u64 first_ = 0, count_ = 0;       ///< of events to fetch
    u64 under_way_ = 0;
    bool closed_ = false;
};

}  // namespace spore::linux
