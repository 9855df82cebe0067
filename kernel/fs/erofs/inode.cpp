#include "kernel/fs/erofs/inode.hpp"

#include <algorithm>

#include "kernel/fs/paged.hpp"
#include "wire/erofs/attributes.hpp"
#include "wire/erofs/directory.hpp"

namespace spore::fs::erofs {

using wire::erofs::block_size;
using wire::erofs::DirectoryBlock;
using wire::erofs::Layout;

ErofsInode::ErofsInode(ErofsFileSystem& file_system, u64 nid, const wire::erofs::InodeInfo& info)
    : TabledInode(file_system, nid, static_cast<FileType>(info.type)), info_(info) {
    size_.store(info.size, std::memory_order_relaxed);
}

Result<Stat> ErofsInode::stat() {
    FileTime time{info_.modified_seconds, info_.modified_nanoseconds};
    return Stat{.inode = number(), .device = file_system().device(), .special = info_.device, .type = type(),
                .permissions = info_.permissions, .links = info_.links, .uid = info_.uid, .gid = info_.gid, .size = info_.size,
                .blocks = info_.blocks() * (block_size / 512), .accessed = time, .modified = time, .changed = time, .created = time};
}

Result<ErofsInode::Place> ErofsInode::place(u64 block) {
    using Kind = Place::Kind;
    switch (info_.layout) {
    case Layout::plain: return Place{Kind::block, info_.first_block + block};
    case Layout::inline_tail:
        if (block == info_.size / block_size) return Place{Kind::tail, info_.tail_offset};
        return Place{Kind::block, info_.first_block + block};
    case Layout::chunks: {
        u64 chunk = block >> info_.chunk_block_bits;
        std::byte raw[8];
        auto entry = std::span(raw).first(info_.chunk_entry_size);
        TRY(owner().image().read(info_.chunk_table + chunk * info_.chunk_entry_size, entry));
        u32 first = TRY(wire::erofs::parse_chunk(entry));
        if (first == wire::erofs::hole_address) return Place{Kind::hole, 0};
        u64 at = first + (block - (chunk << info_.chunk_block_bits));
        if (at >= owner().super().size / block_size) return fail(Error::corrupt);
        return Place{Kind::block, at};
    }
    }
    return fail(Error::corrupt);
}

Result<BlockView> ErofsInode::contents(u64 block) {
    if (block >= info_.blocks()) return fail(Error::corrupt);
    u64 size = std::min(block_size, info_.size - block * block_size);
    auto where = TRY(place(block));
    if (where.kind == Place::Kind::hole) return fail(Error::corrupt);  // neither directories nor links have holes
    u64 offset = where.kind == Place::Kind::tail ? where.at : where.at * block_size;
    auto view = TRY(owner().image().block(offset / block_size));
    auto bytes = slice(view.bytes, offset % block_size, size);
    if (!bytes) return fail(Error::corrupt);
    view.bytes = *bytes;
    return view;
}

Result<Shared<Inode>> ErofsInode::look_up(std::string_view name) {
    if (!is_directory()) return fail(Error::not_directory);
    // Entries are sorted across blocks: the right block is the last one whose first name is not greater.
    u64 low = 0, high = info_.blocks();
    while (low < high) {
        u64 middle = low + (high - low) / 2;
        auto view = TRY(contents(middle));
        auto block = TRY(DirectoryBlock::parse(view.bytes));
        auto first = TRY(block.record(0));
        auto last = TRY(block.record(block.count() - 1));
        if (first.name > name) {
            high = middle;
        } else if (last.name < name) {
            low = middle + 1;
        } else {
            auto found = TRY(block.find(name));
            return TRY(owner().inode(found.nid));
        }
    }
    return fail(Error::not_found);
}

Result<void> ErofsInode::read_directory(u64 position, DirectorySink& sink) {
    if (!is_directory()) return fail(Error::not_directory);
    // A position is the block, and the record in it; offset by the dots that the VFS counts.
    position -= 2;
    for (u64 at = position / block_size; at < info_.blocks(); ++at) {
        auto view = TRY(contents(at));
        auto block = TRY(DirectoryBlock::parse(view.bytes));
        unsigned first = at == position / block_size ? position % block_size : 0;
        for (unsigned i = first; i < block.count(); ++i) {
            auto record = TRY(block.record(i));
            if (record.name == "." || record.name == "..") continue;
            u64 next = i + 1 < block.count() ? at * block_size + i + 1 : (at + 1) * block_size;
            if (!sink.entry(record.name, record.nid, static_cast<FileType>(record.type), next + 2)) return {};
        }
    }
    return {};
}

Result<std::string_view> ErofsInode::link_target() {
    if (type() != FileType::link) return fail(Error::invalid);
    if (!target_loaded_.load(std::memory_order_acquire)) {
        if (info_.size == 0) return fail(Error::corrupt);
        auto view = TRY(contents(0));
        auto text = TRY(Text::copy(view.bytes));
        if (text.view().find('\0') != std::string_view::npos) return fail(Error::corrupt);
        target_.with([&](Text& target) {
            if (target.empty()) target = std::move(text);
        });
        target_loaded_.store(true, std::memory_order_release);  // pairs with the load above
    }
    return target_.unguarded().view();  // once it is set it stays
}

/// Calls the visitor with each attribute until it returns false.
template <typename Visitor>
Result<void> ErofsInode::visit_attributes(Visitor visitor) {
    if (info_.attribute_size == 0) return {};
    auto& image = owner().image();
    auto area = TRY(Text::reserve(info_.attribute_size));
    TRY(image.read(info_.attribute_offset, std::as_writable_bytes(area.buffer())));
    auto bytes = std::as_bytes(area.buffer());
    for (auto own = TRY(wire::erofs::own_attributes(bytes)); own.size() >= sizeof(wire::erofs::RawAttribute);) {
        auto attribute = TRY(wire::erofs::parse_attribute(own));
        if (!visitor(attribute)) return {};
        own = own.subspan(std::min<u64>(attribute.stored_size, own.size()));
    }
    unsigned shared = TRY(wire::erofs::shared_attribute_count(bytes));
    for (unsigned i = 0; i < shared; ++i) {
        u64 offset = TRY(wire::erofs::shared_attribute_offset(owner().super(), bytes, i));
        wire::erofs::RawAttribute raw;
        TRY(image.read(offset, std::as_writable_bytes(std::span(&raw, 1))));
        auto whole = TRY(Text::reserve(sizeof raw + raw.name_size + raw.value_size));
        TRY(image.read(offset, std::as_writable_bytes(whole.buffer())));
        if (!visitor(TRY(wire::erofs::parse_attribute(std::as_bytes(whole.buffer()))))) return {};
    }
    return {};
}

Result<u64> ErofsInode::get_attribute(std::string_view name, MutableByteSpan value) {
    Result<u64> result = fail(Error::no_data);
    TRY(visit_attributes([&](const wire::erofs::Attribute& attribute) {
        if (!attribute.is(name)) return true;
        result = attribute.value.size();
        if (value.empty()) return false;
        if (attribute.value.size() > value.size()) result = fail(Error::out_of_range);
        else std::ranges::copy(attribute.value, value.begin());
        return false;
    }));
    return result;
}

Result<u64> ErofsInode::list_attributes(MutableByteSpan names) {
    u64 size = 0;
    bool fits = true;
    TRY(visit_attributes([&](const wire::erofs::Attribute& attribute) {
        u64 length = attribute.prefix.size() + attribute.name.size() + 1;
        if (!names.empty()) {
            if (size + length > names.size()) return fits = false;
            auto* at = reinterpret_cast<char*>(names.data()) + size;
            at = std::ranges::copy(attribute.prefix, at).out;
            *std::ranges::copy(attribute.name, at).out = '\0';
        }
        size += length;
        return true;
    }));
    if (!fits) return fail(Error::out_of_range);
    return size;
}

Result<u64> ErofsFile::read(IoBuffer& into, u64 offset) {
    auto image = owner().image().in_memory();
    // Consecutive blocks in memory: one copy, past the page cache.
    if (!image.empty() && info_.layout != Layout::chunks) {
        if (offset >= info_.size) return 0;
        into.limit(info_.size - offset);
        u64 wanted = into.remaining();
        u64 blocks_end = info_.layout == Layout::plain ? info_.size : align_down(info_.size, block_size);
        if (offset < blocks_end) TRY(into.put(image.subspan(info_.first_block * block_size + offset, std::min(wanted, blocks_end - offset))));
        if (u64 left = into.remaining()) TRY(into.put(image.subspan(info_.tail_offset + (offset + wanted - left) % block_size, left)));
        return wanted;
    }
    return read_pages(pages_, info_.size, into, offset);
}

Result<memory::PageCache*> ErofsFile::pages(bool for_writing) {
    if (for_writing) return fail(Error::read_only);
    return &pages_;
}

Result<memory::FrameRef> ErofsFile::load_page(u64 index) {
    if (index >= info_.blocks()) return memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
    u64 size = std::min(block_size, info_.size - index * block_size);
    auto where = TRY(place(index));
    if (where.kind == Place::Kind::block) {
        auto block = TRY(owner().image().frame(where.at));
        // What follows the end of the file in its last block must read as zeros; mkfs.erofs leaves it so.
        ByteSpan beyond(block.bytes() + size, block_size - size);
        if (std::ranges::all_of(beyond, [](std::byte b) { return b == std::byte{0}; })) return block;
        auto copy = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
        std::memcpy(copy.bytes(), block.bytes(), size);
        return copy;
    }
    auto frame = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
    if (where.kind == Place::Kind::tail) TRY(owner().image().read(where.at, {frame.bytes(), size}));
    return frame;
}

Result<u64> ErofsFile::at_hand(u64 offset, u64 size) { return owner().may_wait() ? Inode::at_hand(offset, size) : size; }

memory::FrameRef ErofsFile::page_at_hand(u64 index) {
    // Only the last block may need a copy, for the zeros that follow its end; and to find a chunk may mean to read.
    if (index + 1 >= info_.blocks() || (info_.layout == Layout::chunks && owner().image().in_memory().empty())) return {};
    auto where = place(index);
    if (!where || where->kind != Place::Kind::block) return {};
    return owner().image().frame_at_hand(where->at);
}

}  // namespace spore::fs::erofs
