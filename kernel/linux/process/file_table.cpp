#include "kernel/linux/process/file_table.hpp"

#include <algorithm>

#include "kernel/fs/locks.hpp"
#include "kernel/linux/process/task.hpp"

namespace spore::linux {

Result<Shared<FileTable>> FileTable::create() {
    auto table = TRY(make_shared<FileTable>());
    TRY(table->ensure_room(16));
    return table;
}

Result<Shared<fs::File>> FileTable::get(Descriptor descriptor) {
    Guard guard(lock_);
    auto index = static_cast<u64>(static_cast<u32>(descriptor.value));
    auto* found = open_slot(index);
    if (!found) [[unlikely]] return operand(descriptor);
    return found->file;
}

Result<Shared<fs::File>> FileTable::operand(Descriptor descriptor) {
    if (descriptor.value != Descriptor::operand && descriptor.value != Descriptor::second_operand) return fail(Error::bad_descriptor);
    auto* file = current_task().operands[Descriptor::operand - descriptor.value];
    if (!file) return fail(Error::bad_descriptor);
    return Shared<fs::File>(*file);
}

FileTable::Slot* FileTable::slot_in_pieces(u64 index) const {
    if (index < array_limit) return nullptr;  // the array is not so long yet
    u64 piece = (index - array_limit) / piece_size;
    return piece < pieces_.size() ? &pieces_[piece][(index - array_limit) % piece_size] : nullptr;
}

/// Grows the table. Allocates without the lock, since freeing or finding memory may take long.
Result<void> FileTable::ensure_room(u64 slots) {
    while (true) {
        u64 have;
        {
            Guard guard(lock_);
            have = size();
        }
        if (have >= slots) return {};
        if (have < array_limit) {
            auto grown = TRY(HeapArray<Slot>::create(std::min(std::max<u64>(align_up(slots, 16), have * 2), array_limit)));
            Guard guard(lock_);
            if (size() != have) continue;  // another thread was quicker
            for (u64 i = 0; i < have; ++i) grown[i] = std::move(slots_[i]);
            std::swap(slots_, grown);
        } else {
            auto piece = TRY(HeapArray<Slot>::create(piece_size));
            u64 before = (have - array_limit) / piece_size;
            auto all = TRY(HeapArray<HeapArray<Slot>>::create(before + 1));
            Guard guard(lock_);
            if (size() != have) continue;
            for (u64 i = 0; i < before; ++i) all[i] = std::move(pieces_[i]);
            all[before] = std::move(piece);
            std::swap(pieces_, all);
        }
    }
}

template <typename F>
Result<u64> FileTable::with_free_slot(u64 limit, i32 from, F&& use) {
    while (true) {
        u64 wanted;
        {
            Guard guard(lock_);
            u64 index = std::max<u64>(static_cast<u64>(from), lowest_free_);
            while (is_taken(index)) ++index;
            if (index >= limit) return fail(Error::too_many_files);
            if (static_cast<u64>(from) <= lowest_free_) lowest_free_ = index;
            if (auto* found = slot(index)) {
                use(*found);
                return index;
            }
            wanted = index + 1;
        }
        TRY(ensure_room(wanted));
    }
}

Result<u64> FileTable::add(Shared<fs::File> file, OnExec on_exec, u64 limit, i32 from) {
    return with_free_slot(limit, from, [&](Slot& slot) { slot.file = std::move(file), slot.on_exec = on_exec; });
}

Result<FileTable::Reservation> FileTable::Reservation::take(Shared<FileTable> table, u64 limit) {
    u64 index = TRY(table->with_free_slot(limit, 0, [](Slot& slot) { slot.reserved = true; }));
    return Reservation(std::move(table), index);
}

FileTable::Reservation::~Reservation() {
    if (!table_) return;
    Guard guard(table_->lock_);
    table_->slot(index_)->reserved = false;
    table_->lowest_free_ = std::min(table_->lowest_free_, index_);
}

u64 FileTable::Reservation::fill(Shared<fs::File> file, OnExec on_exec) {
    auto table = std::move(table_);
    Guard guard(table->lock_);
    auto& filled = *table->slot(index_);
    filled.file = std::move(file), filled.on_exec = on_exec, filled.reserved = false;
    return index_;
}

/// A process that closes any descriptor of a file loses its locks on it [fcntl(2)]. The table stands for the process.
void FileTable::let_go(fs::File& file) {
    file.descriptor_closed();
    if (auto* inode = file.inode()) fs::release_locks(*inode, this);
}

Result<void> FileTable::replace(Descriptor descriptor, Shared<fs::File> file, OnExec on_exec, u64 limit) {
    auto index = static_cast<u64>(static_cast<u32>(descriptor.value));
    if (descriptor.value < 0 || index >= limit) return fail(Error::bad_descriptor);
    TRY(ensure_room(index + 1));
    {
        Guard guard(lock_);
        auto& replaced = *slot(index);
        if (replaced.reserved) return fail(Error::busy);  // [dup2(2), EBUSY]
        std::swap(replaced.file, file);
        replaced.on_exec = on_exec;
    }
    if (file) let_go(*file);
    return {};
}

Result<void> FileTable::close(Descriptor descriptor) {
    Shared<fs::File> file;
    {
        Guard guard(lock_);
        auto index = static_cast<u64>(static_cast<u32>(descriptor.value));
        auto* closed = open_slot(index);
        if (!closed) return fail(Error::bad_descriptor);
        file = std::move(closed->file);
        if (index < lowest_free_) lowest_free_ = index;
    }
    let_go(*file);
    return {};
}

void FileTable::close_range(u32 first, u32 last) {
    for (auto at = next(static_cast<i32>(std::min<u32>(first, 0x7fff'ffff))); at && static_cast<u32>(*at) <= last; at = next(*at + 1))
        (void)close({*at});
}

void FileTable::mark_range(u32 first, u32 last, OnExec on_exec) {
    Guard guard(lock_);
    for (u64 i = first, end = size(); i <= last && i < end; ++i) slot(i)->on_exec = on_exec;
}

void FileTable::close_on_exec() {
    for (auto at = next(0); at; at = next(*at + 1))
        if (auto how = on_exec({*at}); how && *how == OnExec::close) (void)close({*at});
}

Result<OnExec> FileTable::on_exec(Descriptor descriptor) {
    Guard guard(lock_);
    auto index = static_cast<u64>(static_cast<u32>(descriptor.value));
    auto* found = open_slot(index);
    if (!found) return fail(Error::bad_descriptor);
    return found->on_exec;
}

Result<void> FileTable::set_on_exec(Descriptor descriptor, OnExec on_exec) {
    Guard guard(lock_);
    auto index = static_cast<u64>(static_cast<u32>(descriptor.value));
    auto* found = open_slot(index);
    if (!found) return fail(Error::bad_descriptor);
    found->on_exec = on_exec;
    return {};
}

Result<Shared<FileTable>> FileTable::copy() {
    auto table = TRY(create());
    while (true) {
        u64 wanted;
        {
            Guard guard(lock_);
            wanted = size();
            if (table->size() >= wanted) {
                u64 first_reserved = wanted;
                for (u64 i = 0; i < wanted; ++i) {
                    auto &from = *slot(i), &to = *table->slot(i);
                    to.file = from.file, to.on_exec = from.on_exec;
                    if (from.reserved) first_reserved = std::min(first_reserved, i);
                }
                // A number that is only reserved here is free there.
                table->lowest_free_ = std::min(lowest_free_, first_reserved);
                return table;
            }
        }
        TRY(table->ensure_room(wanted));
    }
}

std::optional<i32> FileTable::next(i32 from) {
    Guard guard(lock_);
    for (u64 i = static_cast<u64>(from), end = size(); i < end; ++i)
        if (open_slot(i)) return static_cast<i32>(i);
    return std::nullopt;
}

}  // namespace spore::linux
