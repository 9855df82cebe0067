// The advisory locks that are held [proc_locks(5)]; not those that are waited for.
#include "kernel/linux/proc/locks.hpp"

#include "kernel/fs/locks.hpp"

namespace spore::linux::proc {

namespace {

class Lines {
public:
    explicit Lines(TextSink& out) : out_(out) {}

    Result<void> add(fs::Inode& inode, std::string_view sort, const fs::LockRequest& lock) {
        auto device = TRY(inode.stat()).device;
        TRY(out_.print("{}: {} ADVISORY  {} {} ", ++count_, sort, lock.kind == fs::LockKind::shared ? "READ" : "WRITE", static_cast<i32>(lock.process)));
        TRY(two_digits(device >> 8 & 0xfff));
        TRY(out_.write(":"));
        TRY(two_digits((device & 0xff) | (device >> 12 & 0xfff00)));
        TRY(out_.print(":{} {} ", inode.number(), lock.start));
        return lock.end == fs::lock_to_end ? out_.write("EOF\n") : out_.print("{}\n", lock.end - 1);
    }

private:
    Result<void> two_digits(u64 number) { return number < 16 ? out_.print("0{:x}", number) : out_.print("{:x}", number); }

    TextSink& out_;
    u64 count_ = 0;
};

}  // namespace

Result<void> show_locks(TextSink& out, u32) {
    Lines lines(out);
    for (auto inode = fs::FileLocks::next_locked(nullptr); inode; inode = fs::FileLocks::next_locked(inode.get())) {
        auto& locks = *TRY(fs::locks_of(*inode));
        TRY(locks.whole.for_each([&](const fs::LockRequest& lock) { return lines.add(*inode, "FLOCK ", lock); }));
        TRY(locks.ranges.for_each([&](const fs::LockRequest& lock) {
            return lines.add(*inode, lock.process == fs::LockRequest::of_description ? "OFDLCK" : "POSIX ", lock);
        }));
    }
    return {};
}

}  // namespace spore::linux::proc
