#include "kernel/fs/tmpfs/file.hpp"

#include <algorithm>

#include "kernel/fs/regular_file.hpp"

namespace spore::fs::tmpfs {
namespace {

constexpr u64 page_of(u64 offset) { return offset / page_size; }
constexpr u64 page_after(u64 offset) { return (offset + page_size - 1) / page_size; }

}  // namespace

TmpFile::~TmpFile() { owner().uncharge(charged_.load(std::memory_order_relaxed)); }

Result<Stat> TmpFile::stat() {
    auto stat = TRY(Inode::stat());
    if (!borrowed_.load(std::memory_order_relaxed))
        stat.blocks = std::max(pages_.size(), page_after(lower_size_.load(std::memory_order_relaxed))) * (page_size / 512);
    return stat;
}

Result<Shared<File>> TmpFile::open(Dentry& entry, OpenMode mode) {
    auto file = TRY(RegularFile::create(entry, mode));
    // Whoever maps the file from now on must see what this writer writes.
    if (mode.write) make_own();
    return file;
}

void TmpFile::make_own() {
    if (!borrowed_.load(std::memory_order_acquire)) return;
    owner().pin(*this);
    borrowed_.store(false, std::memory_order_release);
}

Result<memory::PageCache*> TmpFile::pages(bool for_writing) {
    if (for_writing) make_own();
    if (borrowed_.load(std::memory_order_acquire)) return lower()->pages(false);
    return &pages_;
}

Result<u64> TmpFile::at_hand(u64 offset, u64 size) {
    if (borrowed_.load(std::memory_order_acquire)) return lower()->at_hand(offset, size);
    for (u64 at = offset; at < offset + size && has_lower(page_of(at)); at = (page_of(at) + 1) * page_size)
        if (!pages_.find(page_of(at)) && TRY(lower()->at_hand(align_down(at, page_size), page_size)) < page_size) return at - offset;
    return size;
}

Result<memory::FrameRef> TmpFile::load_page(u64 index) {
    TRY(owner().charge());
    auto allocated = memory::allocate_zeroed_frames();
    if (!allocated) {
        owner().uncharge(1);
        return fail(allocated.error());
    }
    auto frame = memory::FrameRef::adopt(*allocated);
    if (has_lower(index)) {
        u64 size = std::min<u64>(page_size, lower_size_.load(std::memory_order_acquire) - index * page_size);
        auto into = IoBuffer::kernel(std::span(frame.bytes(), size));
        if (auto read = lower()->read(into, index * page_size); !read) {
            owner().uncharge(1);
            return fail(read.error());
        }
    }
    charged_.fetch_add(1, std::memory_order_relaxed);
    return frame;
}

Result<u64> TmpFile::read(IoBuffer& into, u64 offset) {
    if (borrowed_.load(std::memory_order_acquire)) return lower()->read(into, offset);
    u64 end = size();
    if (offset >= end) return 0;
    into.limit(end - offset);
    u64 done = 0;
    while (into.remaining() != 0) {
        u64 within = offset % page_size;
        u64 part = std::min(into.remaining(), page_size - within);
        Result<void> copied;
        if (auto frame = pages_.find(page_of(offset))) {
            copied = into.put({frame.bytes() + within, part});
        } else if (u64 lower_end = lower_size_.load(std::memory_order_acquire); offset < lower_end) {
            part = std::min(part, lower_end - offset);
            auto rest = into;
            rest.limit(part);
            auto read = lower()->read(rest, offset);
            if (read) into.skip(part = *read);
            else copied = fail(read.error());
            if (read && part == 0) break;
        } else {
            copied = into.put_zeros(part);
        }
        if (!copied) return done ? Result<u64>(done) : fail(copied.error());
        done += part;
        offset += part;
    }
    return done;
}

Result<u64> TmpFile::write(IoBuffer& from, u64& offset, WriteAt where) {
    if (from.remaining() == 0) return 0;
    make_own();
    Guard guard(contents_mutex_);
    if (where == WriteAt::end) offset = size();
    if (sealed(seal_write | seal_future_write)) return fail(Error::not_permitted);
    constexpr u64 limit = ~u64{0} >> 1;
    if (offset >= limit) return fail(Error::too_big);
    from.limit(limit - offset);
    u64 done = 0;
    Result<void> copied;
    while (from.remaining() != 0) {
        u64 within = offset % page_size;
        u64 part = std::min(from.remaining(), page_size - within);
        if (offset + part > size() && sealed(seal_grow)) {
            copied = fail(Error::not_permitted);
            break;
        }
        auto frame = pages_.get(page_of(offset));
        if (!frame) {
            copied = fail(frame.error());
            break;
        }
        copied = from.take({frame->bytes() + within, part});
        if (!copied) break;
        offset += part;
        done += part;
        if (offset > size()) size_.store(offset, std::memory_order_release);
    }
    if (done == 0) return fail(copied.error());
    stamp_modified();
    return done;
}

void TmpFile::uncharge(u64 pages) {
    charged_.fetch_sub(pages, std::memory_order_relaxed);
    owner().uncharge(pages);
}

void TmpFile::drop_pages(u64 first, u64 end, memory::PrivateCopies copies) {
    uncharge(pages_.drop(first, end, copies));
}

/// Zeros in pages that are there; the ends of the range, when they lie in the middle of a page.
Result<void> TmpFile::zero(u64 offset, u64 size) {
    for (u64 end = offset + size; offset < end;) {
        u64 within = offset % page_size;
        u64 part = std::min(end - offset, page_size - within);
        auto frame = pages_.find(page_of(offset));
        // A lower page cannot be given up in part: it becomes an own one.
        if (!frame && has_lower(page_of(offset))) frame = TRY(pages_.get(page_of(offset)));
        if (frame) std::memset(frame.bytes() + within, 0, part);
        offset += part;
    }
    return {};
}

Result<void> TmpFile::resize(u64 size) {
    u64 old = this->size();
    if (size < old) {
        size_.store(size, std::memory_order_release);
        if (lower_size_.load(std::memory_order_relaxed) > size) lower_size_.store(size, std::memory_order_release);
        // Who has mapped the file privately loses what lay beyond its end, too; that is not so for holes [mm/truncate.c: truncate_pagecache].
        drop_pages(page_after(size), ~u64{0}, memory::PrivateCopies::dropped);
    }
    // What a mapping wrote beyond the end of the file must not appear in it.
    u64 edge = std::min(size, old);
    if (edge % page_size != 0)
        if (auto frame = pages_.find(page_of(edge))) std::memset(frame.bytes() + edge % page_size, 0, page_size - edge % page_size);
    size_.store(size, std::memory_order_release);
    return {};
}

Result<void> TmpFile::truncate(u64 size) {
    make_own();
    Guard guard(contents_mutex_);
    TRY(check_resize(size));
    TRY(resize(size));
    stamp_modified();
    return {};
}

Result<void> TmpFile::allocate(u32 mode, u64 offset, u64 size) {
    constexpr u32 keep_size = 1, punch_hole = 2, zero_range = 0x10;  // FALLOC_FL_* [linux/falloc.h]
    if (mode & ~(keep_size | punch_hole | zero_range)) return fail(Error::not_supported);
    if ((mode & punch_hole) && !(mode & keep_size)) return fail(Error::not_supported);
    make_own();
    Guard guard(contents_mutex_);
    u64 end = offset + size;
    if ((mode & (punch_hole | zero_range)) && sealed(seal_write | seal_future_write)) return fail(Error::not_permitted);
    if (!(mode & punch_hole) && end > this->size() && sealed(seal_grow)) return fail(Error::not_permitted);
    if (mode & (punch_hole | zero_range)) {
        u64 zero_end = std::min(end, this->size());
        u64 first = page_after(offset), last = page_of(end);
        // Whole pages above the lower file's go; the rest is overwritten.
        first = std::max(first, page_after(lower_size_.load(std::memory_order_relaxed)));
        if (first < last) {
            TRY(zero(offset, std::min(zero_end, first * page_size) - std::min(zero_end, offset)));
            drop_pages(first, last, memory::PrivateCopies::kept);
            if (zero_end > last * page_size) TRY(zero(last * page_size, zero_end - last * page_size));
        } else if (zero_end > offset) {
            TRY(zero(offset, zero_end - offset));
        }
    }
    if (!(mode & punch_hole)) {
        // What cannot all be had is not begun: pages would be held that nobody sees [fallocate(2), ENOSPC].
        u64 wanted = page_after(end) - page_of(offset), present = pages_.size();
        if (wanted > present && wanted - present > owner().free_pages()) return fail(Error::no_space);
        for (u64 index = page_of(offset); index < page_after(end); ++index) TRY(pages_.get(index));
        if (!(mode & keep_size) && end > this->size()) TRY(resize(end));
    }
    stamp_modified();
    return {};
}

Result<u64> TmpFile::seek_data(u64 offset, Whence whence) {
    if (borrowed_.load(std::memory_order_acquire)) return lower()->seek_data(offset, whence);
    u64 end = size(), page = page_of(offset), lower_pages = page_after(lower_size_.load(std::memory_order_acquire));
    if (whence == Whence::data) {
        if (page < lower_pages) return offset;
        page = pages_.next(page, memory::PageTree::Slot::used);
        if (page >= page_after(end)) return fail(Error::no_such_device_address);
    } else {
        page = pages_.next(std::max(page, lower_pages), memory::PageTree::Slot::empty);
        if (page >= page_after(end)) return end;
    }
    return std::max(offset, page * page_size);
}

}  // namespace spore::fs::tmpfs
