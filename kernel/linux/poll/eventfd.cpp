#include "kernel/linux/poll/eventfd.hpp"

#include "base/format.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace spore::linux {

namespace {

class EventFile final : public fs::File {
public:
    EventFile(u64 initial, EventMode kind, bool nonblocking)
        : File({.read = true, .write = true, .nonblocking = nonblocking}), count_(initial), kind_(kind) {}

    Result<u64> read(fs::IoBuffer& into) override {
        u64 value;
        if (into.remaining() < sizeof value) return fail(Error::invalid);
        {
            Guard guard(lock_);
            while (count_ == 0) {
                if (mode().nonblocking) return fail(Error::would_block);
                TRY(changed_.wait(lock_, sync::Interruptible::yes));
            }
            value = kind_ == EventMode::semaphore ? 1 : count_;
            count_ -= value;
            changed_.wake_all();
        }
        source_.notify(fs::Ready::out);
        TRY(into.put(bytes_of(value)));
        return sizeof value;
    }

    Result<u64> write(fs::IoBuffer& from) override {
        u64 value;
        if (from.remaining() < sizeof value) return fail(Error::invalid);
        TRY(from.take(std::as_writable_bytes(std::span(&value, 1))));
        if (value == ~u64{0}) return fail(Error::invalid);
        {
            Guard guard(lock_);
            while (most - count_ < value) {
                if (mode().nonblocking) return fail(Error::would_block);
                TRY(changed_.wait(lock_, sync::Interruptible::yes));
            }
            count_ += value;
            changed_.wake_all();
        }
        source_.notify(fs::Ready::in);
        return sizeof value;
    }

    fs::Ready ready() override {
        Guard guard(lock_);
        auto state = fs::Ready::none;
        if (count_) state |= fs::Ready::in;
        if (count_ < most) state |= fs::Ready::out;
        return state;
    }
    fs::PollSource* poll_source() override { return &source_; }
    std::string_view describe(std::span<char> buffer) override { return format_to(buffer, "anon_inode:[eventfd]"); }

private:
    static constexpr u64 most = ~u64{0} - 1;
    sync::Spin lock_;
    u64 count_;
    EventMode kind_;
    sync::WaitQueue changed_;
    fs::PollSource source_;
};

}  // namespace

Result<Shared<fs::File>> make_eventfd(u64 initial, EventMode mode, bool nonblocking) {
    return Shared<fs::File>(TRY(make_shared<EventFile>(initial, mode, nonblocking)));
}

}  // namespace spore::linux
