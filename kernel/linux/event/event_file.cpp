#include "kernel/linux/event/event_file.hpp"

#include "base/format.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace spore::linux {

using fs::Ready;

namespace {

constinit std::atomic<u32> next_id = 0;

class EventFile final : public fs::File {
public:
    EventFile(u64 initial, EventCount takes, fs::OpenMode mode) : File(mode), count_(initial), takes_(takes) {}

    Result<u64> read(fs::IoBuffer& into) override {
        u64 taken;
        if (into.remaining() < sizeof taken) return fail(Error::invalid);
        {
            Guard guard(lock_);
            while (count_ == 0) {
                if (mode_.nonblocking) return fail(Error::would_block);
                TRY(readers_.wait(lock_, sync::Interruptible::yes));
            }
            taken = takes_ == EventCount::one ? 1 : count_;
            count_ -= taken;
            writers_.wake_all();
        }
        source_.notify(Ready::out);
        TRY(into.put(bytes_of(taken)));
        return sizeof taken;
    }
    Result<u64> write(fs::IoBuffer& from) override {
        u64 added;
        if (from.remaining() < sizeof added) return fail(Error::invalid);
        TRY(from.take(std::as_writable_bytes(std::span(&added, 1))));
        if (added == most + 1) return fail(Error::invalid);
        {
            Guard guard(lock_);
            while (added > most - count_) {
                if (mode_.nonblocking) return fail(Error::would_block);
                TRY(writers_.wait(lock_, sync::Interruptible::yes));
            }
            count_ += added;
            readers_.wake_all();
        }
        source_.notify(Ready::in);
        return sizeof added;
    }
    Ready ready() override {
        Guard guard(lock_);
        return (count_ > 0 ? Ready::in : Ready::none) | (count_ < most ? Ready::out : Ready::none);
    }
    fs::PollSource* poll_source() override { return &source_; }
    fs::FileKind kind() const override { return fs::FileKind::event; }
    EventState state() {
        Guard guard(lock_);
        return {count_, id_, takes_};
    }
    std::string_view describe(std::span<char> buffer) override { return format_to(buffer, "anon_inode:[eventfd]"); }

private:
    static constexpr u64 most = ~u64{0} - 1;
    sync::Spin lock_;
    u64 count_;
    EventCount takes_;
    u32 id_ = next_id.fetch_add(1, std::memory_order_relaxed);
    sync::WaitQueue readers_, writers_;
    fs::PollSource source_;
};

}  // namespace

Result<Shared<fs::File>> make_event_file(u64 initial, EventCount takes, fs::OpenMode mode) {
    return Shared<fs::File>(TRY(make_shared<EventFile>(initial, takes, mode)));
}

EventState state_of_event_file(fs::File& file) { return static_cast<EventFile&>(file).state(); }

}  // namespace spore::linux
