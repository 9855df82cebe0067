#include "kernel/drivers/console/virtio_console.hpp"

#include <algorithm>
#include <cstring>

#include "arch/cpu.hpp"
#include "kernel/device/byte_stream.hpp"
#include "kernel/drivers/virtio/queue.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace spore::drivers {
namespace {

using virtio::Buffer;
using virtio::Queue;
using sync::Interruptible;

constexpr u16 receive_queue = 0, transmit_queue = 1;
constexpr u16 queue_size = 16;
constexpr unsigned receive_pages = 2, transmit_pages = 4;

class VirtioConsole final : public device::ByteStream {
public:
    static Result<void> start(Owned<virtio::Device> device) {
        auto console = TRY(make_owned<VirtioConsole>(std::move(device)));
        TRY(console->open());
        device::offer_channel_stream(*console.release());  // lives as long as the machine
        return {};
    }
    explicit VirtioConsole(Owned<virtio::Device> device) : device_(std::move(device)) {}

    Result<void> send(ByteSpan first, ByteSpan second) override {
        for (u64 at = 0, total = first.size() + second.size(); at < total;) {
            Page* page = TRY(wait_for_page());
            at += fill(*page, first, second, at);
            Guard queue(lock_);
            post(*page);
            transmit_->notify();
        }
        return {};
    }

    void send_urgently(ByteSpan first, ByteSpan second) override {
        // A panic may have stopped the lock's holder for ever.
        bool locked = false;
        for (int spin = 0; spin < 1'000'000 && !(locked = lock_.try_lock()); ++spin) arch::relax();
        for (u64 at = 0, total = first.size() + second.size(); at < total;) {
            Page* page = nullptr;
            for (int spin = 0; spin < 10'000'000 && !(page = free_page()); ++spin) reclaim();
            if (!page) break;
            at += fill(*page, first, second, at);
            post(*page);
            transmit_->notify();
        }
        if (locked) lock_.unlock();
    }

    Result<std::size_t> receive(MutableByteSpan into) override {
        Guard guard(lock_);
        while (!current_) {
            if (auto done = receive_->take()) {
                current_ = &incoming_[done->token];
                current_->used = std::min<u32>(done->written, page_size);
                current_->read = 0;
                continue;
            }
            receive_->want_interrupts(true);
            if (receive_->has_news() && !receive_->broken()) continue;
            TRY(arrivals_.wait(lock_, Interruptible::no));
        }
        std::size_t count = std::min<std::size_t>(into.size(), current_->used - current_->read);
        std::memcpy(into.data(), current_->frame.bytes() + current_->read, count);
        current_->read += static_cast<u32>(count);
        if (current_->read == current_->used) {
            give(*current_);
            receive_->notify();
            current_ = nullptr;
        }
        return count;
    }

    bool has_input() override {
        Guard guard(lock_);
        return current_ || receive_->has_news();
    }

    void drain() override {
        for (int spin = 0; spin < 10'000'000 && transmit_->free_buffers() < transmit_->size(); ++spin) {
            reclaim();
            arch::relax();
        }
    }

private:
    struct Page {
        memory::FrameRef frame;
        u32 used = 0, read = 0;
        bool busy = false;
    };

    Result<void> open() {
        u64 features = TRY(device_->negotiate(wire::virtio::feature_event_index));
        bool event_index = features & wire::virtio::feature_event_index;
        receive_ = TRY(Queue::create(*device_, receive_queue, queue_size, event_index));
        transmit_ = TRY(Queue::create(*device_, transmit_queue, queue_size, event_index));
        for (auto& page : incoming_) page.frame = memory::FrameRef::adopt(TRY(memory::allocate_frames()));
        TRY(device_->connect_interrupt(on_interrupt, this));
        device_->go();
        for (auto& page : incoming_) give(page);
        receive_->notify();
        transmit_->want_interrupts(false);
        return {};
    }

    void give(Page& page) {
        Buffer buffer{page.frame.address(), page_size, Buffer::Direction::from_device};
        // As many descriptors as pages: there is always room.
        (void)receive_->offer({&buffer, 1}, static_cast<u16>(&page - incoming_));
    }

    /// Copies what fits of the two pieces from position `at` into the page.
    static u64 fill(Page& page, ByteSpan first, ByteSpan second, u64 at) {
        u32 used = 0;
        for (auto piece : {first, second}) {
            if (at >= piece.size()) {
                at -= piece.size();
                continue;
            }
            u32 count = static_cast<u32>(std::min<u64>(piece.size() - at, page_size - used));
            std::memcpy(page.frame.bytes() + used, piece.data() + at, count);
            used += count;
            at = 0;
            if (used == page_size) break;
        }
        page.used = used;
        return used;
    }

    void post(Page& page) {
        Buffer buffer{page.frame.address(), page.used, Buffer::Direction::to_device};
        (void)transmit_->offer({&buffer, 1}, static_cast<u16>(&page - outgoing_));  // fewer pages than descriptors
    }

    /// A page that nothing is in; its memory comes when it is first used.
    Page* free_page() {
        for (auto& page : outgoing_) {
            if (page.busy) continue;
            if (!page.frame) {
                auto frame = memory::allocate_frames();
                if (!frame) continue;
                page.frame = memory::FrameRef::adopt(*frame);
            }
            page.busy = true;
            return &page;
        }
        return nullptr;
    }

    Result<Page*> wait_for_page() {
        Guard guard(lock_);
        while (true) {
            reclaim();
            if (auto* page = free_page()) {
                transmit_->want_interrupts(false);
                return page;
            }
            if (transmit_->broken()) return fail(Error::io);  // what the device has it keeps
            if (transmit_->free_buffers() == transmit_->size()) return fail(Error::no_memory);
            transmit_->want_interrupts(true);
            if (!transmit_->has_news()) TRY(room_.wait(lock_, Interruptible::no));
        }
    }

    void reclaim() {
        while (auto done = transmit_->take())
            if (done->token < transmit_pages) outgoing_[done->token].busy = false;
    }

    static void on_interrupt(void* self) {
        auto& console = *static_cast<VirtioConsole*>(self);
        Guard guard(console.lock_);
        console.arrivals_.wake_all();
        console.room_.wake_all();
    }

    Owned<virtio::Device> device_;
    Owned<Queue> receive_, transmit_;
    sync::Spin lock_;       ///< both queues
    sync::WaitQueue arrivals_, room_;
    Page incoming_[receive_pages];
    Page outgoing_[transmit_pages];
    Page* current_ = nullptr;  ///< the received page that receive() reads from
};

}  // namespace

Result<void> attach_virtio_console(Owned<virtio::Device> device) { return VirtioConsole::start(std::move(device)); }

}  // namespace spore::drivers
