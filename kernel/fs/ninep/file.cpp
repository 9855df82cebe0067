#include "kernel/fs/ninep/file.hpp"

#include "kernel/core/log.hpp"
#include "kernel/fs/paged.hpp"
#include "kernel/fs/regular_file.hpp"

namespace spore::fs::ninep {

using namespace wire::ninep;

namespace {

constexpr u64 max_offset = ~u64{0} >> 1;

/// Lets the server close the file when nobody has it open any more.
class SharedFolderFile final : public RegularFile {
public:
    SharedFolderFile(Dentry& entry, OpenMode mode) : RegularFile(entry, mode) {}
    ~SharedFolderFile() override { static_cast<NinepFile*>(inode())->closed(); }
};

/// Memory for one message's data.
class Chunk {
public:
    /// For `size` bytes, or less when memory is short.
    static Result<Chunk> create(u64 size, u32 limit) {
        Chunk chunk;
        size = std::min<u64>(size, limit);
        while (chunk.size_ < size) {
            auto frame = memory::allocate_frames();
            if (!frame && chunk.count_ == 0) return fail(frame.error());
            if (!frame) break;
            u32 part = static_cast<u32>(std::min<u64>(size - chunk.size_, page_size));
            chunk.pieces_[chunk.count_] = {memory::address_of(**frame), part};
            chunk.frames_[chunk.count_++] = memory::FrameRef::adopt(*frame);
            chunk.size_ += part;
        }
        return chunk;
    }
    u32 size() const { return size_; }
    unsigned count() const { return count_; }
    memory::FrameRef& frame(unsigned i) { return frames_[i]; }
    Pieces pieces() const { return {pieces_, count_}; }
    /// The parts of the first `size` bytes, one after another.
    template <typename F>
    Result<void> for_each(u32 size, F&& visit) {
        for (unsigned i = 0; i < count_ && size > 0; ++i) {
            u32 part = std::min(pieces_[i].size, size);
            TRY(visit(MutableByteSpan(frames_[i].bytes(), part)));
            size -= part;
        }
        return {};
    }

private:
    memory::FrameRef frames_[Client::chunk_pages];
    device::TransferPiece pieces_[Client::chunk_pages];
    unsigned count_ = 0;
    u32 size_ = 0;
};

/// What was done before an error counts as success.
Result<u64> outcome(u64 done, const Result<void>& result) {
    if (result || done) return done;
    return fail(result.error());
}

}  // namespace

Result<Shared<Fid>> NinepFile::handle(Use use) {
    auto index = static_cast<u8>(use);
    if (auto open = handles_.with([=](Handles& h) { return h.of[index]; })) return open;
    auto opened = TRY(client().walk(*fid()));
    TRY(client().open(*opened, (use == Use::write ? open_flag::write_only : open_flag::read_only) | open_flag::no_follow));
    return handles_.with([&](Handles& h) {
        if (!h.of[index]) h.of[index] = opened;
        return h.of[index];
    });
}

void NinepFile::adopt(Shared<Fid> opened) {
    handles_.with([&](Handles& h) {
        h.of[0] = opened;
        h.of[1] = std::move(opened);
    });
}

Result<Shared<File>> NinepFile::open(Dentry& entry, OpenMode mode) {
    handles_.with([](Handles& h) { ++h.opens; });
    auto made = make_shared<SharedFolderFile>(entry, mode);
    if (!made) {
        closed();
        return fail(made.error());
    }
    if (mode.read || mode.execute) TRY(handle(Use::read));
    if (mode.write) TRY(handle(Use::write));
    TRY((*made)->begin_use(mode.counted));
    return std::move(*made);
}

void NinepFile::contents_differ() {
    if (pages_.mappings() == 0) pages_.drop(0);
}

void NinepFile::closed() {
    // Mappings need them still; what is left by them goes with the inode.
    bool mapped = pages_.mappings() != 0;
    Shared<Fid> unused[2];
    handles_.with([&](Handles& h) {
        if (--h.opens == 0 && h.mapped_writers == 0 && !mapped) std::swap(unused, h.of);
    });
}

Result<u64> NinepFile::read(IoBuffer& into, u64 offset) {
    if (handles_.with([](Handles& h) { return h.mapped_writers; }) != 0) return read_pages(pages_, size(), into, offset);
    auto from = TRY(handle(Use::read));
    auto chunk = TRY(Chunk::create(into.remaining(), client().chunk()));
    u64 done = 0;
    while (into.remaining() != 0) {
        u32 wanted = static_cast<u32>(std::min<u64>(into.remaining(), chunk.size()));
        auto count = client().read(*from, offset + done, wanted, chunk.pieces());
        if (!count) return outcome(done, fail(count.error()));
        auto copied = chunk.for_each(*count, [&](MutableByteSpan part) -> Result<void> {
            TRY(into.put(part));
            done += part.size();
            return {};
        });
        if (!copied) return outcome(done, copied);
        if (*count < wanted) break;  // the end, or as good as it
    }
    return done;
}

void NinepFile::update_pages(u64 offset, ByteSpan bytes) {
    while (!bytes.empty()) {
        u64 within = offset % page_size, part = std::min<u64>(page_size - within, bytes.size());
        if (auto page = pages_.find(offset / page_size)) std::memcpy(page.bytes() + within, bytes.data(), part);
        bytes = bytes.subspan(part);
        offset += part;
    }
}

Result<u64> NinepFile::write(IoBuffer& from, u64& offset, WriteAt where) {
    auto to = TRY(handle(Use::write));
    auto chunk = TRY(Chunk::create(from.remaining(), client().chunk()));
    u64 done = 0;
    while (from.remaining() != 0) {
        u32 wanted = static_cast<u32>(std::min<u64>(from.remaining(), chunk.size()));
        // The program's memory may be a mapping of this very file, so it is read before the lock is taken.
        if (auto taken = chunk.for_each(wanted, [&](MutableByteSpan part) { return from.take(part); }); !taken) return outcome(done, taken);
        Guard guard(contents_mutex_);
        if (where == WriteAt::end && done == 0) {
            TRY(refresh());
            offset = size();
        }
        if (offset > max_offset - wanted) return outcome(done, fail(Error::too_big));
        auto count = client().write(*to, offset, wanted, chunk.pieces());
        if (!count) return outcome(done, fail(count.error()));
        u64 at = offset;
        (void)chunk.for_each(*count, [&](MutableByteSpan part) -> Result<void> {
            update_pages(at, part);
            at += part.size();
            return {};
        });
        offset = at;
        done += *count;
        changed();
        if (offset > size()) size_.store(offset, std::memory_order_release);
        if (*count < wanted) break;
    }
    return done;
}

Result<void> NinepFile::truncate(u64 size) {
    {
        Guard guard(contents_mutex_);
        auto cut = check_known();
        if (cut) cut = client().set_attributes(*fid(), {.which = wire::ninep::change::size, .size = size});
        if (!cut && cut.error() == Error::not_found && size > this->size()) {
            // A file that was removed has no path for QEMU (before 9.2) and diod to find it by: a byte at its new end makes it grow.
            auto zero = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
            device::TransferPiece piece{zero.address(), 1};
            TRY(client().write(*TRY(handle(Use::write)), size - 1, 1, {&piece, 1}));
        } else {
            TRY(cut);
        }
        changed();
        size_.store(size, std::memory_order_release);
        if (u64 within = size % page_size)
            if (auto page = pages_.find(size / page_size)) std::memset(page.bytes() + within, 0, page_size - within);
    }
    pages_.drop(align_up(size, page_size) / page_size, ~u64{0}, memory::PrivateCopies::dropped);
    return {};
}

Result<void> NinepFile::sync(bool data_only) {
    TRY(write_back());
    if (auto open = handles_.with([](Handles& h) { return h.of[static_cast<u8>(Use::write)]; })) return client().sync(*open, data_only);
    return {};
}

Result<memory::FrameRef> NinepFile::load_page(u64 index) {
    auto from = TRY(handle(Use::read));
    u64 first = align_down(index, u64{Client::chunk_pages});
    Guard guard(contents_mutex_);  // so that no write passes by what is on its way
    auto chunk = TRY(Chunk::create(client().chunk(), client().chunk()));
    // Those before it are not needed where there is memory for few only.
    if (index >= first + chunk.count()) first = index;
    u32 filled = 0;
    for (u32 count = 1; count != 0 && filled % page_size == 0 && filled < chunk.size(); filled += count)
        count = TRY(client().read(*from, first * page_size + filled, chunk.size() - filled, chunk.pieces().subspan(filled / page_size)));
    memory::FrameRef wanted;
    for (unsigned i = 0; i < chunk.count(); ++i) {
        u64 begin = u64{i} * page_size, present = filled > begin ? std::min<u64>(filled - begin, page_size) : 0;
        std::memset(chunk.frame(i).bytes() + present, 0, page_size - present);
        if (first + i == index) wanted = chunk.frame(i);
        else if (present) pages_.offer(first + i, chunk.frame(i));
    }
    return wanted;
}

Result<void> NinepFile::begin_mapped_writes() {
    TRY(handle(Use::write));
    handles_.with([](Handles& h) { ++h.mapped_writers; });
    return {};
}

void NinepFile::end_mapped_writes() {
    auto to = handles_.with([](Handles& h) { return --h.mapped_writers == 0 ? h.of[static_cast<u8>(Use::write)] : Shared<Fid>(); });
    if (!to) return;
    if (auto written = write_pages(*to, false); !written) core::error("a file of the host, changed through a mapping, could not be written");
}

Result<void> NinepFile::write_back() {
    auto to = handles_.with([](Handles& h) { return h.mapped_writers ? h.of[static_cast<u8>(Use::write)] : Shared<Fid>(); });
    if (!to) return {};
    return write_pages(*to, true);
}

Result<void> NinepFile::write_pages(Fid& to, bool keep_marks) {
    memory::PageCache::Dirty room[Client::chunk_pages];
    auto dirty = std::span(room).first(client().chunk() / page_size);
    u64 next = 0;
    while (unsigned found = pages_.find_dirty(next, dirty, keep_marks)) {
        next = dirty[found - 1].index + 1;
        for (unsigned begin = 0, end = 0; begin < found; begin = end) {
            device::TransferPiece pieces[Client::chunk_pages];
            u64 offset = dirty[begin].index * page_size;
            u32 bytes = 0;
            for (; end < found && dirty[end].index == dirty[begin].index + (end - begin); ++end) {
                u64 at = dirty[end].index * page_size, file_end = size();
                u32 part = at < file_end ? static_cast<u32>(std::min<u64>(file_end - at, page_size)) : 0;
                pieces[end - begin] = {dirty[end].page.address(), part};
                bytes += part;
            }
            if (bytes == 0) continue;
            auto count = client().write(to, offset, bytes, {pieces, (bytes + page_size - 1) / page_size});
            if (count && *count == bytes) continue;
            for (unsigned i = begin; i < found; ++i) memory::PageCache::mark_dirty(*dirty[i].page);
            return fail(count ? Error::no_space : count.error());
        }
    }
    return {};
}

}  // namespace spore::fs::ninep
