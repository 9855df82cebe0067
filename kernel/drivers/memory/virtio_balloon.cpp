#include "kernel/drivers/memory/virtio_balloon.hpp"

#include <algorithm>

#include "kernel/drivers/virtio/request_queue.hpp"
#include "kernel/memory/idle_blocks.hpp"
#include "kernel/task/thread.hpp"
#include "kernel/time/timer.hpp"

namespace spore::drivers {
namespace {

constexpr u64 feature_statistics = u64{1} << 1, feature_reporting = u64{1} << 5;
/// Those before it are the balloon's (inflate, deflate) and the statistics', which is why that feature is asked for.
constexpr u16 reporting_queue = 3, queue_size = 4;

/// What is freed may be wanted again at once: memory is given away by somebody who comes by now and then, and more rarely where he finds nothing.
constexpr Duration shortest_rest = Duration::seconds(2), longest_rest = Duration::seconds(32);

class VirtioBalloon {
public:
    explicit VirtioBalloon(Owned<virtio::Device> device) : device_(std::move(device)) {}

    /// Whether it can report.
    Result<bool> open() {
        auto features = TRY(device_->negotiate(feature_statistics | feature_reporting | wire::virtio::feature_event_index));
        if (!(features & feature_reporting) || !(features & feature_statistics)) return false;
        thread_ = TRY(task::Thread::create("give memory back", [](void* self) { static_cast<VirtioBalloon*>(self)->work(); }, this));
        TRY(requests_.open(*device_, reporting_queue, queue_size, features & wire::virtio::feature_event_index, 1));
        device_->go();
        return true;
    }
    void start() { task::start(std::move(thread_)); }

private:
    void work() {
        sync::Spin lock;
        sync::WaitQueue nobody;
        for (auto rest = shortest_rest;;) {
            {
                Guard guard(lock);
                (void)nobody.wait(lock, sync::Interruptible::no, time::now() + rest);
            }
            rest = report() ? shortest_rest : std::min(Duration{rest.nanoseconds * 2}, longest_rest);
        }
    }

    /// Whether there was anything.
    bool report() {
        bool any = false;
        while (auto* block = memory::take_idle_block()) {
            virtio::Buffer memory{memory::address_of(*block), u32{page_size} << memory::max_order, virtio::Buffer::Direction::from_device};
            auto slot = requests_.take_slot();
            auto told = slot ? requests_.run(*slot, {&memory, 1}) : fail(slot.error());
            memory::put_idle_block(*block, told.has_value());
            if (!told) return false;
            requests_.give_slot(*slot);
            any = true;
        }
        return any;
    }

    Owned<virtio::Device> device_;
    virtio::RequestQueue requests_;
    Owned<task::Thread> thread_;
};

}  // namespace

Result<void> attach_virtio_balloon(Owned<virtio::Device> device) {
    auto balloon = TRY(make_owned<VirtioBalloon>(std::move(device)));
    if (TRY(balloon->open())) balloon.release()->start();  // lives as long as the machine
    return {};
}

}  // namespace spore::drivers
