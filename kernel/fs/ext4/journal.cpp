// The transactions of a running system.
#include "kernel/fs/ext4/journal.hpp"

#include <algorithm>

#include "kernel/core/log.hpp"
#include "kernel/core/panic.hpp"
#include "kernel/time/timer.hpp"

namespace spore::fs::ext4 {

using namespace wire::ext4;

namespace {
RawJournalSuper& super_in(const memory::FrameRef& frame) { return *reinterpret_cast<RawJournalSuper*>(frame.bytes()); }
ByteSpan bytes_in(const memory::FrameRef& frame) { return {frame.bytes(), block_size}; }
}  // namespace

Journal::~Journal() {
    while (auto* frame = changed_) {
        changed_ = reinterpret_cast<memory::Frame*>(frame->link & ~u64{1});
        memory::release(*frame);
    }
    for (auto** list : {&revoked_, &spare_revokes_})
        while (auto* node = *list) {
            *list = node->next;
            delete node;
        }
}

Result<void> Journal::open(std::span<const JournalRun> runs, u64 volume_blocks) {
    if (runs.empty() || runs.size() > most_runs) return fail(Error::not_supported);
    std::ranges::copy(runs, runs_);
    run_count_ = runs.size();
    volume_blocks_ = volume_blocks;
    for (auto* frame : {&super_, &scratch_, &copy_}) *frame = memory::FrameRef::adopt(TRY(memory::allocate_frames()));
    TRY(disk_.read(runs_[0].start, super_));
    auto& super = super_in(super_);
    if (super.header.magic != journal_magic || super.header.type != journal_block::superblock_v2) return fail(Error::corrupt);
    if (super.incompatible & ~journal_feature::known || super.read_only_compatible != 0) return fail(Error::not_supported);
    format_ = {super.incompatible, checksum(checksum_start, std::as_bytes(std::span(super.uuid)))};
    if (format_.checksums() && (super.checksum_type != journal_crc32c || super.checksum != journal_super_checksum(super))) return fail(Error::corrupt);
    first_ = super.first, blocks_ = super.blocks, start_ = super.start, sequence_ = super.sequence;
    u64 there = u64{runs_[run_count_ - 1].block} + runs_[run_count_ - 1].length;
    constexpr u32 least = 512;
    if (super.block_size != block_size || blocks_ > there || first_ == 0 || blocks_ < first_ + least || (start_ != 0 && (start_ < first_ || start_ >= blocks_)))
        return fail(Error::corrupt);
    return {};
}

Result<u64> Journal::place(u32 at) const {
    for (auto& run : std::span(runs_).first(run_count_))
        if (at >= run.block && at - run.block < run.length) return run.start + (at - run.block);
    return fail(Error::corrupt);
}

Result<void> Journal::write_super() {
    auto& super = super_in(super_);
    super.sequence = sequence_;
    super.start = start_;
    super.incompatible = format_.features;
    super.checksum_type = format_.checksums() ? journal_crc32c : u8{0};
    super.checksum = 0;
    if (format_.checksums()) super.checksum = journal_super_checksum(super);
    device::TransferPiece piece{super_.address(), block_size};
    return disk_.write(runs_[0].start, {&piece, 1});
}

Result<void> Journal::start(bool checksums, bool wide) {
    format_.features = journal_feature::revoke | (checksums ? journal_feature::checksum_v3 : 0) | (wide ? journal_feature::wide : 0);
    // A quarter, so that there is always room for one more than what was not put in its place; and not much of memory.
    u64 of_memory = std::max<u64>(memory::memory_use().total / page_size / 32, 128);
    most_ = static_cast<u32>(std::min<u64>((blocks_ - first_) / 4, of_memory));
    start_ = head_ = first_;
    used_ = 0;
    TRY(write_super());
    TRY(disk_.flush());
    started_.store(true, std::memory_order_release);
    return {};
}

Result<void> Journal::stop() {
    {
        Guard guard(lock_);
        if (!started()) return {};
        started_.store(false, std::memory_order_release);
        entry_.wake_all();
    }
    TRY(commit(current()));
    TRY(checkpoint());
    start_ = 0;
    TRY(write_super());
    return disk_.flush();
}

void Journal::abort() {
    if (!aborted_.exchange(true, std::memory_order_acq_rel)) core::error("ext4: the volume is damaged or its disk failed; it is read-only now");
}

/// Beside what was changed, and `claimed` blocks that may be.
bool Journal::fits(u32 blocks, u32 claimed) const {
    constexpr u32 revokes_in_block = 500;
    return changed_count_.load(std::memory_order_relaxed) + revoked_count_.load(std::memory_order_relaxed) / revokes_in_block + claimed + blocks +
               client_blocks <= most_;
}

Result<void> Journal::enter(u32 blocks) {
    Guard guard(lock_);
    while (true) {
        if (aborted() || !started()) return fail(Error::read_only);
        if (!ending_ && fits(blocks, claimed_)) break;
        if (!ending_ && !fits(blocks, 0)) {
            full_ = true;
            idle_.wake_all();
            u64 transaction = current();
            lock_.unlock();
            auto ended = commit(transaction);
            lock_.lock();
            TRY(ended);
            continue;
        }
        // Most need less than they claim: it is enough to wait until others have left.
        ++waiting_;
        auto woken = entry_.wait(lock_, sync::Interruptible::no);
        if (--waiting_ == 0) idle_.wake_all();
        TRY(woken);
    }
    ++active_;
    claimed_ += blocks;
    return {};
}

void Journal::leave(u32 blocks) {
    Guard guard(lock_);
    claimed_ -= blocks;
    if (--active_ == 0) idle_.wake_all();
    if (waiting_ && !ending_) entry_.wake_all();
}

void Journal::modify(const Block& block) {
    auto& frame = block.frame();
    if (frame.link != 0) return;
    memory::retain(frame);
    memory::PageCache::mark_dirty(frame);
    frame.link = 1;  // the last one
    if (changed_) changed_last_->link = reinterpret_cast<u64>(&frame) | 1;
    else changed_ = &frame;
    changed_last_ = &frame;
    changed_count_.fetch_add(1, std::memory_order_relaxed);
}

Result<void> Journal::prepare_revoke() {
    while (spare_count_ <= promised_revokes_) {
        auto* node = new (std::nothrow) Revoked{0, spare_revokes_};
        if (!node) return fail(Error::no_memory);
        spare_revokes_ = node;
        ++spare_count_;
    }
    ++promised_revokes_;
    return {};
}

void Journal::revoke(u64 number) {
    --promised_revokes_;
    --spare_count_;
    auto* node = std::exchange(spare_revokes_, spare_revokes_->next);
    *node = {number, revoked_};
    revoked_ = node;
    revoked_count_.fetch_add(1, std::memory_order_relaxed);
    if (auto frame = disk_.cache().find(number)) frame.get()->index = ~u64{0};
    disk_.forget(number);
}

u64 Journal::after_now() {
    // One that is being written may have flushed the disk already.
    Guard guard(lock_);
    return current() + writing_;
}

Result<void> Journal::commit(u64 transaction) {
    Guard guard(lock_);
    while (true) {
        if (current() > transaction) return {};
        if (aborted()) return fail(Error::io);
        if (ending_) MUST(ended_.wait(lock_, sync::Interruptible::no), "neither a signal nor a deadline can end this wait");
        // Those who waited for the last one to end come first: what they do goes with this one.
        else if (waiting_ && !full_) MUST(idle_.wait(lock_, sync::Interruptible::no), "as above");
        else break;
    }
    ending_ = true;
    while (active_) MUST(idle_.wait(lock_, sync::Interruptible::no), "as above");
    writing_ = true;
    lock_.unlock();
    auto written = aborted() ? fail(Error::io) : write_transaction();
    if (!written) abort();
    lock_.lock();
    current_.fetch_add(1, std::memory_order_acq_rel);
    ending_ = writing_ = full_ = false;
    entry_.wake_all();
    ended_.wake_all();
    idle_.wake_all();
    return written;
}

Result<void> Journal::write_transaction() {
    client_.before_commit();
    if (!changed_ && !revoked_) return disk_.flush();
    if (aborted()) return fail(Error::io);
    u32 before = head_;
    TRY(write_revokes());
    TRY(write_log());
    TRY(write_pending());
    // All of it, and the contents that it leads to, are on the disk before the record that makes it count; and that when this returns.
    TRY(disk_.flush());
    std::memset(scratch_.bytes(), 0, block_size);
    auto& record = *reinterpret_cast<RawCommit*>(scratch_.bytes());
    record.header = {};
    record.header.magic = journal_magic;
    record.header.type = journal_block::commit;
    record.header.sequence = sequence_ + transactions_;
    auto now = static_cast<u64>(time::wall_nanoseconds());
    record.seconds = now / 1'000'000'000;
    record.nanoseconds = static_cast<u32>(now % 1'000'000'000);
    if (format_.checksums()) record.checksums[0] = journal_commit_checksum(format_, bytes_in(scratch_));
    TRY(append(scratch_));
    TRY(write_pending());
    TRY(disk_.flush());
    used_ += (head_ >= before ? head_ - before : head_ + (blocks_ - first_) - before);
    ++transactions_;
    {
        Guard guard(tree_);
        for (auto* frame = changed_; frame;) {
            auto* next = reinterpret_cast<memory::Frame*>(frame->link & ~u64{1});
            frame->link = 0;
            memory::release(*frame);
            frame = next;
        }
        unplaced_ += changed_count_.load(std::memory_order_relaxed);
        promised_revokes_ = 0;  // whoever was promised more has failed meanwhile
        changed_ = changed_last_ = nullptr;
        changed_count_.store(0, std::memory_order_relaxed);
    }
    // The next one may need as much as any.
    u32 next = most_ + most_ / 128 + 8;
    if (blocks_ - first_ - used_ < next || unplaced_ > 2 * most_) TRY(checkpoint());
    return {};
}

Result<void> Journal::append(const memory::FrameRef& frame) {
    u64 to = TRY(place(head_));
    if (pending_.pages() && (to != pending_at_ + pending_.pages() || !pending_.add(frame.address()))) TRY(write_pending());
    if (pending_.pages() == 0) {
        pending_at_ = to;
        (void)pending_.add(frame.address());
    }
    head_ = after(head_);
    return {};
}

Result<void> Journal::write_pending() {
    if (pending_.pages() == 0) return {};
    auto written = disk_.write(pending_at_, pending_.pieces());
    pending_.clear();
    return written;
}

/// What is in scratch_, with a header and a checksum.
Result<void> Journal::seal_and_append(u32 type) {
    auto& header = *reinterpret_cast<RawJournalHeader*>(scratch_.bytes());
    header.magic = journal_magic;
    header.type = type;
    header.sequence = sequence_ + transactions_;
    if (format_.checksums())
        *reinterpret_cast<be32*>(scratch_.bytes() + block_size - 4) = journal_tail_checksum(format_, bytes_in(scratch_));
    return append(scratch_);
}

Result<void> Journal::write_revokes() {
    while (revoked_) {
        TRY(write_pending());
        std::memset(scratch_.bytes(), 0, block_size);
        u32 at = sizeof(RawRevoke), step = format_.revoke_size();
        while (revoked_ && at + step <= block_size - format_.tail_size()) {
            auto* node = std::exchange(revoked_, revoked_->next);
            if (format_.wide()) *reinterpret_cast<be64*>(scratch_.bytes() + at) = node->block;
            else *reinterpret_cast<be32*>(scratch_.bytes() + at) = static_cast<u32>(node->block);
            delete node;
            at += step;
        }
        reinterpret_cast<RawRevoke*>(scratch_.bytes())->size = at;
        TRY(seal_and_append(journal_block::revoke));
    }
    revoked_count_.store(0, std::memory_order_relaxed);
    return {};
}

Result<void> Journal::write_log() {
    constexpr u32 user_size = 16;
    u32 sequence = sequence_ + transactions_;
    auto skip_dropped = [](memory::Frame* frame) {
        while (frame && frame->index == ~u64{0}) frame = reinterpret_cast<memory::Frame*>(frame->link & ~u64{1});
        return frame;
    };
    auto next_of = [&](memory::Frame* frame) { return skip_dropped(reinterpret_cast<memory::Frame*>(frame->link & ~u64{1})); };
    for (auto* frame = skip_dropped(changed_); frame;) {
        TRY(write_pending());
        std::memset(scratch_.bytes(), 0, block_size);
        u32 at = sizeof(RawJournalHeader), room = block_size - format_.tail_size() - user_size;
        auto* first = frame;
        while (frame && at + format_.tag_size() <= room) {
            auto* next = next_of(frame);
            bool is_first = frame == first, is_last = !next || at + 2 * format_.tag_size() > room;
            auto* bytes = memory::bytes_of_frame(*frame);
            bool escapes = *reinterpret_cast<const be32*>(bytes) == journal_magic;
            JournalTag tag{frame->index, (is_first ? 0 : journal_tag::same_user) | (is_last ? journal_tag::last : 0) | (escapes ? journal_tag::escaped : 0), 0};
            if (format_.checksums()) {
                constexpr std::byte zeros[4]{};
                be32 number;
                number = sequence;
                u32 value = checksum(checksum(format_.seed, bytes_of(number)), escapes ? ByteSpan(zeros) : ByteSpan(bytes, 4));
                tag.checksum = checksum(value, {bytes + 4, block_size - 4});
            }
            write_tag(format_, tag, scratch_.bytes() + at);
            at += format_.tag_size() + (is_first ? user_size : 0);
            if (is_first) room += user_size;
            frame = next;
        }
        TRY(seal_and_append(journal_block::descriptor));
        for (auto* logged = first; logged != frame; logged = next_of(logged)) {
            auto* bytes = memory::bytes_of_frame(*logged);
            if (*reinterpret_cast<const be32*>(bytes) == journal_magic) {
                TRY(write_pending());
                std::memcpy(copy_.bytes(), bytes, block_size);
                std::memset(copy_.bytes(), 0, 4);
                TRY(append(copy_));
            } else {
                TRY(append(memory::FrameRef::of(*logged)));
            }
        }
    }
    return {};
}

/// Everything that transactions have changed, to where it belongs. All of them have ended, and nobody changes anything.
Result<void> Journal::checkpoint() {
    memory::PageCache::Dirty dirty[32];
    auto& cache = disk_.cache();
    u64 next = 0;
    u64 first = 0;
    Transfer transfer;
    auto write = [&]() -> Result<void> {
        if (transfer.pages() == 0) return {};
        auto written = disk_.write(first, transfer.pieces());
        transfer.clear();
        return written;
    };
    while (unsigned found = cache.find_dirty(next, dirty, true)) {
        next = dirty[found - 1].index + 1;
        for (auto& one : std::span(dirty).first(found)) {
            if (one.index == first + transfer.pages() && transfer.add(one.page.address())) continue;
            TRY(write());
            first = one.index;
            (void)transfer.add(one.page.address());  // it is empty
        }
        TRY(write());  // before the pages may go
    }
    TRY(disk_.flush());
    {
        Guard guard(tree_);
        for (next = 0; unsigned found = cache.find_dirty(next, dirty, false);) next = dirty[found - 1].index + 1;
    }
    unplaced_ = 0;
    sequence_ += std::exchange(transactions_, 0);
    start_ = head_;
    used_ = 0;
    TRY(write_super());
    return disk_.flush();
}

}  // namespace spore::fs::ext4
