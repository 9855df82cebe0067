// Descriptors of a process: small numbers for open files. Shared between tasks by CLONE_FILES.
#pragma once

#include "kernel/fs/file.hpp"
#include "kernel/linux/small_text.hpp"
#include "kernel/linux/user.hpp"

namespace spore::linux {

enum class OnExec : u8 { keep, close };

class FileTable final : public Counted {
public:
    static Result<Shared<FileTable>> create();
    ~FileTable() { close_all(); }

    /// bad_descriptor when it is not open.
    Result<Shared<fs::File>> get(Descriptor descriptor);
    /// The lowest free number at or above `from`. too_many_files when all below `limit` are in use.
    Result<u64> add(Shared<fs::File> file, OnExec on_exec, u64 limit, i32 from = 0);
    /// Makes `descriptor` refer to `file`, closing what it was.
    Result<void> replace(Descriptor descriptor, Shared<fs::File> file, OnExec on_exec, u64 limit);
    Result<void> close(Descriptor descriptor);
    /// Closes [first, last] as far as they are open.
    void close_range(u32 first, u32 last);
    void mark_range(u32 first, u32 last, OnExec on_exec);
    /// What execve closes.
    void close_on_exec();
    void close_all() { close_range(0, ~u32{0}); }

    Result<OnExec> on_exec(Descriptor descriptor);
    Result<void> set_on_exec(Descriptor descriptor, OnExec on_exec);
    /// A table of its own for fork: the same open files.
    Result<Shared<FileTable>> copy();
    /// The first open descriptor at or above `from`, or nothing: for /proc/self/fd.
    std::optional<i32> next(i32 from);

    /// A number for a file that is about to be opened; given back unless it is filled.
    class Reservation {
    public:
        /// As add() does.
        static Result<Reservation> take(Shared<FileTable> table, u64 limit);
        Reservation(Reservation&& other) noexcept : table_(std::move(other.table_)), index_(other.index_) {}
        ~Reservation();
        u64 fill(Shared<fs::File> file, OnExec on_exec);

    private:
        Reservation(Shared<FileTable> table, u64 index) : table_(std::move(table)), index_(index) {}
        Shared<FileTable> table_;  ///< none once it is filled
        u64 index_;
    };

private:
    struct Slot {
        Shared<fs::File> file;
        OnExec on_exec = OnExec::keep;
        bool reserved = false;
    };
    static Result<Shared<fs::File>> operand(Descriptor descriptor);
    void let_go(fs::File& file);
    /// Gives the lowest free slot at or above `from` to `use`, with the lock held.
    template <typename F>
    Result<u64> with_free_slot(u64 limit, i32 from, F&& use);
    Result<void> ensure_room(u64 slots);
    /// Null when the table is not so large.
    Slot* slot(u64 index) const {
        if (index < slots_.size()) [[likely]] return &slots_[index];
        return slot_in_pieces(index);
    }
    Slot* slot_in_pieces(u64 index) const;
    u64 size() const { return slots_.size() + pieces_.size() * piece_size; }
    Slot* open_slot(u64 index) const {
        auto* found = slot(index);
        return found && found->file ? found : nullptr;
    }
    bool is_taken(u64 index) const {
        auto* found = slot(index);
        return found && (found->file || found->reserved);
    }

    // Most tables are one array, which takes one look. What is beyond it lies in pieces, so that none needs much memory in one place.
    static constexpr u64 array_limit = 16'384, piece_size = 4'096;
    sync::Spin lock_;
    HeapArray<Slot> slots_;
    HeapArray<HeapArray<Slot>> pieces_;  ///< none before slots_ has array_limit
    u64 lowest_free_ = 0;  ///< nothing is free below
};

}  // namespace spore::linux
