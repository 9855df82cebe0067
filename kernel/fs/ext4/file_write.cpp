// Writing files: into their pages, which are counted as if they had a place on the disk; cutting and filling them.
#include <algorithm>

#include "kernel/fs/ext4/extents.hpp"
#include "kernel/fs/ext4/file.hpp"
#include "kernel/fs/regular_file.hpp"

namespace spore::fs::ext4 {

using namespace wire::ext4;

namespace {

/// As far as extents reach.
constexpr u64 most_size = ((u64{1} << 32) - 1) * page_size;
constexpr u64 page_of(u64 offset) { return offset / page_size; }
constexpr u64 page_after(u64 offset) { return (offset + page_size - 1) / page_size; }

/// Lets the file system forget what was deleted and is open no more.
class OpenFile final : public RegularFile {
public:
    using RegularFile::RegularFile;
    ~OpenFile() override { static_cast<Ext4File*>(inode())->closed(); }
};

}  // namespace

Ext4File::~Ext4File() {
    (void)drop_pages(0, ~u64{0}, memory::PrivateCopies::kept);
}

Result<Shared<File>> Ext4File::open(Dentry& entry, OpenMode mode) {
    if (mode.write) TRY(check_changeable());
    auto made = TRY(make_shared<OpenFile>(entry, mode));
    opens_.fetch_add(1, std::memory_order_relaxed);
    TRY(made->begin_use(mode.counted));
    return made;
}

void Ext4File::closed() {
    if (opens_.fetch_sub(1, std::memory_order_acq_rel) == 1 && links() == 0) forget_contents();
}

void Ext4File::forget_contents() {
    if (opens_.load(std::memory_order_acquire) == 0 && pages_.mappings() == 0) owner().forget_changes(*this);
}

Result<void> Ext4File::check_changeable() {
    if (owner().read_only()) return fail(Error::read_only);
    if (!has_extents()) return fail(Error::not_supported);  // block maps are read only
    return {};
}

Result<Stat> Ext4File::stat() {
    auto stat = TRY(Inode::stat());
    stat.blocks += delayed_pages_.load(std::memory_order_relaxed) * (page_size / 512);
    return stat;
}

/// Without reading what is overwritten anyway, or lies behind the end.
Result<memory::FrameRef> Ext4File::page_to_write(u64 index, bool whole) {
    if (auto found = pages_.find(index)) return found;
    if (whole || index * page_size >= size()) {
        auto made = memory::FrameRef::adopt(TRY(whole ? memory::allocate_frames() : memory::allocate_zeroed_frames()));
        (*made).owner = 0;
        // Somebody may read it before it is filled; and a program's memory may turn out not to be there.
        if (whole) std::memset(made.bytes(), 0, page_size);
        pages_.offer(index, made);
    }
    return pages_.get(index);
}

/// A page that is about to be changed has a place on the disk, or is counted. Under the contents mutex.
Result<void> Ext4File::ensure_place(u64 index, memory::Frame& frame) {
    if (is_delayed(frame)) return {};
    if (TRY(map_locked(index)).kind != Mapping::Kind::hole) return {};
    TRY(owner().allocator().reserve(1));
    Guard guard(delayed_lock_);
    frame.owner = delayed;
    delayed_pages_.fetch_add(1, std::memory_order_relaxed);
    return {};
}

/// The file is about to grow: what follows its end in its last page shall read as zeros.
Result<void> Ext4File::zero_behind_end() {
    u64 within = size() % page_size;
    if (within == 0) return {};
    auto page = TRY(pages_.get(page_of(size())));
    std::memset(page.bytes() + within, 0, page_size - within);
    // A hole stays one.
    if (!is_delayed(*page) && TRY(map_locked(page_of(size()))).kind == Mapping::Kind::hole) return {};
    memory::PageCache::mark_dirty(*page);
    owner().note_changed(*this);
    return {};
}

Result<u64> Ext4File::write(IoBuffer& from, u64& offset, WriteAt where) {
    if (from.remaining() == 0) return 0;
    TRY(check_changeable());
    u64 done = 0;
    Result<void> copied;
    {
        Guard guard(contents_mutex_);
        if (where == WriteAt::end) offset = size();
        if (offset >= most_size) return fail(Error::too_big);
        from.limit(most_size - offset);
        if (offset > size()) TRY(zero_behind_end());
        while (from.remaining() != 0) {
            u64 within = offset % page_size, part = std::min(from.remaining(), page_size - within);
            if (within == size() % page_size && within != 0 && offset == size()) {
                copied = zero_behind_end();
                if (!copied) break;
            }
            auto page = page_to_write(page_of(offset), part == page_size);
            if (page) copied = ensure_place(page_of(offset), **page);
            else copied = fail(page.error());
            if (!copied) break;
            copied = from.take({page->bytes() + within, part});
            if (!copied) break;
            memory::PageCache::mark_dirty(**page);
            count_changed(**page);
            offset += part;
            done += part;
            if (offset > size()) size_.store(offset, std::memory_order_release);
        }
        if (done) {
            stamp_modified();
            owner().note_changed(*this);
        }
    }
    if (done == 0) return fail(copied.error());
    // Who writes faster than the disk waits for it.
    if (owner().has_too_many_dirty()) (void)write_back(true);
    return done;
}

/// How many pages went. Those that had no place are counted no more.
u64 Ext4File::drop_pages(u64 first, u64 end, memory::PrivateCopies copies) {
    memory::PageCache::Dirty dirty[16];
    u64 released = 0;
    for (u64 next = first; unsigned found = pages_.find_dirty(next, dirty, true);) {
        next = dirty[found - 1].index + 1;
        for (auto& one : std::span(dirty).first(found)) {
            if (one.index >= end) break;
            uncount_changed(*one.page);
            Guard guard(delayed_lock_);
            if (!is_delayed(*one.page)) continue;
            one.page.get()->owner = 0;
            ++released;
        }
        if (next >= end) break;
    }
    delayed_pages_.fetch_sub(released, std::memory_order_relaxed);
    owner().allocator().unreserve(released);
    return pages_.drop(first, end, copies);
}

Result<void> Ext4File::remove_blocks(u64 first, u64 end) {
    constexpr unsigned steps = 4;
    end = std::min(end, u64{1} << 32);
    for (bool done = first >= end; !done;) {
        auto handle = TRY(owner().begin());
        Guard guard(owner().tree());
        TRY(prepare_store());
        auto removed = ExtentTree(*this).remove(static_cast<u32>(first), end, steps);
        TRY(store());
        done = TRY(removed);
    }
    return {};
}

Result<void> Ext4File::truncate(u64 size) {
    TRY(check_changeable());
    if (size > most_size) return fail(Error::too_big);
    Guard layout(layout_mutex_);
    Guard contents(contents_mutex_);
    if (size >= this->size()) {
        if (size > this->size()) {
            TRY(zero_behind_end());
            size_.store(size, std::memory_order_release);
        }
        stamp_modified();
        owner().note_changed(*this);
        return {};
    }
    auto orphan = orphan_ ? Owned<Orphan>() : TRY(make_owned<Orphan>());
    {
        auto handle = TRY(owner().begin());
        Guard guard(owner().tree());
        TRY(prepare_store());
        if (orphan) {
            orphan->number = ino();
            TRY(owner().add_orphan(*orphan));
        }
        size_.store(size, std::memory_order_release);
        stored_size_ = std::min(stored_size_, size);
        auto now = current_time();
        attributes_.with([&](Stat& s) { s.modified = s.changed = now; });
        TRY(store());
    }
    // A page that the end lies in stays; what follows in it is cleared when the file grows, or when it is read.
    (void)drop_pages(page_after(size), ~u64{0}, memory::PrivateCopies::dropped);
    if (auto page = pages_.find(page_of(size)); page && size % page_size != 0)
        std::memset(page.bytes() + size % page_size, 0, page_size - size % page_size);
    auto removed = remove_blocks(page_after(size), ~u64{0});
    if (orphan) {
        auto handle = owner().begin();
        Guard guard(owner().tree());
        if (handle && owner().remove_orphan(*orphan)) {
            if (auto place = owner().place_of(ino())) {
                owner().journal().modify(place->block);
                set_deleted(owner().super(), ino(), 0, place->bytes);
            }
        } else {
            // It stays on the disk's list: another mount finishes it.
            (void)orphan.release();
        }
    }
    return removed;
}

Result<void> Ext4File::zero_part(u64 offset, u64 end) {
    end = std::min(end, align_up(size(), page_size));
    while (offset < end) {
        u64 within = offset % page_size, part = std::min(end - offset, page_size - within);
        auto where = TRY(map_locked(page_of(offset)));
        auto page = pages_.find(page_of(offset));
        if (!page && where.kind == Mapping::Kind::written) page = TRY(pages_.get(page_of(offset)));
        if (page) {
            std::memset(page.bytes() + within, 0, part);
            if (is_delayed(*page) || where.kind != Mapping::Kind::hole) {
                memory::PageCache::mark_dirty(*page);
                owner().note_changed(*this);
            }
        }
        offset += part;
    }
    return {};
}

Result<void> Ext4File::allocate(u32 mode, u64 offset, u64 size) {
    constexpr u32 keep_size = 1, punch_hole = 2, zero_range = 0x10;  // [linux/falloc.h]
    TRY(check_changeable());
    if (mode & ~(keep_size | punch_hole | zero_range)) return fail(Error::not_supported);
    if ((mode & punch_hole) && ((mode & zero_range) || !(mode & keep_size))) return fail(Error::not_supported);
    u64 end = offset + size;
    if (end > most_size) return fail(Error::too_big);
    Guard layout(layout_mutex_);
    Guard contents(contents_mutex_);
    if (!(mode & (keep_size | punch_hole)) && end > this->size()) TRY(zero_behind_end());
    if (mode & (punch_hole | zero_range)) {
        u64 first = page_after(offset), last = page_of(end);
        if (first < last) {
            TRY(zero_part(offset, first * page_size));
            TRY(zero_part(last * page_size, end));
            (void)drop_pages(first, last, memory::PrivateCopies::kept);
            TRY(remove_blocks(first, last));
            // What was loaded meanwhile is what was there.
            (void)drop_pages(first, last, memory::PrivateCopies::kept);
        } else {
            TRY(zero_part(offset, end));
        }
    }
    if (!(mode & punch_hole)) {
        TRY(allocate_unwritten(page_of(offset), page_after(end)));
        if (!(mode & keep_size) && end > this->size()) size_.store(end, std::memory_order_release);
    }
    stamp_modified();
    owner().note_changed(*this);
    return {};
}

/// Places for what has none, which read as zeros.
Result<void> Ext4File::allocate_unwritten(u64 first, u64 end) {
    auto& allocator = owner().allocator();
    while (first < end) {
        auto handle = TRY(owner().begin());
        Guard guard(owner().tree());
        auto where = TRY(map(first));
        if (where.kind != Mapping::Kind::hole) {
            first += where.length;
            continue;
        }
        TRY(prepare_store());
        ExtentTree tree(*this);
        u32 wanted = static_cast<u32>(std::min<u64>({end - first, where.length, most_unwritten}));
        auto run = TRY(allocator.allocate(TRY(tree.goal_for(static_cast<u32>(first))), wanted, Allocator::From::left));
        auto inserted = tree.insert({static_cast<u32>(first), run.length, run.start, true});
        if (!inserted) {
            if (allocator.prepare(run.start, run.length)) allocator.give_back(run.start, run.length, false);
            return inserted;
        }
        info_.blocks += u64{run.length} * (block_size / 512);
        TRY(store());
        first += run.length;
    }
    return {};
}

Result<void> Ext4File::begin_mapped_writes() {
    TRY(check_changeable());
    mapped_writers_.fetch_add(1, std::memory_order_acq_rel);
    // Pages of holes get a place when they are loaded anew.
    for (u64 at = 0; (at = pages_.next(at, memory::PageTree::Slot::used)) != memory::PageTree::none;) {
        auto where = map_locked(at);
        auto page = pages_.find(at);
        if (where && where->kind == Mapping::Kind::hole && page && !is_delayed(*page)) (void)pages_.drop(at, at + 1);
        ++at;
    }
    return {};
}

void Ext4File::end_mapped_writes() {
    owner().note_changed(*this);
    mapped_writers_.fetch_sub(1, std::memory_order_acq_rel);
}

}  // namespace spore::fs::ext4
