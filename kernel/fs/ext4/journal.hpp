// The journal: changes of metadata reach the disk together or not at all. Contents are written before what leads to them is, so no record is
// needed of them.
//
// One transaction at a time is open. Whoever changes metadata holds a Handle meanwhile, for as many blocks as it says at most; when the
// transaction ends, nobody does: new ones wait until it is written. What ended transactions have changed is put in its place (checkpoint) when the
// journal or memory gets short, also while nobody holds a handle: then nothing in memory is newer than the journal.
//
// Order: a handle comes before the tree mutex; mutexes that are held while a handle is waited for are not waited for by who has one.
#pragma once

#include "kernel/fs/ext4/disk.hpp"
#include "kernel/sync/mutex.hpp"
#include "wire/ext4/journal.hpp"

namespace spore::fs::ext4 {

/// Blocks of a file that lie one after another on the disk.
struct JournalRun {
    u32 block, length;
    u64 start;
};

class Journal {
public:
    /// What has to be done before a transaction ends.
    class Client {
    public:
        /// Nobody has a handle. Changes more blocks at most than `client_blocks`.
        virtual void before_commit() = 0;

    protected:
        ~Client() = default;
    };
    static constexpr u32 client_blocks = 1;

    Journal(Disk& disk, sync::Mutex& tree, Client& client) : disk_(disk), tree_(tree), client_(client) {}
    ~Journal();
    /// `runs` are the blocks of the journal's file in order; `blocks` those of the volume.
    Result<void> open(std::span<const JournalRun> runs, u64 blocks);
    bool needs_replay() const { return start_ != 0; }
    /// Puts in its place what the journal holds, and empties it.
    Result<void> replay();
    /// From now on transactions can be made. `checksums`, `wide`: as the file system has them.
    Result<void> start(bool checksums, bool wide);
    /// Ends the transaction, puts everything in its place, and empties the journal. Nobody gets a handle any more.
    Result<void> stop();
    bool started() const { return started_.load(std::memory_order_acquire); }

    /// Leave to change so many blocks; sleeps while a transaction is ending. read_only once something went wrong.
    class Handle {
    public:
        static Result<Handle> begin(Journal& journal, u32 blocks) {
            TRY(journal.enter(blocks));
            return Handle(journal, blocks);
        }
        Handle(Handle&& other) noexcept : journal_(std::exchange(other.journal_, nullptr)), blocks_(other.blocks_) {}
        ~Handle() {
            if (journal_) journal_->leave(blocks_);
        }

    private:
        Handle(Journal& journal, u32 blocks) : journal_(&journal), blocks_(blocks) {}
        Journal* journal_;
        u32 blocks_;
    };

    /// The block is about to be changed. Under the tree mutex, with a handle.
    void modify(const Block& block);
    /// The block is none of metadata any more: what the journal has of it is not put in its place. No block of this transaction from now on.
    void revoke(u64 number);
    /// The next so many cannot fail.
    Result<void> prepare_revoke();

    /// The blocks of this transaction, while nobody has a handle.
    template <typename F>
    void for_each_changed(F each) {
        for (auto* frame = changed_; frame; frame = reinterpret_cast<memory::Frame*>(frame->link & ~u64{1}))
            if (frame->index != ~u64{0}) each(Block(memory::FrameRef::of(*frame)));
    }

    /// The open transaction.
    u64 current() const { return current_.load(std::memory_order_acquire); }
    /// The transaction with which all is safe that was written until now, by who has no handle.
    u64 after_now();
    /// Ends the transaction if it is still open, and returns when it is on the disk, and with it all that was written before.
    Result<void> commit(u64 transaction);
    /// Something does not add up, or the disk failed: nothing is written from now on.
    void abort();
    bool aborted() const { return aborted_.load(std::memory_order_acquire); }

private:
    struct Revoked {
        u64 block;
        Revoked* next;
    };
    Result<void> enter(u32 blocks);
    void leave(u32 blocks);
    bool fits(u32 blocks, u32 claimed) const;
    Result<void> write_transaction();
    Result<void> write_revokes();
    Result<void> write_log();
    Result<void> checkpoint();
    Result<void> write_super();
    Result<u64> place(u32 at) const;
    u32 after(u32 at) const { return at + 1 == blocks_ ? first_ : at + 1; }
    Result<void> append(const memory::FrameRef& frame);
    Result<void> write_pending();
    Result<void> seal_and_append(u32 type);

    Disk& disk_;
    sync::Mutex& tree_;
    Client& client_;
    static constexpr std::size_t most_runs = 64;
    JournalRun runs_[most_runs];
    std::size_t run_count_ = 0;
    u64 volume_blocks_ = 0;
    wire::ext4::JournalFormat format_;
    memory::FrameRef super_, scratch_, copy_;
    u32 first_ = 0, blocks_ = 0;
    u32 start_ = 0, sequence_ = 0;  ///< the oldest transaction that is needed; 0: there is none
    u32 head_ = 0;                  ///< where the next one is written
    u32 used_ = 0;                  ///< blocks from start_ on
    u32 transactions_ = 0;          ///< that have ended since
    u32 unplaced_ = 0;              ///< blocks that ended transactions have changed
    u32 most_ = 0;                  ///< blocks in a transaction
    std::atomic<bool> started_ = false;  ///< handles are given
    std::atomic<bool> aborted_ = false;

    // What is to be written to the journal.
    Transfer pending_;
    u64 pending_at_ = 0;

    // The open transaction, under the tree mutex.
    memory::Frame* changed_ = nullptr;
    memory::Frame* changed_last_ = nullptr;
    std::atomic<u32> changed_count_ = 0, revoked_count_ = 0;
    Revoked* revoked_ = nullptr;
    Revoked* spare_revokes_ = nullptr;
    u32 spare_count_ = 0, promised_revokes_ = 0;

    sync::Spin lock_;
    sync::WaitQueue entry_, idle_, ended_;
    u32 active_ = 0, waiting_ = 0, claimed_ = 0;
    bool ending_ = false, writing_ = false, full_ = false;
    std::atomic<u64> current_ = 1;
};

}  // namespace spore::fs::ext4
