#include "host/inspect/contents.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "wire/erofs/directory.hpp"
#include "wire/erofs/inode.hpp"

namespace spore::host {

namespace {

namespace erofs = wire::erofs;

enum Type : u8 { directory = 4, regular = 8 };
constexpr unsigned deepest = 128;

class Reader {
public:
    Reader(ByteSpan image, const erofs::Superblock& super) : image_(image), super_(super) {}

    Result<Content> read(std::string_view name, u64 nid, unsigned depth) {
        u64 offset = TRY(erofs::inode_offset(super_, nid));
        auto info = TRY(erofs::parse_inode(super_, offset, image_.subspan(offset, std::min<u64>(sizeof(erofs::RawExtendedInode), image_.size() - offset))));
        bool first = seen_.insert(nid).second;
        Content content{.name = std::string(name), .folder = info.type == directory};
        if (!content.folder) {
            if (info.type == regular && first) content.size = info.size;
            return content;
        }
        // A folder has one name; an image that says otherwise could go round in circles.
        if (!first || depth > deepest) return fail(Error::corrupt);
        for (u64 block = 0; block < info.blocks(); ++block) {
            auto records = TRY(erofs::DirectoryBlock::parse(TRY(bytes_of(info, block))));
            for (unsigned i = 0; i < records.count(); ++i) {
                auto record = TRY(records.record(i));
                if (record.name != "." && record.name != "..") content.add(TRY(read(record.name, record.nid, depth + 1)));
            }
        }
        return content;
    }

private:
    Result<ByteSpan> bytes_of(const erofs::InodeInfo& info, u64 block) const {
        u64 size = std::min(erofs::block_size, info.size - block * erofs::block_size);
        u64 offset = (info.first_block + block) * erofs::block_size;
        if (info.layout == erofs::Layout::inline_tail && size < erofs::block_size) offset = info.tail_offset;
        if (info.layout == erofs::Layout::chunks) return fail(Error::not_supported);  // mkfs.erofs makes no folders so
        auto bytes = slice(image_, offset, size);
        if (!bytes) return fail(Error::corrupt);
        return *bytes;
    }

    ByteSpan image_;
    const erofs::Superblock& super_;
    std::set<u64> seen_;
};

void format_below(const Content& content, unsigned depth, std::string& text) {
    for (auto& child : content.children) {
        text += fmt::format("{}  {:{}}{}{}\n", format_size(child.size), "", 2 * depth, child.name, child.folder ? "/" : "");
        format_below(child, depth + 1, text);
    }
}

}  // namespace

void Content::add(Content child) {
    size += child.size;
    children.push_back(std::move(child));
}

void Content::sort() {
    std::ranges::sort(children, [](const Content& a, const Content& b) { return a.size != b.size ? a.size > b.size : a.name < b.name; });
    for (auto& child : children) child.sort();
}

Result<Content> read_contents(ByteSpan image) {
    auto super = TRY(erofs::parse_superblock(image, image.size()));
    auto root = TRY(Reader(image, super).read("/", super.root_nid, 0));
    if (!root.folder) return fail(Error::corrupt);
    root.sort();
    return root;
}

std::string format_size(u64 bytes) {
    if (bytes < 1000) return fmt::format("{:5}  ", bytes);
    double scaled = static_cast<double>(bytes) / 1024;
    const char* unit = "K";
    for (const char* next : {"M", "G"}) {
        if (scaled < 1000) break;
        scaled /= 1024;
        unit = next;
    }
    return fmt::format("{:5.{}f} {}", scaled, scaled < 10 ? 1 : 0, unit);
}

std::string format_tree(const Content& root) {
    auto text = fmt::format("{}  {}\n", format_size(root.size), root.name);
    format_below(root, 1, text);
    return text;
}

}  // namespace spore::host
